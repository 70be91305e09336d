import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, TLSSocket } from "node:tls";
import { identityFor } from "../api/guard.ts";
import { HotConnections } from "../api/hot/connections.ts";
import type { HotPorts } from "../api/hot/ports.ts";
import { Hosts } from "../api/hosts.ts";
import { MAXIMUM_CONNECTIONS } from "../api/hot/limits.ts";
import { secureContextOf } from "../api/tlsContext.ts";
import type { Clock } from "../port/clock.ts";
import type { Drawn, DrawResult } from "../port/draw.ts";
import type { Principal } from "../port/principal.ts";
import { Board } from "./board.ts";
import { Bridges } from "./bridge.ts";
import { OutletBook } from "./outletBook.ts";
import { OutletRefusals } from "./outletRefusals.ts";
import { OutletSupply } from "./outletSupply.ts";
import type { OutletTerms, ToHouse, ToOutlet } from "./protocol.ts";
import { Slots } from "./slots.ts";

/** How a message goes to the house. */
export type TellHouse = (message: ToHouse, transfer?: readonly ArrayBuffer[]) => void;

/**
 * What runs in an outlet's thread: the reader of hot heads over an instance, a book and a board of its
 * own, on the service's address. What it cannot answer with bytes, at once or after a moment, or with
 * the refusal of a quota, it passes to the house with the connection: every other route, whoever is not
 * let in, what lacks a seed.
 */
export class Outlet {
  readonly #terms: OutletTerms;
  readonly #clock: Clock;
  readonly #board: Board;
  readonly #tell: TellHouse;
  readonly #supply: OutletSupply;
  readonly #slots: Slots;
  readonly #refusals: OutletRefusals;
  readonly #book: OutletBook;
  readonly #bridges: Bridges;
  readonly #connections: HotConnections;
  readonly #server: Server;
  readonly #secure: TlsServer | null = null;
  #isClosing = false;

  constructor(terms: OutletTerms, clock: Clock, tell: TellHouse) {
    this.#terms = terms;
    this.#clock = clock;
    this.#tell = tell;
    this.#board = new Board(terms.board);
    const { instance, drbg } = terms;
    this.#slots = new Slots(this.#board, tell);
    this.#refusals = new OutletRefusals(clock, this.#board, this.#slots, tell);
    const [board, slots] = [this.#board, this.#slots];
    this.#supply = new OutletSupply({ clock, board, slots, tell, instance, drbg });
    this.#book = new OutletBook(clock, this.#board, terms.buckets, tell);
    this.#bridges = new Bridges(tell);
    this.#connections = new HotConnections(this.#ports(), (socket) => {
      void this.#passOn(socket);
    });
    const { tls } = terms;
    if (tls) {
      this.#secure = createTlsServer({
        ...secureContextOf(tls),
        // Not half open, as node's HTTPS server is not: after a reset such a TLS socket ends, but never
        // closes, and never calls back for what is written to it.
        noDelay: true,
        // As node's HTTPS server says it (RFC 7301): who offers another protocol alone is refused.
        ALPNProtocols: ["http/1.1"],
        requestCert: tls.clientAuthority !== undefined,
        rejectUnauthorized: tls.requireClientCertificate ?? false,
      });
      this.#server = this.#secure;
      this.#server.on("secureConnection", (socket: TLSSocket) => this.#serve(socket));
    } else {
      this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        this.#serve(socket),
      );
    }
    this.#server.maxConnections = MAXIMUM_CONNECTIONS;
  }

  /** @throws Error when the address cannot be shared */
  async open(): Promise<void> {
    this.#supply.start();
    const { host, port } = this.#terms.address;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, reusePort: true }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#tell({ ready: true });
  }

  told(message: ToOutlet): void {
    if ("conduit" in message) this.#bridges.told(message);
    else if ("seedNumber" in message) this.#supply.arrived(message.seedNumber, message.seed);
    else if ("digest" in message) this.#book.learn(message.digest, message.lent, message.epoch);
    else if ("free" in message) this.#supply.freed(message.free);
    else if ("refill" in message) this.#supply.refill();
    else if ("tls" in message) this.#secure?.setSecureContext(secureContextOf(message.tls));
    else if ("close" in message) {
      this.#isClosing = true;
      this.#server.close();
      this.#connections.closeIdle();
    }
  }

  /** Overwrites the instance's state. */
  stop(): void {
    this.#supply.stop();
  }

  #serve(socket: Socket): void {
    // Whoever came by a certificate is the house's, which ends such a connection when it is revoked.
    if (certificateOf(socket) === null) this.#connections.serve(socket);
    else this.#bridge(socket);
  }

  #ports(): HotPorts {
    const { hosts, origins } = this.#terms;
    const book = this.#book;
    const refusals = this.#refusals;
    return {
      clock: this.#clock,
      // What is asked from then on the house refuses, and says why.
      isOpen: () => !this.#isClosing && !this.#board.stopped,
      identify: identityFor(
        { access: book, hosts: new Hosts(hosts, origins), publicProbes: false },
        "random.draw",
      ),
      isActive: (principal) => book.isActive(principal),
      draw: (principal, bytes) => this.#draw(principal, bytes),
      route: () => null,
      answered: (status, seconds, bytes) => this.#board.answered(status, seconds, bytes),
      nextId: refusals.nextId,
      note: (refusal, id, principal) => refusals.note(refusal, id, principal),
      explain: (error, id) => refusals.explain(error, id),
    };
  }

  #draw(principal: Principal, bytes: number): DrawResult | null | Promise<Drawn | null> {
    // The house reads what stands in the slots, and counts this one itself.
    if (!this.#slots.has(1)) return null;
    const over = this.#book.admit(principal, bytes);
    if (over !== null) return this.#refusals.overQuota(principal, over);
    const settle = (drawn: Drawn | null): Drawn | null => {
      if (drawn === null) this.#book.giveBack(principal, bytes);
      return drawn;
    };
    const failed = (error: unknown): null => {
      if (this.#refusals.mayFail(principal, bytes)) throw error;
      this.#book.giveBack(principal, bytes);
      return null;
    };
    try {
      const drawn = this.#supply.draw(principal.id, bytes);
      return drawn instanceof Promise ? drawn.then(settle, failed) : settle(drawn);
    } catch (error) {
      return failed(error);
    }
  }

  /** Back to the reader when the house knows who it is, else to the house. */
  async #passOn(socket: Socket): Promise<void> {
    const isKnown = await this.#book.ask(socket);
    if (socket.destroyed) return;
    if (isKnown) {
      this.#connections.serve(socket);
      socket.resume();
    } else {
      this.#bridge(socket);
    }
  }

  #bridge(socket: Socket): void {
    const { remoteAddress } = socket;
    this.#bridges.open(socket, { remoteAddress, certificate: certificateOf(socket) });
  }
}

/** In DER; null for none that was verified. */
function certificateOf(socket: Socket): Uint8Array | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  return socket.getPeerX509Certificate()?.raw ?? null;
}
