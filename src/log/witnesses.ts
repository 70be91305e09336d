import type { Cancel, Clock } from "../port/clock.ts";
import type { Observer, ServiceEvent } from "../port/event.ts";
import type { WitnessSnapshot } from "../port/snapshot.ts";
import { Backoff } from "../source/backoff.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { WitnessConflict, type Witness } from "./witness.ts";

const RETRY = { firstMilliseconds: 1000, longestMilliseconds: 60_000 };

export interface WitnessTerms {
  readonly clock: Clock;
  readonly observer: Observer;
  /** Between two checkpoints to one witness, so that a busy log does not flood it. */
  readonly intervalMilliseconds: number;
  /** The consistency proof between two sizes that are durable. */
  readonly proof: (first: number, second: number) => Promise<readonly Uint8Array[]>;
  /** Keeps a checkpoint that a witness has cosigned. */
  readonly cosigned: (witness: string, checkpoint: Checkpoint, note: string) => Promise<void>;
}

/** One witness, and how far it has come. */
class Post {
  readonly #witness: Witness;
  readonly #terms: WitnessTerms;
  #backoff = new Backoff(RETRY);
  #latest: Checkpoint | null = null;
  #taken = 0;
  /** Monotonic; when there first was a checkpoint that it has not taken. */
  #behindSince: number | null = null;
  #failures = 0;
  #failing: "no" | "yes" | "conflict" = "no";
  #sending: Promise<void> | null = null;
  #cancel: Cancel | null = null;
  #nextMilliseconds = 0;
  #stopped = false;

  constructor(witness: Witness, terms: WitnessTerms) {
    this.#witness = witness;
    this.#terms = terms;
  }

  offer(checkpoint: Checkpoint): void {
    if (checkpoint.size === 0 || checkpoint.size <= this.#taken) return;
    this.#latest = checkpoint;
    this.#behindSince ??= this.#terms.clock.monotonicMilliseconds();
    this.#schedule();
  }

  snapshot(): WitnessSnapshot {
    const now = this.#terms.clock.monotonicMilliseconds();
    return {
      name: this.#witness.name,
      size: this.#taken,
      lagMilliseconds: this.#behindSince === null ? 0 : now - this.#behindSince,
      failuresTotal: this.#failures,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#sending;
  }

  #schedule(): void {
    if (this.#stopped || this.#sending || this.#cancel) return;
    const wait = this.#nextMilliseconds - this.#terms.clock.monotonicMilliseconds();
    this.#cancel = this.#terms.clock.schedule(Math.max(0, wait), () => {
      this.#cancel = null;
      this.#sending = this.#send().finally(() => {
        this.#sending = null;
        if (this.#behindSince !== null) this.#schedule();
      });
    });
  }

  async #send(): Promise<void> {
    const checkpoint = this.#latest!;
    const { clock, proof, cosigned, intervalMilliseconds } = this.#terms;
    const began = clock.monotonicMilliseconds();
    try {
      const note = await this.#witness.take(checkpoint, (size) => proof(size, checkpoint.size));
      // A store that fails tells of itself.
      if (note !== null) await cosigned(this.#witness.name, checkpoint, note).catch(() => {});
    } catch (error) {
      this.#failures++;
      this.#nextMilliseconds = clock.monotonicMilliseconds() + this.#backoff.ended(0);
      const failing = error instanceof WitnessConflict ? "conflict" : "yes";
      if (failing !== this.#failing) this.#tell(error as Error);
      this.#failing = failing;
      return;
    }
    this.#taken = checkpoint.size;
    // What came while it was sent has waited since then at the most.
    this.#behindSince = this.#latest === checkpoint ? null : began;
    this.#nextMilliseconds = began + intervalMilliseconds;
    this.#backoff = new Backoff(RETRY);
    if (this.#failing !== "no") this.#tell(null);
    this.#failing = "no";
  }

  #tell(failure: Error | null): void {
    const { name } = this.#witness;
    const severity: ServiceEvent["severity"] =
      failure === null ? "info" : failure instanceof WitnessConflict ? "critical" : "warning";
    this.#terms.observer.event({
      kind: failure === null ? "log_witness_recovered" : "log_witness_failed",
      atMilliseconds: this.#terms.clock.wallMilliseconds(),
      source: null,
      severity,
      actor: null,
      reason: null,
      detail:
        failure === null
          ? `the witness ${name} takes checkpoints again`
          : `the witness ${name} did not take a checkpoint: ${failure.message}`,
      data: { witness: name, leaves: this.#latest?.size ?? 0 },
    });
  }
}

/** Hands each witness the newest checkpoint, in the background; a witness holds up nothing. */
export class Witnesses {
  readonly #posts: readonly Post[];

  constructor(witnesses: readonly Witness[], terms: WitnessTerms) {
    this.#posts = witnesses.map((witness) => new Post(witness, terms));
  }

  offer(checkpoint: Checkpoint): void {
    for (const post of this.#posts) post.offer(checkpoint);
  }

  snapshot(): WitnessSnapshot[] {
    return this.#posts.map((post) => post.snapshot());
  }

  /** Resolves when what is on its way has arrived or failed. */
  async stop(): Promise<void> {
    await Promise.all(this.#posts.map((post) => post.stop()));
  }
}
