import type { Store } from "../store/store.ts";
import { openHandover } from "./handover.ts";
import { isSame } from "./keyring.ts";
import type { Signer, Verifier } from "./signer.ts";

/** Where the log's key is kept, and the one that is to take over from it. */
export interface KeyPlace {
  /** Of a hand-over that was cut off. */
  readonly next: Signer | null;
  /** Draws another key of that name, and keeps it beside the present one. */
  prepare(): Promise<Signer>;
  /** Puts it in the place of the present one, which is gone then. */
  adopt(next: Signer): Promise<void>;
  discard(): Promise<void>;
}

/** The key that the log is signed with now, in the hands of everybody who signs with it. */
export class SigningKey implements Signer {
  readonly #place: KeyPlace | null;
  #signer: Signer;
  #next: Signer | null;
  #handovers: readonly string[] = [];

  /** @param place null where nothing is kept: then there is no other key */
  constructor(signer: Signer, place: KeyPlace | null = null) {
    this.#signer = signer;
    this.#place = place;
    this.#next = place?.next ?? null;
  }

  get verifier(): Verifier {
    return this.#signer.verifier;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#signer.sign(message);
  }

  /** Who signs checkpoints: while one hands over to the next, both. */
  get signers(): readonly [Signer, ...Signer[]] {
    return this.#next ? [this.#signer, this.#next] : [this.#signer];
  }

  get next(): Signer | null {
    return this.#next;
  }

  /** Each a signed note, the oldest first. */
  get handovers(): readonly string[] {
    return this.#handovers;
  }

  /**
   * What the database says was handed over.
   * @returns whether that is to `next`
   * @throws SpringhouseError `store_failed`
   */
  async read(store: Pick<Store, "read">): Promise<boolean> {
    const rows = await store.read("logHandover.all", []);
    this.#handovers = rows.map(({ note }) => String(note));
    const last = openHandover(this.#handovers.at(-1) ?? "");
    return last !== null && this.#next !== null && isSame(last.to, this.#next.verifier);
  }

  /** From here on checkpoints have the next key's signature too. @returns null where there can be none */
  async prepare(): Promise<Signer | null> {
    if (!this.#place) return null;
    this.#next = await this.#place.prepare();
    return this.#next;
  }

  /** The next key is the key. */
  async adopt(): Promise<void> {
    const next = this.#next!;
    await this.#place!.adopt(next);
    this.#signer = next;
    this.#next = null;
  }

  async discard(): Promise<void> {
    this.#next = null;
    await this.#place?.discard();
  }
}
