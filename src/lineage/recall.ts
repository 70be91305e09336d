import { KEY_STATES } from "../port/key.ts";
import type { Output, Seed } from "../port/lineage.ts";
import type { RecalledOutput, RecallOrder } from "../port/recall.ts";
import type { Row, Store } from "../store/store.ts";
import { Fields } from "./fields.ts";
import { toOutput, toSeed } from "./rows.ts";

/** Seeds looked at in one step, with all of their windows: some milliseconds of the database's time. */
const SEEDS_IN_STEP = 256;
const OUTPUTS_IN_PAGE = 64;
/** Every instance runs at s = 256 (SP 800-90A table 2); who asked for nothing was given that. */
const SECURITY_STRENGTH = 256;

/**
 * Whether an output keeps its strength without one source. The source is taken out whole, also where
 * only some of its windows are bad; what earlier seeds had left in the instance's state counts for
 * nothing.
 */
export function without(source: string, seed: Seed, output: Output): Omit<RecalledOutput, "key"> {
  const sourceBits = seed.credits
    .filter((credit) => credit.source === source)
    .reduce((sum, { assessedBits }) => sum + assessedBits, 0);
  const remainingBits = seed.parent ? seed.parent.securityStrength : seed.creditedBits - sourceBits;
  const strength = output.requirement.strength ?? SECURITY_STRENGTH;
  return {
    output,
    creditedBits: seed.creditedBits,
    sourceBits,
    remainingBits,
    strength,
    holds: remainingBits >= strength,
  };
}

/**
 * Every kept output (keys and receipted outputs have a record each) whose seed drew on the noise, in the
 * order of the seeds. Goes through all seeds a step at a time and by no clock but the windows' own.
 * Rejects with `store_failed` when the database cannot be read.
 */
export async function* recall(store: Store, order: RecallOrder): AsyncGenerator<RecalledOutput> {
  const { source, fromMilliseconds, toMilliseconds } = order;
  for (let after = 0; ;) {
    const page = await store.read("recall.seeds", [
      source,
      fromMilliseconds,
      toMilliseconds,
      after,
      SEEDS_IN_STEP,
    ]);
    for (const row of page) {
      const fields = new Fields(row, "seed");
      after = fields.integer("sequence");
      if (fields.flag("affected")) yield* outputsOf(store, source, fields.text("id"));
    }
    if (page.length < SEEDS_IN_STEP) return;
  }
}

function keyOf(row: Row): RecalledOutput["key"] {
  const fields = new Fields(row, "key version");
  const id = fields.textOrNull("key_id");
  if (id === null) return null;
  const version = fields.integer("key_version");
  return { id, version, state: fields.oneOf("key_state", KEY_STATES) };
}

async function* outputsOf(
  store: Store,
  source: string,
  id: string,
): AsyncGenerator<RecalledOutput> {
  const row = (await store.read("seed.byId", [id]))[0];
  // The retention policy removed it since the page was read; a seed with a key is never removed.
  if (!row) return;
  const seed = toSeed(row, []);
  for (let after = 0; ;) {
    const page = await store.read("recall.outputs", [id, after, OUTPUTS_IN_PAGE]);
    for (const outputRow of page) {
      const output = toOutput(outputRow);
      after = output.counter;
      yield { ...without(source, seed, output), key: keyOf(outputRow) };
    }
    if (page.length < OUTPUTS_IN_PAGE) return;
  }
}
