import type { EntropyBlock, Output, Seed, Shape } from "../../../src/port/lineage.ts";
import type { OutputRecorder } from "../../../src/port/lineageRecorder.ts";
import type {
  SeedMaterial,
  SeedRecorder,
  SeedRequest,
  SeedSupply,
  Shortfall,
  Unmet,
} from "../../../src/port/seed.ts";
import type { Clock } from "../../../src/port/clock.ts";

const BLOCK_BITS = 512;

interface Block {
  readonly id: string;
  readonly source: string;
  readonly wall: number;
  readonly monotonic: number;
  readonly number: number;
}

/** What one `take` gave, as it was before the taker overwrote it. */
export interface TakenSeed {
  readonly entropyInput: Uint8Array;
  readonly additionalInput: Uint8Array;
}

/** A seed supply that does what a test tells it. Every byte it gives is of one block alone. */
export class ScriptedSeeds implements SeedSupply {
  readonly healthy = new Set(["a"]);
  readonly quorum = { sources: 1, withoutBest: 0 };
  parentHealthy = true;
  parentStrength = 256;
  blocks: Block[] = [];
  readonly taken: TakenSeed[] = [];
  readonly requests: SeedRequest[] = [];
  /** How often anybody asked, in vain or not. */
  asked = 0;
  readonly #given: Uint8Array[] = [];
  readonly #clock: Pick<Clock, "wallMilliseconds" | "monotonicMilliseconds">;
  readonly #shape: Shape;
  #numbers = 0;

  constructor(clock: Pick<Clock, "wallMilliseconds" | "monotonicMilliseconds">, shape: Shape) {
    this.#clock = clock;
    this.#shape = shape;
  }

  add(count: number, source = "a"): void {
    for (let i = 0; i < count; i++) {
      this.blocks.push({
        id: `b-${this.#numbers}`,
        source,
        wall: this.#clock.wallMilliseconds(),
        monotonic: this.#clock.monotonicMilliseconds(),
        number: this.#numbers++,
      });
    }
  }

  discard(source: string): void {
    this.blocks = this.blocks.filter((block) => block.source !== source);
  }

  unavailable(): Shortfall | null {
    if (this.#shape === "RBGC") {
      return this.parentHealthy ? null : shortfall(["parent"]);
    }
    const needed = Math.max(1, this.quorum.sources);
    return this.healthy.size >= needed ? null : shortfall(["quorum", "sources"]);
  }

  /** Buffers that their taker has not overwritten yet. */
  get notOverwritten(): number {
    return this.#given.filter((bytes) => bytes.some((byte) => byte !== 0)).length;
  }

  take(request: SeedRequest): SeedMaterial | Shortfall {
    this.asked++;
    const unavailable = this.unavailable();
    if (unavailable !== null) return unavailable;
    const material = this.#shape === "RBGC" ? this.#parent() : this.#entropy(request);
    if (material.type === "shortfall") return material;
    this.requests.push(request);
    const main = material.type === "parent" ? material.randomness : material.entropyInput;
    this.taken.push({
      entropyInput: Uint8Array.from(main),
      additionalInput: Uint8Array.from(material.additionalInput),
    });
    this.#given.push(main, material.additionalInput);
    return material;
  }

