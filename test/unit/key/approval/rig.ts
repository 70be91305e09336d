import { type Approvals, openApprovals } from "../../../../src/key/approval/approvals.ts";
import { documentText, namespaceOf } from "../../../../src/key/approval/intent.ts";
import type { RequiredApprovals } from "../../../../src/key/approval/intent.ts";
import { keyCommands } from "../../../../src/key/managed/keyCommands.ts";
import { decodeLeaf, type Leaf } from "../../../../src/log/leaf.ts";
import type { Command, IntentDescription, IntentDocument } from "../../../../src/port/approval.ts";
import type { Refusal } from "../../../../src/port/errors.ts";
import { OWNER, openRig as openKeys, type Rig as Keys } from "../managed/rig.ts";
import type { TestCustodian } from "./custodians.ts";

export const TWO: RequiredApprovals = {
  "key.restore": 2,
  "key.destroy": 2,
  "key.export": 2,
  "custodian.enrol": 2,
  "custodian.remove": 2,
  "seal.recover": 2,
};

export interface Rig extends AsyncDisposable {
  readonly keys: Keys;
  readonly approvals: Approvals;
  /** Of the kinds `intent` and `custodian`, and what names an intent. */
  leaves(): Promise<readonly Leaf[]>;
  /** What the next start finds. */
  restarted(): Promise<Approvals>;
}

/** Dual control over managed keys, a real database and a real log. */
export async function openRig(options: Parameters<typeof openKeys>[0] = {}): Promise<Rig> {
  const keys = await openKeys(options);
  let starts = 0;
  const open = (): Promise<Approvals> =>
    openApprovals({
      clock: keys.clock,
      store: keys.store,
      deployment: "log.example/test",
      boot: (++starts).toString(16).padStart(16, "0"),
      required: TWO,
      commands: keyCommands(keys.room),
      record: async (event, writes, leaf) => {
        await keys.log.append(leaf, writes, (batch) => keys.journal.record(event, batch));
      },
      tell: (event) => keys.journal.event(event),
    });
  return {
    keys,
    approvals: await open(),
    restarted: open,
    async leaves() {
      const rows = await keys.store.read("logLeaf.bodies", [0, 1e9]);
      return rows.flatMap(({ body }) => {
        const { leaf } = decodeLeaf(Buffer.from(String(body)));
        return leaf && ("intent" in leaf || leaf.kind === "custodian") ? [leaf] : [];
      });
    },
    [Symbol.asyncDispose]: () => keys[Symbol.asyncDispose](),
  };
}

const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "remedy" in value;

export const taken = <Result>(result: Result | Refusal): Result => {
  if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
  return result;
};

export const enrolment = ({ person, line }: TestCustodian, principals: readonly string[] = []) => ({
  person,
  publicKey: line,
  principals,
});

export const asked = (command: Command, more: { readonly lifetimeSeconds?: number } = {}) =>
  ({ command, reason: null, ifRevision: null, lifetimeSeconds: 3600, ...more }) as const;

export function signatureOf(who: TestCustodian, { document }: IntentDescription): string {
  const read = JSON.parse(document) as IntentDocument;
  return who.sign(documentText(read), namespaceOf(read));
}

/** An active key of `OWNER`'s, suspended. */
export async function suspendedKey({ room }: Keys): Promise<string> {
  const { record } = taken(
    await room.service.create({ type: "aes-256", exportable: true }, {}, OWNER),
  );
  const suspend = { transition: "suspend", version: 1, reason: null } as const;
  taken(
    await room.service.transit(
      record.id,
      { ...suspend, occurredMilliseconds: null, approval: null },
      OWNER,
    ),
  );
  return record.id;
}
