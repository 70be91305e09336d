import { HmacDrbg } from "../drbg/hmacDrbg.ts";
import { DrbgInstance } from "../drbg/instance.ts";
import type { Generated } from "../drbg/instanceTerms.ts";
import { Refill } from "../drbg/refill.ts";
import { seedRequests } from "../drbg/rooms.ts";
import { runSelfTests } from "../drbg/selfTest.ts";
import { SelfTestWatch } from "../drbg/selfTestWatch.ts";
import type { Clock } from "../port/clock.ts";
import type { Drawn } from "../port/draw.ts";
import { RESEED_REASONS, type Requirement } from "../port/lineage.ts";
import type { Board } from "./board.ts";
import { LentSeeds } from "./lentSeeds.ts";
import type { LentSeed, OutletTerms, ToHouse } from "./protocol.ts";
import type { Slots } from "./slots.ts";

/** A request waits so long for a seed; then the house has it, whose own instance may have one. */
const SEED_MILLISECONDS = 250;
const SNAPSHOT_MILLISECONDS = 1000;
const NOTHING_ASKED: Requirement = {};
/** The longest request meets the live seed and one more in an RBGC, five in an RBG2. */
const MOST_PIECES = 8;

export interface OutletSupplyTerms extends Pick<OutletTerms, "instance" | "drbg"> {
  readonly clock: Clock;
  readonly board: Board;
  readonly slots: Slots;
  readonly tell: (message: ToHouse) => void;
}

/** One instance in a thread of its own, with everything that the standard asks of one. */
export class OutletSupply {
  readonly #terms: OutletSupplyTerms;
  readonly #seeds: LentSeeds;
  readonly #slots: Slots;
  readonly #instance: DrbgInstance;
  readonly #refill: Refill;
  readonly #selfTests: SelfTestWatch;
  readonly #waiting = new Set<() => void>();
  #dropEpoch: number;
  #reseedEpoch: number;
  #cancelSnapshot = (): void => {};
  #told = "";

