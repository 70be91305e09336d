import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Principal } from "../../port/principal.ts";
import type { Admission } from "../guard.ts";
import { readHotHead, readHotPost } from "./head.ts";
import type { HotPorts, HotRoute } from "./ports.ts";

/** Who was let in with a head that came before is asked for again after this long. */
const KNOWN_MILLISECONDS = 1000;

/** A head that was let in, to the byte, who sent it, and what for. */
export interface Known {
  readonly head: Buffer;
  readonly principal: Principal;
  readonly untilMilliseconds: number;
  /** Bytes that are asked for, or the route that the body behind the head goes to. */
  readonly asks: number | Post;
}

export interface Post {
  readonly route: HotRoute;
  readonly id: string;
  readonly bodyBytes: number;
}

/** The last head of a connection that was let in: most come again as they were. */
export class LastHead {
  readonly #ports: HotPorts;
  readonly #socket: Socket;
  #known: Known | null = null;

  constructor(ports: HotPorts, socket: Socket) {
    this.#ports = ports;
    this.#socket = socket;
  }

  /** @returns null for what is not understood, or somebody who is not let in */
  read(received: Buffer, now: number): Known | null {
    return this.#isKnown(received, now) ? this.#known : this.#identify(received, now);
  }

  forget(): void {
    this.#known?.head.fill(0);
    this.#known = null;
  }

  /**
   * The same head again, which most are, from somebody who would still be let in: nothing is read anew.
   * What a client sends is compared with a token, so without telling where they differ.
   */
  #isKnown(received: Buffer, now: number): boolean {
    const known = this.#known;
    if (known === null || now >= known.untilMilliseconds) return false;
    const { length } = known.head;
    return (
      received.length >= length &&
      timingSafeEqual(known.head, received.subarray(0, length)) &&
      this.#ports.isActive(known.principal)
    );
  }

  #identify(received: Buffer, now: number): Known | null {
    this.forget();
    const read = readHotHead(received);
    if (read !== null) {
      const principal = this.#whose(this.#ports.identify, "GET", read.headers);
      return principal && this.#know(received, principal, read.bytes, now);
    }
    const post = readHotPost(received);
    const found = post && this.#ports.route(post.url);
    if (post === null || found === null || post.bodyBytes > found.route.limitBytes) return null;
    const principal = this.#whose(found.route.identify, "POST", post.headers);
    const head = received.subarray(0, post.headBytes);
    return principal && this.#know(head, principal, { ...found, bodyBytes: post.bodyBytes }, now);
  }

  /** Null for whoever is not let in: the framework says why. */
  #whose(identify: Admission, method: string, headers: IncomingHttpHeaders): Principal | null {
    const principal = identify({ headers, socket: this.#socket, method, rawHeaders: [] });
    return principal === null || "code" in principal ? null : principal;
  }

  #know(head: Buffer, principal: Principal, asks: Known["asks"], now: number): Known {
    const untilMilliseconds = now + KNOWN_MILLISECONDS;
    return (this.#known = { head: Buffer.from(head), principal, asks, untilMilliseconds });
  }
}
