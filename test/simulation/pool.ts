import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { settled } from "../support/fakeClock.ts";

type Done = (error: Error | null, isValid: boolean) => void;

/**
 * The threads of the pool take real time, which no fake clock knows: on a busy machine seconds of the
 * world's time would pass before a pair was tested. So the world's time stands while they have a job.
 * `verify` is the one function of node:crypto that a simulated service gives them.
 */
export class Pool {
  readonly #verify = crypto.verify;
  #jobs = 0;

  constructor() {
    this.#replace((...given: unknown[]) => {
      const done = given.at(-1);
      const verify = this.#verify as (...all: unknown[]) => unknown;
      if (typeof done !== "function") return verify(...given);
      this.#jobs++;
      const counted: Done = (...told) => {
        this.#jobs--;
        (done as Done)(...told);
      };
      return verify(...given.slice(0, -1), counted);
    });
  }

  /** Resolves when promises and input/output have settled, and no thread has anything in hand. */
  readonly settled = async (): Promise<void> => {
    do await settled();
    while (this.#jobs > 0);
  };

  restore(): void {
    this.#replace(this.#verify);
  }

  #replace(verify: unknown): void {
    crypto.verify = verify as typeof crypto.verify;
    // What was imported by name is bound anew.
    syncBuiltinESMExports();
  }
}
