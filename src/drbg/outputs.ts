import type { Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn, PendingOutputs } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import { Deadline } from "./deadline.ts";
import type { Generated, Piece } from "./instanceTerms.ts";
import { RECORD_MILLISECONDS } from "./policy.ts";

/** An answer that is on its way; in a box, so that whoever passes it on does not wait for it. */
export interface Answered {
  readonly answer: DrawResult | Promise<DrawResult>;
}

/** Leaves each output's trace before it is answered: a durable record, or a count. */
export class Outputs {
  readonly #recorder: OutputRecorder;
  readonly #clock: Clock;
  readonly #failure: () => Refusal | null;
  #generation = 0;

  /** @param failure a self-test that failed: even what was generated before stays in */
  constructor(recorder: OutputRecorder, clock: Clock, failure: () => Refusal | null) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#failure = failure;
  }

  /** What was generated until now and waits for its record must not leave any more. */
  overtake(): void {
    this.#generation++;
  }

  answer(generated: Generated, request: DrawRequest): DrawResult | Promise<DrawResult> {
    const { bytes, pieces } = generated;
    const drawn: Drawn = {
      ok: true,
      bytes,
      outputs: pieces.map(({ seed, counter }) => `${seed}.${counter}`),
      seed: pieces.at(-1)!.seed,
    };
    if (request.recorded) {
      const pending = this.#pending(pieces, request);
      return request.recorded === true ? this.#record(drawn, pending) : { ...drawn, pending };
    }
    for (const piece of pieces) {
      const { principal, door, purpose } = request;
      this.#recorder.count(piece.seed, principal, door, purpose, piece.bytes);
    }
    return drawn;
  }

  #pending(
    pieces: readonly Piece[],
    { principal, door, purpose, requirement }: DrawRequest,
  ): PendingOutputs {
    const generation = this.#generation;
    const atMilliseconds = this.#clock.wallMilliseconds();
    return {
      outputs: pieces.map(({ instance, seed, counter, bytes }) => ({
        id: `${seed}.${counter}`,
        seed,
        instance,
        counter,
        principal,
        door,
        purpose,
        bytes,
        requirement,
        atMilliseconds,
      })),
      refusal: () => this.#failure() ?? (generation === this.#generation ? null : OVERTAKEN),
    };
  }

  async #record(drawn: Drawn, pending: PendingOutputs): Promise<DrawResult> {
    const records = pending.outputs.map((output) => this.#recorder.record(output));
    const deadline = new Deadline(this.#clock, RECORD_MILLISECONDS);
    const results = await deadline.within(Promise.allSettled(records));
    const durable = results !== "late" && results.every(({ status }) => status === "fulfilled");
    const refusal = this.#failure() ?? (durable ? pending.refusal() : NOT_RECORDED);
    if (refusal === null) return drawn;
    drawn.bytes.fill(0);
    return refusal;
  }
}

const OVERTAKEN = refuse(
  "pool_exhausted",
  "every instance had to be reseeded before this output could be answered",
  { retryAfterSeconds: 1 },
);
const NOT_RECORDED = refuse(
  "store_failed",
  "the output's record was not written; it was thrown away",
  { retryAfterSeconds: 1 },
);
