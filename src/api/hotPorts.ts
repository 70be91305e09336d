import type { Context } from "./context.ts";
import { gatekeepersOf, identityFor } from "./guard.ts";
import { HOT_ROUTE, type HotPorts } from "./hotRandom.ts";

/** The hot route's ports in the process that has the whole house. */
export function hotPortsOf(context: Context, nextId: () => string): HotPorts {
  const { random, access, clock, tally } = context.ports;
  return {
    clock,
    isOpen: () => !context.stopping.signal.aborted,
    identify: identityFor(gatekeepersOf(context), "random.draw"),
    quotas: access.quotas,
    random,
    answered: (status, seconds, bytes) => tally.answered("http", status, seconds, bytes),
    nextId,
    note: (refusal, id, principal) => context.note(refusal, id, "GET", HOT_ROUTE, principal),
    explain: (error, id) => context.explain(error, id),
  };
}
