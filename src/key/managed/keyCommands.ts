import type { KeyTransition } from "../../port/key.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Approved, CommandKeepers, Requester } from "../approval/commandKeeper.ts";
import { isExpired } from "../lifecycle/record.ts";
import { transition } from "../lifecycle/transition.ts";
import type { KeyDescription, KeyReader } from "./keyReader.ts";
import type { KeyService } from "./keyService.ts";

type Terms = {
  readonly service: Pick<KeyService, "transit" | "now">;
  readonly reader: Pick<KeyReader, "get">;
};

/** What is done with keys only with the leave of custodians. Destruction has a room of its own. */
export function keyCommands({ service, reader }: Terms): CommandKeepers {
  return {
    "key.restore": {
      look: ({ key, version }, requester) =>
        lookAt({ service, reader }, key, version, "restore", requester),
      execute: ({ key, version }, approved, requester) =>
        execute(service, { transition: "restore", key, version }, approved, requester),
    },
    "key.process": {
      look: ({ key, version }, requester) =>
        lookAt({ service, reader }, key, version, "process", requester),
      execute({ key, version, hours }, approved, requester) {
        const untilMilliseconds = service.now() + hours * 3_600_000;
        const order = { transition: "process", key, version, untilMilliseconds } as const;
        return execute(service, order, approved, requester);
      },
    },
    "key.export": {
      async look({ key, version }, requester) {
        const found = await reader.get(key, requester);
        if ("ok" in found) return found;
        if (!found.exportable)
          return refuse("conflict", "The key is not exportable, and never will be.", {
            remedy: "Use it here, or create another that is exportable.",
          });
        const state = found.versions[version - 1]?.state;
        if (state === "active") return { revision: found.revision };
        return refuse("conflict", `Version ${version} is ${state ?? "not there"}, and not active.`);
      },
    },
  };
}

interface Wanted {
  readonly transition: KeyTransition;
  readonly key: string;
  readonly version: number;
  readonly untilMilliseconds?: number;
}

async function execute(
  service: Terms["service"],
  { key, ...wanted }: Wanted,
  { digest, document, writes }: Approved,
  requester: Requester,
): Promise<Refusal | null> {
  const { transition: move, version } = wanted;
  const { reason, revision } = document;
  const approval = { digest, key, version, transition: move, revision: revision! };
  const order = { ...wanted, reason, occurredMilliseconds: null, approval };
  const changed = await service.transit(key, order, requester, revision, () => null, writes);
  return "ok" in changed ? changed : null;
}

/** Whether a transition that needs leave could be made with it. */
export async function lookAt(
  { service, reader }: Terms,
  key: string,
  version: number,
  wanted: KeyTransition,
  requester: Requester,
): Promise<{ readonly revision: number; readonly key: KeyDescription } | Refusal> {
  const found = await reader.get(key, requester);
  if ("ok" in found) return found;
  const { revision, versions } = found;
  const state = versions[version - 1]?.state;
  if (state === undefined) return refuse("not_found", `The key has no version ${version}.`);
  const judged = transition(state, wanted, {
    expired: isExpired(found, service.now()),
    approval: { digest: "", key, version, transition: wanted, revision },
  });
  return "ok" in judged ? judged : { revision, key: found };
}
