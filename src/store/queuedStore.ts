import type { GroupCommit } from "./groupCommit.ts";
import type { Store } from "./store.ts";

/** A Store of its parts: what is written waits in `queue`; the rest is the adapter's. */
export function queuedStore(
  queue: GroupCommit,
  { readTogether, close }: Pick<Store, "readTogether" | "close">,
): Store {
  return {
    write: (batch) => queue.write(batch),
    readTogether,
    read: async (statement, parameters) =>
      (await readTogether([{ statement, parameters }]))[0] ?? [],
    health: () => queue.health(),
    onHealthChange: (listener) => queue.onHealthChange(listener),
    statistics: () => queue.statistics(),
    close,
  };
}
