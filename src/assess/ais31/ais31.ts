import type { Campaign } from "../campaign.ts";
import type { Samples } from "../samples.ts";
import type { BasicTests } from "./basicTests.ts";
import type { Disjointness } from "./disjointness.ts";
import { basicTestsAt, disjointnessAt, neededSymbolsA, SEQUENCES } from "./procedureA.ts";
import { LEAST_BITS_B, NEEDED_BITS_B, procedureB, type RoundB } from "./procedureB.ts";
import { bitsBetween, MEANING, verdictOf, type Verdict } from "./rounds.ts";

const SEQUENCES_PER_TASK = 32;
/** Behind so many bits procedure B looks no further for words that hardly ever come. */
const MOST_BITS_B = 4 * NEEDED_BITS_B;
/** One failure may be a perfect source's bad luck and is repeated once; two are not. */
const MOST_TO_REPEAT = 1;

export interface Ais31Options {
  /** Procedure A is for what a source puts out, B for its raw samples; default both. */
  readonly procedures?: readonly ("A" | "B")[];
}

export type Ais31Task =
  | { readonly kind: "T0"; readonly firstSymbol: number }
  | {
      readonly kind: "sequences";
      readonly firstSymbol: number;
      readonly firstSequence: number;
      readonly sequences: number;
    }
  | { readonly kind: "B"; readonly firstSymbol: number };

export type Ais31Part =
  | { readonly kind: "T0"; readonly disjointness: Disjointness }
  | { readonly kind: "sequences"; readonly sequences: readonly BasicTests[] }
  | { readonly kind: "B"; readonly round: RoundB; readonly bitsGiven: number };

export interface RoundResultA {
  readonly firstSymbol: number;
  readonly t0: Disjointness;
  readonly sequences: readonly BasicTests[];
  /** Of 1,286 tests. */
  readonly failures: number;
}

export interface RoundResultB extends RoundB {
  readonly firstSymbol: number;
  /** Of 9 tests. A test that runs out of words although a perfect source would not counts as one. */
  readonly failures: number;
}

export interface ProcedureResult<Round> {
  readonly verdict: Verdict;
  /** Why there is no verdict, or what is missing for one; null where there is one. */
  readonly notApplicable: string | null;
  /** Samples that one round takes (procedure B: about; it depends on the data). */
  readonly neededSamples: number;
  /** One, or two where the first was repeated. */
  readonly rounds: readonly Round[];
}

export interface Ais31Result {
  readonly suite: "AIS 31, procedures A and B";
  readonly meaning: string;
  readonly samples: number;
  readonly bitsPerSymbol: number;
  /** Null where it was not asked for. */
  readonly procedureA: ProcedureResult<RoundResultA> | null;
  readonly procedureB: ProcedureResult<RoundResultB> | null;
}

export function runAis31Task(samples: Samples, task: Ais31Task): Ais31Part {
  const { firstSymbol } = task;
  if (task.kind === "T0") return { kind: "T0", disjointness: disjointnessAt(samples, firstSymbol) };
  if (task.kind === "sequences") {
    const sequences = Array.from({ length: task.sequences }, (_, index) =>
      basicTestsAt(samples, firstSymbol, task.firstSequence + index),
    );
    return { kind: "sequences", sequences };
  }
  const { symbols, bitsPerSymbol } = samples;
  const from = firstSymbol * bitsPerSymbol;
  const to = Math.min(symbols.length * bitsPerSymbol, from + MOST_BITS_B);
  return { kind: "B", round: procedureB(bitsBetween(samples, from, to)), bitsGiven: to - from };
}

class Ais31Campaign implements Campaign<Ais31Task, Ais31Part, Ais31Result> {
  readonly #length: number;
  readonly #bitsPerSymbol: number;
  readonly #procedures: readonly ("A" | "B")[];
  readonly #tasks: Ais31Task[] = [];
  readonly #roundsA: RoundResultA[] = [];
  readonly #roundsB: RoundResultB[] = [];
  /** What is in of the present round of procedure A. */
  #t0: Disjointness | null = null;
  #sequences: (BasicTests | undefined)[] = [];
  #sequencesIn = 0;
  #running = 0;
  #done = 0;

  constructor({ symbols, bitsPerSymbol }: Samples, { procedures = ["A", "B"] }: Ais31Options) {
    this.#length = symbols.length;
    this.#bitsPerSymbol = bitsPerSymbol;
    this.#procedures = procedures;
    // The longest task first.
    if (procedures.includes("B")) this.#beginB(0);
    if (procedures.includes("A")) this.#beginA(0);
  }

  next(): Ais31Task | null {
    const task = this.#tasks.shift() ?? null;
    if (task) this.#running++;
    return task;
  }

