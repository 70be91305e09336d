import { recall } from "../lineage/recall.ts";
import type { Clock } from "../port/clock.ts";
import type { Refusal } from "../port/errors.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { RecalledOutput, RecallLine, RecallOrder } from "../port/recall.ts";
import type { Store, Write } from "../store/store.ts";
import type { TransparencyLog } from "./transparencyLog.ts";

const SUSPENDED = "suspended";

export interface RecallDeskTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: TransparencyLog;
  /** Keeps an event, and what it tells of, in one transaction. */
  readonly record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>;
  /** Suspends a version of a managed key. @returns why it could not, or null */
  readonly suspend: (
    key: string,
    version: number,
    act: { readonly actor: string; readonly reason: string },
  ) => Promise<Refusal | null>;
}

export interface RecallRun {
  readonly order: RecallOrder;
  /** Id of who asks. */
  readonly actor: string;
  readonly reason: string | null;
  /** Whether to suspend each active key that no longer has its strength. */
  readonly suspend: boolean;
}

/** Recalls: what they find is told line by line, and that somebody asked is a leaf and an event. */
export class RecallDesk {
  readonly #terms: RecallDeskTerms;

  constructor(terms: RecallDeskTerms) {
    this.#terms = terms;
  }

  /**
   * @returns every affected output, and last the summary, once its leaf and event are durable
   * @throws SpringhouseError `store_failed`: then the summary does not come
   */
  async *run({ order, actor, reason, suspend }: RecallRun): AsyncGenerator<RecallLine> {
    const { clock, store, log, record } = this.#terms;
    const { source, fromMilliseconds, toMilliseconds } = order;
    let outputs = 0;
    let failing = 0;
    let suspended = 0;
    let unsuspended = 0;
    for await (const recalled of recall(store, order)) {
      outputs++;
      if (!recalled.holds) failing++;
      const suspension = suspend ? await this.#suspend(recalled, actor, source) : null;
      if (suspension === SUSPENDED) suspended++;
      else if (suspension !== null && recalled.key?.state === "active") unsuspended++;
      yield { record: "output", suspension, ...recalled };
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
      data: { fromMilliseconds, toMilliseconds, outputs, failing, suspended },
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
        suspended,
        ...(reason === null ? {} : { reason }),
      },
      [],
      (batch) => record(event, batch),
    );
    yield { record: "recall", ...order, outputs, failing, suspended, unsuspended };
  }

  /** @returns "suspended", why not, or null where there is nothing to suspend */
  async #suspend(
    { key, holds }: RecalledOutput,
    actor: string,
    source: string,
  ): Promise<string | null> {
    if (holds || key === null) return null;
    // Only what is active protects anything (SP 800-57 part 1 7.3).
    if (key.state !== "active") return `version ${key.version} is ${key.state}`;
    const act = { actor, reason: `recall of ${source}` };
    const refusal = await this.#terms.suspend(key.id, key.version, act);
    return refusal === null ? SUSPENDED : refusal.detail;
  }
}