  constructor(terms: OutletSupplyTerms) {
    this.#terms = terms;
    const { clock, board, slots, tell, drbg } = terms;
    this.#seeds = new LentSeeds(board, tell);
    this.#slots = slots;
    this.#dropEpoch = board.dropEpoch;
    this.#reseedEpoch = board.reseedEpoch;
    // The house knows the quorum: what it lends has met it.
    const requests = seedRequests({ shape: drbg.shape, quorum: { sources: 0, withoutBest: 0 } });
    this.#instance = new DrbgInstance({
      id: terms.instance,
      drbg: new HmacDrbg(drbg.hash),
      shape: drbg.shape,
      limits: drbg.limits,
      boot: drbg.boot,
      ahead: drbg.ahead,
      instantiateRequest: requests.instantiate,
      reseedRequest: requests.reseed,
      clock,
      observer: { event: (event) => tell({ event }) },
      maker: this.#seeds,
      broken: () => this.#failed("drbg operation"),
      changed: () => this.#changed(),
    });
    this.#refill = new Refill(clock, () => this.#fill());
    this.#selfTests = new SelfTestWatch(clock, runSelfTests, drbg.selfTestMilliseconds, (name) =>
      this.#failed(name),
    );
  }

  /** Self-tests first (SP 800-90A 11.3), as each thread has code and memory of its own. */
  start(): void {
    this.#selfTests.run();
    this.#refill.request();
    this.#tellSnapshot();
  }

  /**
   * Bytes at once where the live seed and those that are prepared suffice; otherwise when a seed has
   * come, or null for the house to answer.
   */
  draw(principal: string, bytes: number): Drawn | null | Promise<Drawn | null> {
    const drawn = this.#draw(principal, bytes);
    if (drawn !== null) return drawn;
    // More seeds than are prepared here at a time: nothing to wait for.
    const { queue } = this.#instance;
    const seeds = this.#instance.deficit(bytes, NOTHING_ASKED) + queue.length;
    return seeds > queue.ahead ? null : this.#wait(principal, bytes);
  }

  arrived(seedNumber: number, seed: LentSeed): void {
    // One that is held and was dropped must be gone before an instance without a seed takes the first.
    this.#catchUp();
    this.#seeds.arrived(seedNumber, seed);
  }

  freed(slots: readonly number[]): void {
    this.#slots.freed(slots);
    this.#wake();
  }

  refill(): void {
    this.#refill.reset();
    this.#refill.request();
  }

  stop(): void {
    this.#selfTests.stop();
    this.#refill.stop();
    this.#cancelSnapshot();
    this.#instance.stop();
    this.#wake();
  }

  #draw(principal: string, bytes: number): Drawn | null {
    this.#catchUp();
    if (this.#terms.board.stopped || !this.#slots.has(MOST_PIECES)) return null;
    const generated = this.#instance.draw(bytes, NOTHING_ASKED);
    return generated && this.#drawn(generated, principal);
  }

  #drawn({ bytes, pieces }: Generated, principal: string): Drawn {
    try {
      for (const [at, piece] of pieces.entries())
        this.#slots.count(piece.seed, principal, piece.bytes, at === 0);
    } catch (error) {
      // What is not counted is nobody's.
      bytes.fill(0);
      throw error;
    }
    return {
      ok: true,
      bytes,
      outputs: pieces.map(({ seed, counter }) => `${seed}.${counter}`),
      seed: pieces.at(-1)!.seed,
    };
  }

  async #wait(principal: string, bytes: number): Promise<Drawn | null> {
    const { clock, board } = this.#terms;
    const until = clock.monotonicMilliseconds() + SEED_MILLISECONDS;
    this.#refill.request();
    for (;;) {
      const left = until - clock.monotonicMilliseconds();
      if (left <= 0 || board.stopped || board.held) return null;
      await new Promise<void>((resolve) => {
        const woken = (): void => {
          cancel();
          this.#waiting.delete(woken);
          resolve();
        };
        const cancel = clock.schedule(left, woken);
        this.#waiting.add(woken);
      });
      const drawn = this.#draw(principal, bytes);
      if (drawn !== null) return drawn;
    }
  }

  /** What befell the seeds since the last look, before anything is made of one. */
  #catchUp(): void {
    const { board } = this.#terms;
    const { dropEpoch, reseedEpoch } = board;
    if (reseedEpoch !== this.#reseedEpoch) {
      this.#reseedEpoch = reseedEpoch;
      this.#instance.requireReseed(RESEED_REASONS[board.reseedReason]!);
      this.#refill.request();
    }
    if (dropEpoch !== this.#dropEpoch) {
      this.#dropEpoch = dropEpoch;
      this.#instance.queue.drop(() => true);
      this.#refill.request();
    }
  }

  #fill(): boolean {
    this.#catchUp();
    const { queue } = this.#instance;
    const filled = queue.fill(Infinity);
    queue.filled();
    return filled !== "lacking";
  }

  #changed(): void {
    this.#refill.request();
    this.#wake();
  }

  #wake(): void {
    for (const woken of this.#waiting) woken();
  }

  /** SP 800-90A 11.3.6; the house stops every output, not this one's alone. */
  #failed(name: string): void {
    this.#instance.fail();
    this.#terms.tell({ selfTestFailed: name });
  }

  /** Once a second where there is anything new. */
  #tellSnapshot(): void {
    this.#catchUp();
    const snapshot = this.#instance.snapshot();
    const text = JSON.stringify(snapshot);
    if (text !== this.#told) this.#terms.tell({ snapshot });
    this.#told = text;
    this.#cancelSnapshot = this.#terms.clock.schedule(SNAPSHOT_MILLISECONDS, () =>
      this.#tellSnapshot(),
    );
  }
}
