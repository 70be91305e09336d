import { birthOf, type Maker } from "../../log/birth.ts";
import type { Birth } from "../../log/leaves/birth.ts";
import { parseOutputId } from "../../lineage/ids.ts";
import type { LineageReader } from "../../port/service.ts";

/** Seeds whose story is remembered: each instance has one live seed and a few prepared. */
const SEEDS_REMEMBERED = 64;

/** Birth certificates. All outputs of one seed have the same story, which is read once. */
export class Births {
  readonly #lineage: Pick<LineageReader, "output">;
  readonly #maker: Maker;
  readonly #ofSeed = new Map<string, Promise<Birth>>();

  constructor(lineage: Pick<LineageReader, "output">, maker: Maker) {
    this.#lineage = lineage;
    this.#maker = maker;
  }

  /**
   * @param output the id of one that was recorded
   * @throws SpringhouseError `store_failed`; Error for an output without a story, which is a defect
   */
  async of(output: string): Promise<Birth> {
    const seed = parseOutputId(output)?.seed;
    if (seed === undefined) throw new Error("an output without a seed");
    const known = this.#ofSeed.get(seed) ?? this.#read(output);
    this.#ofSeed.set(seed, known);
    for (const [oldest] of this.#ofSeed) {
      if (this.#ofSeed.size <= SEEDS_REMEMBERED) break;
      this.#ofSeed.delete(oldest);
    }
    try {
      return { ...(await known), output };
    } catch (error) {
      this.#ofSeed.delete(seed);
      throw error;
    }
  }

  async #read(output: string): Promise<Birth> {
    const story = await this.#lineage.output(output);
    if (!story) throw new Error(`no story of ${output}`);
    return birthOf(story, this.#maker);
  }
}
