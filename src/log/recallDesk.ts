import { recall } from "../lineage/recall.ts";
import type { Clock } from "../port/clock.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { RecallLine, RecallOrder } from "../port/recall.ts";
import type { Store, Write } from "../store/store.ts";
import type { TransparencyLog } from "./transparencyLog.ts";

export interface RecallDeskTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: TransparencyLog;
  /** Keeps an event, and what it tells of, in one transaction. */
  readonly record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>;
}

/** Recalls: what they find is told line by line, and that somebody asked is a leaf and an event. */
export class RecallDesk {
  readonly #terms: RecallDeskTerms;

  constructor(terms: RecallDeskTerms) {
    this.#terms = terms;
  }

  /**
   * @param actor id of who asks
   * @returns every affected output, and last the summary, once its leaf and event are durable
   * @throws SpringhouseError `store_failed`: then the summary does not come
   */
  async *run(order: RecallOrder, actor: string, reason: string | null): AsyncGenerator<RecallLine> {
    const { clock, store, log, record } = this.#terms;
    const { source, fromMilliseconds, toMilliseconds } = order;
    let outputs = 0;
    let failing = 0;
    for await (const recalled of recall(store, order)) {
      outputs++;
      if (!recalled.holds) failing++;
      yield { record: "output", ...recalled };
    }
    const at = clock.wallMilliseconds();
    const event: ServiceEvent = {
      kind: "source_recalled",
      atMilliseconds: at,
      source,
      severity: failing > 0 ? "critical" : "info",
      actor,
      reason,
      detail: `${outputs} keys and receipted outputs drew on ${source} then; ${failing} no longer have their strength`,
      data: { fromMilliseconds, toMilliseconds, outputs, failing },
    };
    await log.append(
      {
        v: 1,
        kind: "recall",
        at,
        actor,
        source,
        from: fromMilliseconds,
        to: toMilliseconds,
        outputs,
        failing,
        ...(reason === null ? {} : { reason }),
      },
      [],
      (batch) => record(event, batch),
    );
    yield { record: "recall", ...order, outputs, failing };
  }
}
