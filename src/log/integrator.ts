import type { Cancel, Clock } from "../port/clock.ts";
import type { Store, Write } from "../store/store.ts";
import { openCheckpoint, signCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { damagedLog, hashesOf, LogReader } from "./logReader.ts";
import { Frontier } from "./merkle.ts";
import type { SigningKey } from "./signingKey.ts";
import { TILE_HEIGHT } from "./tile.ts";

/** A checkpoint covers a leaf at most 1 s after it became durable: half of that is for the work. */
const CHECKPOINT_MILLISECONDS = 500;
const RETRY_MILLISECONDS = 1000;
/** Leaves in one step, with one checkpoint: bounds what is read, and one transaction. */
const LEAVES_IN_STEP = 4096;

/**
 * Follows the leaves in their order, makes the tree of them, and signs what it comes to. What it shows
 * is durable first, so that no crash can take back a checkpoint that somebody has seen.
 */
export class Integrator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #key: SigningKey;
  readonly #listeners = new Set<(checkpoint: Checkpoint) => void>();
  #frontier: Frontier;
  #checkpoint: Checkpoint;
  #checkpointMilliseconds: number | null = null;
  /** Monotonic; when the first leaf came that no step under way will cover, and the first of those. */
  #waitingSince: number | null = null;
  #coveringSince: number | null = null;
  #cancel: Cancel | null = null;
  #current: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #stopped = false;

  constructor(
    store: Store,
    clock: Clock,
    key: SigningKey,
    frontier: Frontier,
    checkpoint: Checkpoint,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#key = key;
    this.#frontier = frontier;
    this.#checkpoint = checkpoint;
  }

  /** The last one, which is durable. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  /** When it was signed, by the wall clock; null where none was in this run. */
  get checkpointMilliseconds(): number | null {
    return this.#checkpointMilliseconds;
  }

  /** For how long a leaf has waited for a checkpoint; 0 when none waits. */
  get behindMilliseconds(): number {
    const since = this.#coveringSince ?? this.#waitingSince;
    return since === null ? 0 : this.#clock.monotonicMilliseconds() - since;
  }

  onCheckpoint(listener: (checkpoint: Checkpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A leaf is durable. */
  appended(): void {
    this.#waitingSince ??= this.#clock.monotonicMilliseconds();
    this.#schedule(CHECKPOINT_MILLISECONDS);
  }

  /**
   * Covers every leaf that is durable now. Callers that come while a step is under way share the next.
   * Rejects with `store_failed`; it is tried again by itself.
   */
  integrate(): Promise<void> {
    if (this.#next) return this.#next;
    const begin = (): Promise<void> => {
      this.#next = null;
      this.#cancel?.();
      this.#cancel = null;
      this.#current = this.#steps().finally(() => (this.#current = null));
      return this.#current;
    };
    if (!this.#current) return begin();
    this.#next = this.#current.then(begin, begin);
    return this.#next;
  }

  /** Covers what there is, if the store takes it. */
  async stop(): Promise<void> {
    await this.integrate().catch(() => {});
    this.#stopped = true;
    this.#cancel?.();
  }

  #schedule(milliseconds: number): void {
    if (this.#stopped) return;
    this.#cancel ??= this.#clock.schedule(milliseconds, () => {
      this.#cancel = null;
      this.integrate().catch(() => {});
    });
  }

  async #steps(): Promise<void> {
    // Leaves that become durable from here on may not be in what is read, and wait for another step.
    this.#coveringSince = this.#waitingSince;
    this.#waitingSince = null;
    try {
      while ((await this.#step()) === LEAVES_IN_STEP);
    } catch (error) {
      this.#waitingSince = this.#coveringSince ?? this.#waitingSince;
      if (this.#waitingSince !== null) this.#schedule(RETRY_MILLISECONDS);
      throw error;
    } finally {
      this.#coveringSince = null;
    }
  }

  /** @returns how many leaves it took */
  async #step(): Promise<number> {
    const frontier = this.#frontier.clone();
    const { size } = frontier;
    const rows = await this.#store.read("logLeaf.hashes", [size, size + LEAVES_IN_STEP]);
    if (rows.length === 0) return 0;
    const writes: Write[] = [];
    for (const leaf of hashesOf(rows, { level: 0, from: size, count: rows.length }))
      frontier.push(leaf, ({ level, index }, root) => {
        if (level % TILE_HEIGHT === 0)
          writes.push({
            statement: "logSubtree.insert",
            parameters: [level / TILE_HEIGHT, index, root],
          });
      });
    const checkpoint = signCheckpoint(frontier.size, frontier.root(), ...this.#key.signers);
    await this.#store.write([
      ...writes,
      { statement: "logCheckpoint.put", parameters: [checkpoint.note] },
    ]);
    this.#frontier = frontier;
    this.#checkpoint = checkpoint;
    this.#checkpointMilliseconds = this.#clock.wallMilliseconds();
    for (const listener of this.#listeners) listener(checkpoint);
    return rows.length;
  }
}

/**
 * Goes on where the last run came to.
 * @throws SpringhouseError `store_failed`, also for a log that is not what its last checkpoint says, or
 *   that another key has signed
 */
export async function openIntegrator(
  store: Store,
  clock: Clock,
  key: SigningKey,
): Promise<Integrator> {
  const note = (await store.read("logCheckpoint.last", []))[0]?.["note"];
  if (note === undefined) {
    const frontier = Frontier.empty();
    const checkpoint = signCheckpoint(0, frontier.root(), ...key.signers);
    return new Integrator(store, clock, key, frontier, checkpoint);
  }
  const checkpoint = openCheckpoint(String(note), key.verifier);
  if (!checkpoint) throw damagedLog("its last checkpoint is not signed by the key in log.key");
  const frontier = await new LogReader(store).frontier(checkpoint.size);
  if (!checkpoint.root.equals(frontier.root()))
    throw damagedLog(`its ${checkpoint.size} leaves are not those of its last checkpoint`);
  return new Integrator(store, clock, key, frontier, checkpoint);
}
