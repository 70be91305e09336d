import type { HealthHistory, HealthMemory } from "../port/healthMemory.ts";
import type { Store } from "./store.ts";

const COLLECTION = "source-health";
const DAY_MILLISECONDS = 86_400_000;
/**
 * Rows of sources that are no longer configured stay while they say failed, since taking a source
 * out of the configuration and putting it back is no reset. More than these are not kept.
 */
const FORGOTTEN_SOURCES = 256;

/**
 * Health histories as documents. A crash before the queued write is durable is the one gap.
 * @throws SpringhouseError `store_failed`; Error for a row that cannot be read, as it may be a latch
 */
export async function openHealthMemory(
  store: Store,
  configured: readonly string[],
  nowMilliseconds: number,
): Promise<HealthMemory & { stop(): void }> {
  const histories = new Map<string, HealthHistory>();
  const unwritten = new Set<string>();
  const rows = await store.read("document.all", [COLLECTION]);
  const newestFirst = rows.toSorted((one, other) => Number(other["at_ms"]) - Number(one["at_ms"]));
  let others = 0;
  for (const row of newestFirst) {
    const source = String(row["id"]);
    const history = parse(source, String(row["body"]));
    const counts =
      history.latch !== null ||
      history.startupFailures > 0 ||
      history.incidents.some((at) => nowMilliseconds - at < DAY_MILLISECONDS);
    const kept = configured.includes(source) || (counts && (others += 1) <= FORGOTTEN_SOURCES);
    histories.set(source, kept ? history : { latch: null, incidents: [], startupFailures: 0 });
    if (!kept) write(source);
  }

  function write(source: string): void {
    const history = histories.get(source);
    if (!history) return;
    const { latch, incidents, startupFailures } = history;
    const empty = latch === null && incidents.length === 0 && startupFailures === 0;
    const at = Math.max(latch?.atMilliseconds ?? 0, ...incidents);
    unwritten.add(source);
    store
      .write([
        empty
          ? { statement: "document.remove", parameters: [COLLECTION, source] }
          : {
              statement: "document.put",
              parameters: [COLLECTION, source, JSON.stringify(history), at],
            },
      ])
      .then(
        () => histories.get(source) === history && unwritten.delete(source),
        () => {}, // The store tells that it fails; it is written when it works again.
      );
  }

  const forget = store.onHealthChange(({ ok }) => {
    if (ok) for (const source of unwritten) write(source);
  });
  return {
    recall: (source) => histories.get(source) ?? null,
    remember(source, history) {
      histories.set(source, history);
      write(source);
    },
    stop: forget,
  };
}

function parse(source: string, body: string): HealthHistory {
  const history = JSON.parse(body) as HealthHistory;
  if (
    !Array.isArray(history.incidents) ||
    !history.incidents.every(Number.isFinite) ||
    !Number.isSafeInteger(history.startupFailures) ||
    !(history.latch === null || typeof history.latch?.reason === "string")
  )
    throw new Error(`the stored health of ${source} cannot be read`);
  return history;
}
