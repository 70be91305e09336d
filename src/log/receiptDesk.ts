import type { Clock } from "../port/clock.ts";
import type { PendingOutputs, RandomSupply } from "../port/draw.ts";
import { refuse, SpringhouseError, type Refusal } from "../port/errors.ts";
import { parseOutputId } from "../lineage/ids.ts";
import { outputWrite } from "../lineage/rows.ts";
import type { OutputStory, Requirement, Seed } from "../port/lineage.ts";
import type { LineageReader } from "../port/service.ts";
import { birthOf, type LineageRecords, type Maker } from "./birth.ts";
import { commitmentTo, SALT_BYTES } from "./commitment.ts";
import { decodeLeaf, type Leaf, type LeafOf } from "./leaf.ts";
import { damagedLog } from "./logReader.ts";
import { birthsIn, outputDomain, RECEIPT_FORMAT, type Receipt } from "./receipt.ts";
import type { Inclusion, TransparencyLog } from "./transparencyLog.ts";

/** Every instance runs at s = 256 (SP 800-90A table 2). */
const SECURITY_STRENGTH = 256;
/** A checkpoint that is later than this is not waited for: it comes within a second or something is wrong. */
const LATE_MILLISECONDS = 5000;

/** What was given to somebody who wants a receipt of it. */
export interface Given {
  readonly what: "random" | "key";
  readonly type?: string;
  readonly format?: string;
  /** Random bytes that were drawn for it. */
  readonly bytes: number;
  /** The outputs, whose records are kept with the receipt's leaf. */
  readonly pending: PendingOutputs;
  readonly asked: Requirement;
  /** Committed to, and forgotten. */
  readonly value: Uint8Array;
}

export interface IssuedReceipt {
  readonly receipt: Receipt;
  /** Opens the commitment; for the holder of the value alone. The caller overwrites it. */
  readonly salt: Uint8Array;
}

export interface ReceiptDeskTerms {
  readonly clock: Clock;
  readonly log: TransparencyLog;
  readonly lineage: Pick<LineageReader, "output">;
  readonly random: RandomSupply;
  readonly maker: Maker;
}

/** Issues receipts: a leaf for what was given, and its proof under the next checkpoint. */
export class ReceiptDesk {
  readonly #terms: ReceiptDeskTerms;

  constructor(terms: ReceiptDeskTerms) {
    this.#terms = terms;
  }

  /** Why no receipt can be had now; to be asked before anything is drawn for one. */
  unavailable(): Refusal | null {
    const { behindMilliseconds } = this.#terms.log;
    if (behindMilliseconds <= LATE_MILLISECONDS) return null;
    const detail = `The log's checkpoint is ${Math.round(behindMilliseconds / 1000)} s behind, so no receipt can be given. Nothing was drawn.`;
    return refuse("store_failed", detail, { retryAfterSeconds: 5 });
  }

