import { isListOf, Fields } from "../../lineage/fields.ts";
import { INTENT_STATES, type IntentDocument } from "../../port/approval.ts";
import { SpringhouseError } from "../../port/errors.ts";
import type { Row, Store, Write } from "../../store/store.ts";
import type { CustodianKey } from "./custodian.ts";
import { type Approval, digestOf, documentText, type Intent } from "./intent.ts";

const isText = (value: unknown): value is string => typeof value === "string";

/** @throws SpringhouseError `store_failed` */
export async function readCustodians(store: Pick<Store, "read">): Promise<CustodianKey[]> {
  const rows = await store.read("custodianKey.all", []);
  return rows.map((row) => {
    const fields = new Fields(row, `custodian's key ${String(row["fingerprint"])}`);
    return {
      person: fields.text("person"),
      fingerprint: fields.text("fingerprint"),
      line: fields.text("public_key"),
      principals: fields.json("principals", isListOf(isText)),
      enrolledMilliseconds: fields.number("enrolled_ms"),
      removedMilliseconds: row["removed_ms"] === null ? null : fields.number("removed_ms"),
    };
  });
}

export function custodianWrite(key: CustodianKey): Write {
  const { fingerprint, person, line, principals, enrolledMilliseconds } = key;
  return {
    statement: "custodianKey.insert",
    parameters: [fingerprint, person, line, JSON.stringify(principals), enrolledMilliseconds],
  };
}

export function custodianRemoval(fingerprint: string, atMilliseconds: number): Write {
  return { statement: "custodianKey.remove", parameters: [atMilliseconds, fingerprint] };
}

export function intentWrite(intent: Intent): Write {
  const { document, state, changedMilliseconds } = intent;
  return {
    statement: "intent.insert",
    parameters: [
      document.id,
      document.requester,
      documentText(document),
      digestOf(document),
      state,
      changedMilliseconds,
    ],
  };
}

/** The database takes it only from a state that it can come from. */
export function moveWrite({ document, state, changedMilliseconds }: Intent): Write {
  return { statement: "intent.move", parameters: [state, changedMilliseconds, document.id] };
}

export function approvalWrite(intent: string, approval: Approval): Write {
  const { person, fingerprint, signature, atMilliseconds } = approval;
  return {
    statement: "intentApproval.insert",
    parameters: [intent, person, fingerprint, signature, atMilliseconds],
  };
}

/** @throws SpringhouseError `store_failed`, also for a document that was changed by another hand */
export async function readIntent(
  store: Pick<Store, "readTogether">,
  id: string,
): Promise<Intent | undefined> {
  const [heads, approvals] = await store.readTogether([
    { statement: "intent.one", parameters: [id] },
    { statement: "intent.approvals", parameters: [id] },
  ]);
  const row = heads?.[0];
  if (!row) return undefined;
  const fields = new Fields(row, `intent ${id}`);
  const text = fields.text("document");
  const document = JSON.parse(text) as IntentDocument;
  if (documentText(document) !== text || digestOf(document) !== fields.text("digest"))
    throw new SpringhouseError(
      "store_failed",
      `The kept intent ${id} is not what was signed.`,
      "Restore the database from a backup.",
    );
  return {
    document,
    state: fields.oneOf("state", INTENT_STATES),
    approvals: (approvals ?? []).map(toApproval),
    changedMilliseconds: fields.number("changed_ms"),
  };
}

function toApproval(row: Row): Approval {
  const fields = new Fields(row, `approval of ${String(row["intent"])}`);
  return {
    person: fields.text("person"),
    fingerprint: fields.text("fingerprint"),
    signature: row["signature"] as Uint8Array,
    atMilliseconds: fields.number("at_ms"),
  };
}
