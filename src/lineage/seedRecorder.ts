import type { EntropyBlock, SampleWindow } from "../port/lineage.ts";
import type { SeedRecorder } from "../port/seed.ts";
import type { Store } from "../store/store.ts";
import { blockWrites, seedWrites, windowWrite } from "./rows.ts";

/**
 * Keeps a seed with its blocks and their windows in one transaction, windows first, as the foreign
 * keys demand. Blocks and windows that the seed does not name are not kept. It rejects with
 * `store_failed` when the disk does not take it, and with `internal` when a block or window is
 * missing, a seed's id comes twice, or a credited block was already in another seed.
 */
export function createSeedRecorder(store: Store): SeedRecorder {
  return {
    async record(seed, blocks, windows) {
      const used = named(blocks, [...seed.blocks, ...seed.uncreditedBlocks]);
      const seen = named(
        windows,
        used.flatMap((block) => block.windows),
      );
      await store.write([
        ...seen.map(windowWrite),
        ...used.flatMap(blockWrites),
        ...seedWrites(seed),
      ]);
    },
  };
}

function named<T extends EntropyBlock | SampleWindow>(
  records: readonly T[],
  ids: readonly string[],
): T[] {
  const wanted = new Set(ids);
  return records.filter(({ id }) => wanted.delete(id));
}
