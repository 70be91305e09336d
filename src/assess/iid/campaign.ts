import { createOrderKernel } from "../../kernel/order/createOrderKernel.ts";
import type { Campaign } from "../campaign.ts";
import { whole } from "../report/text.ts";
import type { Samples } from "../samples.ts";
import { Bzip2Length } from "./bzip2/bzip2Length.ts";
import { assembleIid, iidTests, type Iid, type IidTests } from "./iid.ts";
import { RANDOM_OCTETS, Shuffle } from "./shuffle.ts";
import {
  Order,
  populationOf,
  roomFor,
  STATISTICS,
  type Population,
  type Statistic,
  type Statistics,
} from "./statistics.ts";
import { PERMUTATIONS, Tally } from "./tally.ts";

export type IidTask =
  | { readonly kind: "unshuffled" }
  | { readonly kind: "otherTests" }
  | {
      readonly kind: "permutations";
      readonly seed: string;
      readonly from: number;
      readonly count: number;
      readonly wanted: readonly Statistic[];
    };

export type IidPart =
  | { readonly kind: "unshuffled"; readonly figures: Statistics }
  | { readonly kind: "otherTests"; readonly tests: IidTests }
  | { readonly kind: "permutations"; readonly figures: readonly Statistics[] };

/** All but compression, which takes ten times as long as the others together. */
const CHEAP = STATISTICS.filter((statistic) => statistic !== "compression");
/** Permutations of a task: few enough that little is done in vain when a statistic has passed. */
const CHEAP_AT_A_TIME = 4;

/** A run through the permutations from the first on, for some of the statistics. */
class Round {
  readonly #statistics: readonly Statistic[];
  readonly #atATime: number;
  readonly #arrived = new Map<number, readonly Statistics[]>();
  #given = 0;
  #counted = 0;

  constructor(statistics: readonly Statistic[], atATime: number) {
    this.#statistics = statistics;
    this.#atATime = atATime;
  }

  get counted(): number {
    return this.#counted;
  }

  next(tally: Tally, seed: string): IidTask | null {
    const wanted = tally.open(this.#statistics);
    if (wanted.length === 0 || this.#given === PERMUTATIONS) return null;
    const from = this.#given;
    const count = Math.min(this.#atATime, PERMUTATIONS - from);
    this.#given += count;
    return { kind: "permutations", seed, from, count, wanted };
  }

  take(tally: Tally, from: number, figures: readonly Statistics[]): void {
    this.#arrived.set(from, figures);
    for (;;) {
      const next = this.#arrived.get(this.#counted);
      if (!next) return;
      this.#arrived.delete(this.#counted);
      this.#counted += next.length;
      for (const permutation of next) tally.count(permutation, this.#statistics);
    }
  }

  isOver(tally: Tally): boolean {
    return this.#counted === PERMUTATIONS || tally.open(this.#statistics).length === 0;
  }
}

/**
 * The IID track, SP 800-90B 5. First come the tests without chance and the figures of the samples as they
 * are; then the permutations, for all statistics but compression; then for that, from the first
 * permutation on, but only if nothing has failed: with one failure the verdict is certain, and 10,000
 * compressions take as long as all else many times over.
 */
export function iidCampaign(seed: string): Campaign<IidTask, IidPart, Iid> {
  const waiting: IidTask[] = [{ kind: "unshuffled" }, { kind: "otherTests" }];
  const cheap = new Round(CHEAP, CHEAP_AT_A_TIME);
  const compression = new Round(["compression"], 1);
  let tally: Tally | null = null;
  let others: IidTests | null = null;
  let expired = false;
  const result = (): Iid | null => {
    if (tally === null || others === null) return null;
    const iid = assembleIid(others, tally.results());
    const isOver = cheap.isOver(tally) && (iid.passed === false || compression.isOver(tally));
    return isOver || expired ? iid : null;
  };
  return {
    next() {
      const first = waiting.shift();
      if (first) return first;
      if (tally === null || others === null || expired) return null;
      if (!cheap.isOver(tally)) return cheap.next(tally, seed);
      return result() === null ? compression.next(tally, seed) : null;
    },
    take(task, part) {
      if (part.kind === "unshuffled") tally = new Tally(part.figures);
      else if (part.kind === "otherTests") others = part.tests;
      else if (task.kind === "permutations") {
        const round = task.wanted.includes("compression") ? compression : cheap;
        round.take(tally!, task.from, part.figures);
      }
    },
    result,
    expire() {
      expired = true;
    },
    progress() {
      if (tally === null || others === null) return "the samples as they came";
      if (!cheap.isOver(tally)) return roundText(cheap, tally.open(CHEAP));
      return roundText(compression, tally.open(["compression"]));
    },
  };
}

function roundText({ counted }: Round, open: readonly Statistic[]): string {
  const names = open.length > 3 ? `${open.length} statistics` : open.join(", ");
  return `${whole(counted)} of at most ${whole(PERMUTATIONS)} permutations, ${names} open`;
}

/** What a thread needs for each permutation, made once for the samples that it was born with. */
class Workspace {
  readonly #population: Population;
  readonly #order: Order;
  readonly #shuffle: Shuffle;
  readonly #bzip2 = new Bzip2Length();

  constructor({ symbols }: Samples) {
    this.#population = populationOf(symbols);
    const kernel = createOrderKernel(roomFor(symbols.length) + RANDOM_OCTETS);
    this.#order = new Order(kernel, this.#population);
    this.#shuffle = new Shuffle(kernel);
  }

  unshuffled(): Statistics {
    this.#order.reset();
    return this.#figures(STATISTICS);
  }

  permuted(seed: string, permutation: number, wanted: readonly Statistic[]): Statistics {
    this.#order.reset();
    this.#shuffle.apply(this.#order.symbols, seed, permutation);
    return this.#figures(wanted);
  }

  #figures(wanted: readonly Statistic[]): Statistics {
    const { valueOf } = this.#population;
    return this.#order.statistics(new Set(wanted), (symbols) => this.#bzip2.of(symbols, valueOf));
  }
}

/** Gone with the samples. */
const workspaces = new WeakMap<Samples, Workspace>();

function workspaceOf(samples: Samples): Workspace {
  const workspace = workspaces.get(samples) ?? new Workspace(samples);
  workspaces.set(samples, workspace);
  return workspace;
}

export function runIidTask(samples: Samples, task: IidTask): IidPart {
  if (task.kind === "otherTests") return { kind: "otherTests", tests: iidTests(samples) };
  const workspace = workspaceOf(samples);
  if (task.kind === "unshuffled") return { kind: "unshuffled", figures: workspace.unshuffled() };
  const { seed, from, count, wanted } = task;
  const figures = Array.from({ length: count }, (_none, index) =>
    workspace.permuted(seed, from + index, wanted),
  );
  return { kind: "permutations", figures };
}