  /**
   * @param given all of them get a receipt, or none
   * @param principal id of who takes them
   * @returns a Refusal of the salts' draw, or of outputs that were overtaken
   * @throws SpringhouseError `store_failed`: then what was given must not be answered
   */
  async issue(
    given: readonly Given[],
    principal: string,
  ): Promise<readonly IssuedReceipt[] | Refusal> {
    const drawn = await this.#terms.random.draw({
      bytes: given.length * SALT_BYTES,
      door: "internal",
      principal,
      purpose: "commitment salt",
      requirement: {},
    });
    if (!drawn.ok) return drawn;
    const stories = this.#stories();
    try {
      const issued = await Promise.all(
        given.map((one, at) => {
          const salt = drawn.bytes.slice(at * SALT_BYTES, (at + 1) * SALT_BYTES);
          return this.#issueOne(one, principal, salt, stories);
        }),
      );
      const overtaken = given.map(({ pending }) => pending.refusal()).find((one) => one !== null);
      return overtaken ?? issued;
    } finally {
      drawn.bytes.fill(0);
    }
  }

  /**
   * The receipt of any leaf, as the answer to what wrote it named it.
   * @param mine the only actor whose leaves are told of; null tells of everybody's
   * @returns undefined for an id of no leaf that may be told of
   * @throws SpringhouseError `store_failed`, `conflict` where the lineage behind it is not kept any more
   */
  async receiptOf(id: string, mine: string | null): Promise<Receipt | undefined> {
    const inclusion = await this.#terms.log.inclusion(id);
    if (!inclusion) return undefined;
    const leaf = this.#leafOf(inclusion);
    if (mine !== null && leaf.actor !== mine) return undefined;
    const stories = this.#stories();
    const told = await Promise.all(birthsIn(leaf).map(({ output }) => stories(output)));
    return this.#receipt(leaf, inclusion, told.map(recordsOf));
  }

  #leafOf({ position, entry }: Inclusion): Leaf {
    const { leaf } = decodeLeaf(Buffer.from(entry));
    if (!leaf) throw damagedLog(`leaf ${position}`);
    return leaf;
  }

  /** @param lineage the records that the births' digests are of, in their order */
  #receipt(
    leaf: Leaf,
    { position, proof, checkpoint }: Inclusion,
    lineage: readonly LineageRecords[],
  ): Receipt {
    const { log } = this.#terms;
    return {
      format: RECEIPT_FORMAT,
      leaf,
      position,
      proof: proof.map((hash) => Buffer.from(hash).toString("base64")),
      checkpoint: checkpoint.note,
      lineage,
      ...(log.handovers.length > 0 ? { handovers: log.handovers } : {}),
      verifierKey: log.verifierKey,
    };
  }

  /** Outputs of one seed share all of their story but their own id; it is read once. */
  #stories(): Stories {
    const { lineage } = this.#terms;
    const ofSeed = new Map<string, ReturnType<typeof lineage.output>>();
    return async (id) => {
      const seed = parseOutputId(id)?.seed ?? id;
      const reading = ofSeed.get(seed) ?? lineage.output(id);
      ofSeed.set(seed, reading);
      const story = await reading;
      if (!story)
        throw new SpringhouseError("conflict", `The lineage behind ${id} is not kept any more.`);
      return { ...story, id };
    };
  }

  async #issueOne(
    given: Given,
    principal: string,
    salt: Uint8Array,
    stories: Stories,
  ): Promise<IssuedReceipt> {
    const { clock, log, maker } = this.#terms;
    const { what, type, format, bytes, pending, asked, value } = given;
    const outputs = pending.outputs.map(({ id: output }) => output);
    const told = await Promise.all(outputs.map((id) => stories(id)));
    const at = clock.wallMilliseconds();
    const leaf: LeafOf<"output"> = {
      v: 1,
      kind: "output",
      at,
      actor: principal,
      what,
      ...(type === undefined ? {} : { type }),
      ...(format === undefined ? {} : { format }),
      bytes,
      asked,
      met: metBy(
        told.map(({ seed }) => seed),
        at,
      ),
      births: told.map((story) => birthOf(story, maker)),
      commitment: commitmentTo(salt, outputDomain(outputs.at(-1)!), value),
    };
    const id = await log.append(leaf, pending.outputs.map(outputWrite));
    const inclusion = await log.inclusion(id);
    if (!inclusion) throw damagedLog(`leaf ${id} is gone`);
    return { receipt: this.#receipt(leaf, inclusion, told.map(recordsOf)), salt };
  }
}

const recordsOf = ({ seed, blocks, windows }: OutputStory): LineageRecords => ({
  seed,
  blocks,
  windows,
});

/** The story of an output, by its id. */
type Stories = (id: string) => Promise<OutputStory>;

function metBy(seeds: readonly Seed[], at: number): LeafOf<"output">["met"] {
  const sources = seeds.map(({ credits }) => credits.filter((one) => one.assessedBits > 0).length);
  const ages = seeds.map(({ materialFromMilliseconds }) => at - materialFromMilliseconds);
  return {
    strength: SECURITY_STRENGTH,
    sources: Math.min(...sources),
    seedAgeSeconds: Math.max(0, ...ages) / 1000,
  };
}