  take(task: Ais31Task, part: Ais31Part): void {
    this.#running--;
    this.#done++;
    if (part.kind === "B") {
      this.#endB(task.firstSymbol, part);
      return;
    }
    if (part.kind === "T0") this.#t0 = part.disjointness;
    else if (task.kind === "sequences") {
      for (const [index, one] of part.sequences.entries())
        this.#sequences[task.firstSequence + index] = one;
      this.#sequencesIn += part.sequences.length;
    }
    if (this.#t0 && this.#sequencesIn === SEQUENCES) this.#endA(task.firstSymbol, this.#t0);
  }

  progress(): string {
    return `${this.#done} of ${this.#done + this.#running + this.#tasks.length} tasks`;
  }

  result(): Ais31Result | null {
    if (this.#running + this.#tasks.length > 0) return null;
    const neededB = Math.ceil(NEEDED_BITS_B / this.#bitsPerSymbol);
    const neededA = neededSymbolsA(this.#bitsPerSymbol);
    return {
      suite: "AIS 31, procedures A and B",
      meaning: MEANING,
      samples: this.#length,
      bitsPerSymbol: this.#bitsPerSymbol,
      procedureA: this.#procedures.includes("A") ? this.#resultOf(this.#roundsA, neededA) : null,
      procedureB: this.#procedures.includes("B") ? this.#resultOf(this.#roundsB, neededB) : null,
    };
  }

  #resultOf<Round extends RoundResultA | RoundResultB>(
    rounds: readonly Round[],
    neededSamples: number,
  ): ProcedureResult<Round> {
    const isShort = (round: Round): boolean =>
      "tests" in round && round.failures === 0 && round.tests.some((one) => one.isPassed === null);
    // A round that ran out of bits says nothing.
    const failures = rounds.filter((round) => !isShort(round)).map((round) => round.failures);
    const verdict =
      rounds[0] && isShort(rounds[0]) ? "notApplicable" : verdictOf(failures, MOST_TO_REPEAT);
    const notApplicable =
      verdict === "notApplicable"
        ? `needs ${neededSamples} samples, there are ${this.#length}`
        : verdict === "repeatNeeded"
          ? `one test failed; to repeat it needs ${2 * neededSamples} samples, there are ${this.#length}`
          : null;
    return { verdict, notApplicable, neededSamples, rounds };
  }

  #beginA(firstSymbol: number): void {
    if (firstSymbol + neededSymbolsA(this.#bitsPerSymbol) > this.#length) return;
    this.#t0 = null;
    this.#sequences = [];
    this.#sequencesIn = 0;
    this.#tasks.push({ kind: "T0", firstSymbol });
    for (let firstSequence = 0; firstSequence < SEQUENCES; firstSequence += SEQUENCES_PER_TASK) {
      const sequences = Math.min(SEQUENCES_PER_TASK, SEQUENCES - firstSequence);
      this.#tasks.push({ kind: "sequences", firstSymbol, firstSequence, sequences });
    }
  }

  #endA(firstSymbol: number, t0: Disjointness): void {
    const sequences = this.#sequences as BasicTests[];
    const failures =
      (t0.isPassed ? 0 : 1) + sequences.reduce((sum, { failed }) => sum + failed.length, 0);
    this.#roundsA.push({ firstSymbol, t0, sequences, failures });
    if (failures === MOST_TO_REPEAT && this.#roundsA.length === 1)
      this.#beginA(firstSymbol + neededSymbolsA(this.#bitsPerSymbol));
  }

  #beginB(firstSymbol: number): void {
    if ((this.#length - firstSymbol) * this.#bitsPerSymbol < LEAST_BITS_B) return;
    this.#tasks.push({ kind: "B", firstSymbol });
  }

  #endB(firstSymbol: number, { round, bitsGiven }: Extract<Ais31Part, { kind: "B" }>): void {
    const mayRunOut = bitsGiven < NEEDED_BITS_B;
    const isFailure = (isPassed: boolean | null): boolean =>
      mayRunOut ? isPassed === false : !isPassed;
    const failures = round.tests.filter(({ isPassed }) => isFailure(isPassed)).length;
    this.#roundsB.push({ ...round, firstSymbol, failures });
    if (failures === MOST_TO_REPEAT && this.#roundsB.length === 1)
      this.#beginB(firstSymbol + Math.ceil(round.bits / this.#bitsPerSymbol));
  }
}

/** AIS 31 as work for threads. Each procedure begins with the first sample. */
export function ais31Campaign(
  samples: Samples,
  options: Ais31Options = {},
): Campaign<Ais31Task, Ais31Part, Ais31Result> {
  return new Ais31Campaign(samples, options);
}

/** AIS 31 in this thread. */
export function ais31(samples: Samples, options: Ais31Options = {}): Ais31Result {
  const campaign = ais31Campaign(samples, options);
  for (let task = campaign.next(); task; task = campaign.next())
    campaign.take(task, runAis31Task(samples, task));
  return campaign.result()!;
}
