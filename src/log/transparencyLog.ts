import type { Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { Store, Write } from "../store/store.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type CosignedCheckpoints, openCosigned } from "./cosigned.ts";
import { openIntegrator, type Integrator } from "./integrator.ts";
import { encodeLeaf, type Leaf } from "./leaf.ts";
import { damagedLog, LogReader } from "./logReader.ts";
import { leafHash } from "./merkle.ts";
import { inclusionPlan } from "./proof.ts";
import type { SigningKey } from "./signingKey.ts";
import { TILE_WIDTH, type Tile } from "./tile.ts";

export interface TransparencyLogTerms {
  readonly store: Store;
  readonly clock: Clock;
  readonly key: SigningKey;
  /** 16 hex digits, chosen at random at each start. */
  readonly boot: string;
  /** The start itself: it comes before every other leaf of this run. */
  readonly first: Leaf;
}

/** A leaf, and the proof that it is in the log of that checkpoint. */
export interface Inclusion {
  readonly position: number;
  /** The leaf's canonical JSON. */
  readonly entry: string;
  /** RFC 6962 2.1.1, from the leaf's sibling to the root's child. */
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: Checkpoint;
}

/** Commits a batch: all of it or nothing, durable when it resolves. */
type Commit = (batch: readonly Write[]) => Promise<void>;

/** What was changed, by whom and when, for whoever checks it without trusting us. */
export class TransparencyLog {
  readonly #store: Store;
  readonly #key: SigningKey;
  readonly #boot: string;
  readonly #integrator: Integrator;
  readonly #reader: LogReader;
  /** What witnesses have put their names to. */
  readonly cosigned: CosignedCheckpoints;
  readonly #forget: () => void;
  /** The start's own leaf, as long as it is not durable. */
  #first: Write | null;
  #leaves = 0;
  #failures = 0;

  constructor(terms: TransparencyLogTerms, integrator: Integrator, cosigned: CosignedCheckpoints) {
    this.#store = terms.store;
    this.#key = terms.key;
    this.#boot = terms.boot;
    this.#integrator = integrator;
    this.#reader = new LogReader(terms.store);
    this.cosigned = cosigned;
    this.#first = this.#insert(terms.first).write;
    this.#forget = terms.store.onHealthChange(({ ok }) => {
      if (ok) this.#start();
    });
    this.#start();
  }

  /**
   * Appends a leaf together with the change that it tells of: both are durable when this resolves, or
   * neither is.
   * @param writes the change; a function where it keeps the leaf's id
   * @param commit who commits them, where it is not the store alone: the journal's `record`, for an act
   *   that is an event too
   * @returns the leaf's id
   * @throws what `commit` throws: `store_failed`, or `internal` for a broken constraint; TypeError for a
   *   leaf that its kind's allow-list does not have
   */
  async append(
    leaf: Leaf,
    writes: readonly Write[] | ((id: string) => readonly Write[]) = [],
    commit: Commit = (batch) => this.#store.write(batch),
  ): Promise<string> {
    const { id, write } = this.#insert(leaf);
    const first = this.#first;
    try {
      const change = typeof writes === "function" ? writes(id) : writes;
      await commit([...(first ? [first] : []), ...change, write]);
    } catch (error) {
      if (error instanceof SpringhouseError && error.code === "store_failed") this.#failures++;
      throw error;
    }
    if (first === this.#first) this.#first = null;
    this.#integrator.appended();
    return id;
  }

  /** The last checkpoint; of an empty log too. With cosignatures where witnesses have come so far. */
  checkpoint(): Checkpoint {
    return this.cosigned.over(this.#integrator.checkpoint);
  }

  onCheckpoint(listener: (checkpoint: Checkpoint) => void): () => void {
    return this.#integrator.onCheckpoint(listener);
  }

  /** The log's public key, in C2SP's form; its name is the log's origin. */
  get verifierKey(): string {
    return this.#key.verifier.verifierKey;
  }

  /** The signed notes by which its keys have handed over, the oldest first. */
  get handovers(): readonly string[] {
    return this.#key.handovers;
  }

  /**
   * A checkpoint that covers every leaf which is durable now.
   * @throws SpringhouseError `store_failed`
   */
  async covered(): Promise<Checkpoint> {
    await this.#integrator.integrate();
    return this.checkpoint();
  }

  /** Appends that the store did not take. */
  get failures(): number {
    return this.#failures;
  }

  /** When the last checkpoint was signed; null where none was since the start. */
  get checkpointMilliseconds(): number | null {
    return this.#integrator.checkpointMilliseconds;
  }

  /** For how long a durable leaf has waited for a checkpoint. */
  get behindMilliseconds(): number {
    return this.#integrator.behindMilliseconds;
  }

  /**
   * The proof of a durable leaf, under a checkpoint that covers it: one that witnesses have cosigned
   * where there is one; else the last, and it waits for that.
   * @returns undefined for an id that is of no leaf
   * @throws SpringhouseError `store_failed`
   */
  async inclusion(id: string): Promise<Inclusion | undefined> {
    const row = (await this.#store.read("logLeaf.byId", [id]))[0];
    if (!row) return undefined;
    const { position, body: entry } = row;
    if (typeof position !== "number" || typeof entry !== "string") throw damagedLog(`leaf ${id}`);
    if (position >= this.checkpoint().size) await this.#integrator.integrate();
    const checkpoint = this.cosigned.covering(position) ?? this.checkpoint();
    const proof = await this.#reader.proof(inclusionPlan(position, checkpoint.size));
    return { position, entry, proof, checkpoint };
  }

  /**
   * The hashes of a tile, one after the other; null for one that the last checkpoint does not have.
   * @throws SpringhouseError `store_failed`
   */
  async tile(level: number, index: number, width: number): Promise<Uint8Array | null> {
    if (!this.#has(level, index, width)) return null;
    const from = index * TILE_WIDTH;
    return Buffer.concat(await this.#reader.hashes({ level, from, count: width }));
  }

  /**
   * The leaves of a tile of level 0, in order; null as for `tile`.
   * @throws SpringhouseError `store_failed`
   */
  async entries(index: number, width: number): Promise<readonly string[] | null> {
    if (!this.#has(0, index, width)) return null;
    const from = index * TILE_WIDTH;
    const rows = await this.#store.read("logLeaf.bodies", [from, from + width]);
    if (rows.length !== width) throw damagedLog(`leaves are missing after ${from}`);
    return rows.map(({ body }) => String(body));
  }

  /** Covers what was appended, if the store takes it. */
  async stop(): Promise<void> {
    this.#forget();
    await this.#integrator.stop();
  }

  #has(level: Tile["level"], index: number, width: number): boolean {
    const entries = Math.floor(this.checkpoint().size / TILE_WIDTH ** Number(level));
    return index * TILE_WIDTH + width <= entries;
  }

  #insert(leaf: Leaf): { readonly id: string; readonly write: Write } {
    const entry = encodeLeaf(leaf);
    const id = `lf-${this.#boot}-${++this.#leaves}`;
    const parameters = [id, entry.toString(), leafHash(entry)] as const;
    return { id, write: { statement: "logLeaf.insert", parameters } };
  }

  /** The start's leaf, tried until it is durable; whatever is appended meanwhile brings it along. */
  #start(): void {
    const first = this.#first;
    if (first === null) return;
    this.#store.write([first]).then(
      () => {
        if (this.#first === first) this.#first = null;
        this.#integrator.appended();
      },
      // The store tells that it fails; when it works again, so does this.
      () => {},
    );
  }
}

/**
 * Opens the log of a store, and appends the leaf of this start.
 * @throws SpringhouseError `store_failed`, also for a log that is not what its last checkpoint says
 */
export async function openTransparencyLog(terms: TransparencyLogTerms): Promise<TransparencyLog> {
  const { store, clock, key } = terms;
  await key.read(store);
  const cosigned = await openCosigned(store);
  return new TransparencyLog(terms, await openIntegrator(store, clock, key), cosigned);
}