  #parent(): SeedMaterial {
    const randomness = bytesOf(this.#numbers++, 48);
    const additionalInput = bytesOf(this.#numbers++, 16);
    return {
      type: "parent",
      parentName: "os",
      securityStrength: this.parentStrength,
      randomness,
      additionalInput,
      uncreditedBlocks: [],
      windows: [],
      fromMilliseconds: this.#clock.wallMilliseconds(),
    };
  }

  #entropy({
    minimumBits,
    sources,
    maximumAgeMilliseconds: limit,
  }: SeedRequest): SeedMaterial | Shortfall {
    const needed = Math.max(1, sources, this.quorum.sources);
    if (this.healthy.size < needed) return shortfall(["sources"]);
    const chosen = this.#choose(needed, minimumBits, limit);
    if (chosen === null) {
      if (limit === null || this.#choose(needed, minimumBits, null) === null) {
        return shortfall(["strength"]);
      }
      return shortfall([limit <= 1000 ? "fresh" : "max_seed_age"]);
    }
    this.blocks = this.blocks.filter((block) => !chosen.includes(block));
    const entropyInput = Buffer.concat(chosen.map(({ number }) => bytesOf(number, 64)));
    const additionalInput = bytesOf(this.#numbers++, 32);
    const by = new Set(chosen.map(({ source }) => source));
    const credits = [...by].map((source) => ({
      source,
      physical: true,
      assessedBits: chosen.filter((block) => block.source === source).length * BLOCK_BITS,
      compliantBits: 0,
    }));
    const creditedBits = chosen.length * BLOCK_BITS;
    return {
      type: "entropy" as const,
      entropyInput: new Uint8Array(entropyInput),
      additionalInput,
      blocks: chosen.map(recordOf),
      uncreditedBlocks: [],
      windows: [],
      credits,
      creditedBits,
      strengthWithoutBest: [creditedBits],
      fromMilliseconds: Math.min(...chosen.map(({ wall }) => wall)),
    };
  }

  /** Oldest first, or within an age newest first, as the real pool does. */
  #choose(sources: number, bits: number, limit: number | null): Block[] | null {
    const now = [this.#clock.wallMilliseconds(), this.#clock.monotonicMilliseconds()] as const;
    const young = this.blocks.filter(
      ({ source, wall, monotonic }) =>
        this.healthy.has(source) &&
        (limit === null || Math.max(now[0] - wall, now[1] - monotonic) <= limit),
    );
    if (limit !== null) young.reverse();
    const chosen: Block[] = [];
    for (const block of young) {
      const names = new Set(chosen.map(({ source }) => source));
      const enough = chosen.length * BLOCK_BITS >= bits;
      if (names.size < sources ? !names.has(block.source) : !enough) chosen.push(block);
    }
    const names = new Set(chosen.map(({ source }) => source));
    return names.size >= sources && chosen.length * BLOCK_BITS >= bits ? chosen : null;
  }
}

function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x5a);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function recordOf({ id, source, wall }: Block): EntropyBlock {
  return {
    id,
    source,
    windows: [],
    component: "a test",
    inputBits: 1152,
    inputEntropy: 576,
    outputBits: BLOCK_BITS,
    outputEntropy: BLOCK_BITS,
    fullEntropy: true,
    credited: true,
    toMilliseconds: wall,
  };
}

function shortfall(unmet: readonly Unmet[]): Shortfall {
  return { type: "shortfall", unmet, detail: `a test has no ${unmet.join()}` };
}

export type StoreMode = "takes" | "fails" | "hangs";

/** Writes that succeed, fail, or wait until the test says how they end. */
class ScriptedStore {
  mode: StoreMode = "takes";
  readonly #waiting: ((taken: boolean) => void)[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  async write(): Promise<void> {
    let taken = this.mode === "takes";
    if (this.mode === "hangs") {
      taken = await new Promise<boolean>((resolve) => this.#waiting.push(resolve));
    }
    if (!taken) throw new Error("the disk is full");
  }

  /** Ends every write that hangs. */
  release(taken: boolean): void {
    for (const end of this.#waiting.splice(0)) end(taken);
  }
}

export class ScriptedSeedRecorder extends ScriptedStore implements SeedRecorder {
  readonly durable = new Map<string, Seed>();
  /** In the order in which they were made; `ScriptedSeeds.taken` is in the same order. */
  readonly made: Seed[] = [];

  async record(seed: Seed): Promise<void> {
    this.made.push(seed);
    await this.write();
    this.durable.set(seed.id, seed);
  }
}

export class ScriptedOutputRecorder extends ScriptedStore implements OutputRecorder {
  readonly durable = new Map<string, Output>();
  /** Each generate, in its order. */
  readonly generated: (seed: string, bytes: number) => void;

  constructor(generated: (seed: string, bytes: number) => void) {
    super();
    this.generated = generated;
  }

  async record(output: Output): Promise<void> {
    this.generated(output.seed, output.bytes);
    await this.write();
    this.durable.set(output.id, output);
  }

  count(seed: string, _principal: string, _door: string, _purpose: string, bytes: number): void {
    this.generated(seed, bytes);
  }
}
