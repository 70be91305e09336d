import type { Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn } from "../port/draw.ts";
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
    if (request.recorded === true) return this.#record(drawn, pieces, request);
    for (const piece of pieces) {
      const { principal, door, purpose } = request;
      this.#recorder.count(piece.seed, principal, door, purpose, piece.bytes);
    }
    return drawn;
  }

  async #record(
    drawn: Drawn,
    pieces: readonly Piece[],
    { principal, door, purpose, requirement }: DrawRequest,
  ): Promise<DrawResult> {
    const generation = this.#generation;
    const atMilliseconds = this.#clock.wallMilliseconds();
    const records = pieces.map(({ instance, seed, counter, bytes }) =>
      this.#recorder.record({
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
      }),
    );
    const deadline = new Deadline(this.#clock, RECORD_MILLISECONDS);
    const results = await deadline.within(Promise.allSettled(records));
    const failure = this.#failure();
    const durable = results !== "late" && results.every(({ status }) => status === "fulfilled");
    const overtaken = generation !== this.#generation;
    if (durable && failure === null && !overtaken) return drawn;
    drawn.bytes.fill(0);
    if (failure !== null) return failure;
    if (durable) {
      const detail = "every instance had to be reseeded before this output could be answered";
      return refuse("pool_exhausted", detail, { retryAfterSeconds: 1 });
    }
    return refuse("store_failed", "the output's record was not written; it was thrown away", {
      retryAfterSeconds: 1,
    });
  }
}
