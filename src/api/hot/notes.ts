import type { Refusal } from "../../port/errors.ts";
import type { Context } from "../context.ts";
import type { DefectPlace } from "../problem.ts";
import { HOT_ROUTE } from "./head.ts";

/** What the log and the console have of heads that another thread refused. It counts for the metrics. */
export interface HotNotes {
  /** @param principal its id */
  readonly refused: (refusal: Refusal, id: string, principal: string) => void;
  /** So many more that have no line of their own. */
  readonly suppressed: (refusal: Refusal, principal: string, count: number) => void;
  readonly defect: (place: DefectPlace, id: string) => void;
}

export function hotNotesOf(context: Context): HotNotes {
  return {
    refused: (refusal, id, principal) => context.tell(refusal, id, "GET", HOT_ROUTE, principal),
    suppressed(refusal, principal, count) {
      context.recentRefusals.note(refusal, "GET", HOT_ROUTE, principal, count);
      context.refusals.suppress(count);
    },
    defect: (place, id) => context.tellDefect(place, id),
  };
}
