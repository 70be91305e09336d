import { DrbgSupply } from "../../../src/drbg/randomSupply.ts";
import type { DrbgSupplyTerms } from "../../../src/drbg/randomSupply.ts";
import type { DrawRequest, DrawResult, Drawn } from "../../../src/port/draw.ts";
import type { Refusal } from "../../../src/port/errors.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { Door, Requirement, Shape } from "../../../src/port/lineage.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { ScriptedOutputRecorder, ScriptedSeedRecorder, ScriptedSeeds } from "./scripted.ts";
import { Rules } from "./rules.ts";

export const BOOT = "0123456789abcdef";

export interface HouseOptions {
  readonly shape?: Shape;
  readonly limits?: DrbgSupplyTerms["limits"];
  readonly selfTests?: DrbgSupplyTerms["selfTests"];
}

/** A whole DRBG room on a fake clock, watched by the rules. */
export class House {
  readonly clock = new FakeClock();
  readonly shape: Shape;
  readonly seeds: ScriptedSeeds;
  readonly seedRecorder = new ScriptedSeedRecorder();
  readonly outputRecorder: ScriptedOutputRecorder;
  readonly events: ServiceEvent[] = [];
  readonly rules: Rules;
  readonly drbg: DrbgSupply;
  /** Called in the middle of whatever reseeds. */
  onReseed: (() => void) | null = null;
  /** Whether the next self-test passes. */
  sound = true;
  /** Draws that are not answered yet. */
  unanswered = 0;

  constructor({ shape = "RBG2(P)", limits = {}, selfTests }: HouseOptions = {}) {
    this.shape = shape;
    this.seeds = new ScriptedSeeds(this.clock, shape);
    this.rules = new Rules(this.clock, shape, limits, this.seeds, this.seedRecorder);
    this.outputRecorder = new ScriptedOutputRecorder((seed, bytes) =>
      this.rules.generated(seed, bytes),
    );
    this.drbg = new DrbgSupply({
      clock: this.clock,
      seeds: this.seeds,
      seedRecorder: this.seedRecorder,
      outputRecorder: this.outputRecorder,
      observer: {
        event: (event) => {
          this.events.push(event);
          this.rules.event(event);
          if (event.kind === "reseed") this.onReseed?.();
        },
      },
      shape,
      quorum: this.seeds.quorum,
      boot: BOOT,
      limits,
      selfTests:
        selfTests ??
        ((atMilliseconds) => [{ name: "scripted", passed: this.sound, atMilliseconds }]),
    });
  }

  /** Draws, and checks the answer against the rules when it comes. */
  async draw(bytes: number, requirement: Requirement = {}, more: Partial<DrawRequest> = {}) {
    const request: DrawRequest = {
      bytes,
      door: "http",
      principal: "p",
      purpose: "random",
      requirement,
      ...more,
    };
    this.unanswered++;
    let result: DrawResult;
    try {
      result = await this.drbg.draw(request);
    } finally {
      this.unanswered--;
    }
    this.rules.answered(request, result);
    return result;
  }

  /** Like `draw`, for tests that move time themselves: the answer or undefined. */
  begin(bytes: number, requirement: Requirement = {}, more: Partial<DrawRequest> = {}) {
    const begun: { result: DrawResult | undefined } = { result: undefined };
    void this.draw(bytes, requirement, more).then((result) => (begun.result = result));
    return begun;
  }

  /** `blocks` come into the pool, as a source would bring them. */
  feed(blocks: number, source = "a"): void {
    this.seeds.add(blocks, source);
    this.drbg.poolChanged();
  }

  loseQuorum(): void {
    this.seeds.healthy.clear();
    this.seeds.parentHealthy = false;
    this.rules.unavailableSince();
  }

  regainQuorum(...sources: readonly string[]): void {
    for (const source of sources.length > 0 ? sources : ["a"]) this.seeds.healthy.add(source);
    this.seeds.parentHealthy = true;
  }

  /** Bytes that an instance still may give from the seed it lives on. */
  left(door: Door): number {
    const { outputBytesSinceSeed } = this.drbg.instances().find(({ id }) => id === door)!;
    return this.rules.limits.bytes - outputBytesSinceSeed;
  }

  prepared(door: Door): number {
    return this.drbg.instances().find(({ id }) => id === door)!.preparedSeeds;
  }
}

/** Started, with every queue full. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const house = new House(options);
  house.drbg.start();
  house.feed(40);
  await house.clock.run(500);
  return house;
}

export function bytesOf(result: DrawResult | undefined): Drawn {
  if (result?.ok !== true) throw new Error(`no bytes: ${JSON.stringify(result)}`);
  return result;
}

export function refusalOf(result: DrawResult | undefined): Refusal {
  if (result?.ok !== false) throw new Error(`no refusal: ${result?.ok}`);
  return result;
}
