import type { Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Door } from "../port/lineage.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import type { Generated, Piece } from "./instance.ts";

/** Leaves each output's trace before it is answered: a durable record, or a count. */
export class Outputs {
  readonly #recorder: OutputRecorder;
  readonly #clock: Clock;

  constructor(recorder: OutputRecorder, clock: Clock) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  answer(
    generated: Generated,
    request: DrawRequest,
    instance: Door,
  ): DrawResult | Promise<DrawResult> {
    const { bytes, pieces } = generated;
    const drawn: Drawn = {
      ok: true,
      bytes,
      outputs: pieces.map(({ seed, counter }) => `${seed}.${counter}`),
      seed: pieces.at(-1)!.seed,
    };
    if (request.recorded === true) return this.#record(drawn, pieces, request, instance);
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
    instance: Door,
  ): Promise<DrawResult> {
    const atMilliseconds = this.#clock.wallMilliseconds();
    const records = pieces.map(({ seed, counter, bytes }) =>
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
    const results = await Promise.allSettled(records);
    if (results.every(({ status }) => status === "fulfilled")) return drawn;
    drawn.bytes.fill(0);
    return refuse("store_failed", "the output's record could not be written; it was thrown away", {
      retryAfterSeconds: 1,
    });
  }
}
