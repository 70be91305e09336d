import type { CommandOperation } from "./approval.ts";

/** What becomes of intents. `refused`: a signature or an execution that was not taken. */
export const INTENT_ACTS = [
  "opened",
  "approved",
  "executed",
  "refused",
  "withdrawn",
  "expired",
] as const;
export type IntentAct = (typeof INTENT_ACTS)[number];

export const DESTRUCTION_ENDS = ["destroyed", "cancelled"] as const;

/** Figures of what people decide on: intents, destructions, backups. Totals are since the start. */
export interface CustodyFigures {
  readonly intents: Readonly<Record<CommandOperation, Readonly<Record<IntentAct, number>>>>;
  readonly destructions: {
    /** Scheduled, or removed and waiting for their epoch's end. */
    readonly pending: number;
    readonly ended: Readonly<Record<(typeof DESTRUCTION_ENDS)[number], number>>;
    /** Epochs that were ended for destructions. */
    readonly batches: number;
    /** Looks at what was due that found that it has to wait. */
    readonly delays: number;
  };
  /**
   * Since when kept keys have had no newer backup that was taken whole, and none that a drill restored:
   * else since the vault was made. Null without a vault.
   */
  readonly backups: {
    readonly takenMilliseconds: number | null;
    readonly drilledMilliseconds: number | null;
  };
}
