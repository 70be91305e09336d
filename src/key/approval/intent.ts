import { hash } from "node:crypto";
import { canonicalJson } from "../../log/canonicalJson.ts";
import type { CommandOperation, IntentDocument, IntentState } from "../../port/approval.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import { actsAs, type CustodianKey, liveKey } from "./custodian.ts";
import { parseSshSignature } from "./sshSignature.ts";

export interface Approval {
  readonly person: string;
  readonly fingerprint: string;
  /** SSHSIG in binary. */
  readonly signature: Uint8Array;
  readonly atMilliseconds: number;
}

/** A command that waits for the leave of several people, and how far it has come. */
export interface Intent {
  readonly document: IntentDocument;
  /** As it was left; `stateAt` says what it is now. */
  readonly state: IntentState;
  /** No two of one person. */
  readonly approvals: readonly Approval[];
  readonly changedMilliseconds: number;
}

/** What custodians sign. */
export function documentText(document: IntentDocument): string {
  return canonicalJson(document);
}

/** SHA-256 of what they sign, in hexadecimal. */
export function digestOf(document: IntentDocument): string {
  return hash("sha256", documentText(document), "hex");
}

/** The namespace of their signatures: one made for another deployment, or for a file, is none here. */
export function namespaceOf({ deployment }: Pick<IntentDocument, "deployment">): string {
  return `approval@${deployment}`;
}

export function newIntent(document: IntentDocument): Intent {
  return { document, state: "pending", approvals: [], changedMilliseconds: document.created };
}

export function isOpen(state: IntentState): boolean {
  return state === "pending" || state === "approved";
}

export function stateAt({ state, document }: Intent, atMilliseconds: number): IntentState {
  return isOpen(state) && atMilliseconds >= document.expires ? "expired" : state;
}

/**
 * One more approval. Enough of them make it approved; further ones are taken too, in case that one of
 * those who approved is no custodian any more when it is executed.
 * @param armored what `ssh-keygen -Y sign` wrote
 * @param poster principal who brings it
 * @returns the Intent with it, or a Refusal `conflict` (its state), `approval_refused`
 */
export function approve(
  intent: Intent,
  armored: string,
  custodians: readonly CustodianKey[],
  { poster, atMilliseconds }: { readonly poster: string; readonly atMilliseconds: number },
): Intent | Refusal {
  const { document, approvals } = intent;
  const state = stateAt(intent, atMilliseconds);
  if (!isOpen(state)) return refuseState(document, state);
  if (poster === document.requester) return unacceptable("Nobody approves what they asked for.");
  const signature = parseSshSignature(armored);
  if (!signature) return unacceptable("This is no SSH signature by a type of key that is taken.");
  const { fingerprint, line } = signature.key;
  const custodian = liveKey(custodians, fingerprint);
  if (!custodian) return unacceptable(`The key ${fingerprint} is no custodian's.`);
  const namespace = namespaceOf(document);
  if (signature.namespace !== namespace)
    return unacceptable(`It was signed under another namespace than ${namespace}.`);
  if (custodian.line !== line || !signature.isOver(Buffer.from(documentText(document))))
    return unacceptable(`It is no signature over the document of ${document.id}.`);
  const { person } = custodian;
  if (actsAs(custodians, person, document.requester))
    return unacceptable(`${person} asked for it, and nobody approves what they asked for.`);
  if (approvals.some((approval) => approval.person === person))
    return unacceptable(`${person} has approved it already; people are counted, and not keys.`);
  const approval = { person, fingerprint, signature: signature.blob, atMilliseconds };
  const all = [...approvals, approval];
  return {
    ...intent,
    approvals: all,
    state: all.length >= document.required ? "approved" : "pending",
    changedMilliseconds: atMilliseconds,
  };
}

/** @returns the Intent that nobody can execute any more, or a Refusal `conflict` */
export function withdraw(intent: Intent, atMilliseconds: number): Intent | Refusal {
  const state = stateAt(intent, atMilliseconds);
  if (!isOpen(state)) return refuseState(intent.document, state);
  return { ...intent, state: "withdrawn", changedMilliseconds: atMilliseconds };
}

/** How things stand when an intent is to be executed. */
export interface Present {
  readonly atMilliseconds: number;
  /** Of what it acts on; null where there is none. */
  readonly revision: number | null;
  readonly custodians: readonly CustodianKey[];
  /** What the policy asks for by now: it may have become stricter, and never counts for less. */
  readonly required: number;
}

/**
 * Whether it can be executed: all is looked at again, for between approval and execution anything may
 * have changed.
 * @returns the people whose approvals count, or a Refusal `conflict`, `revision_changed`,
 *   `approval_required`
 */
export function countApprovals(intent: Intent, present: Present): readonly string[] | Refusal {
  const { document, approvals } = intent;
  const state = stateAt(intent, present.atMilliseconds);
  if (!isOpen(state)) return refuseState(document, state);
  const { custodians } = present;
  const people = approvals
    .filter(({ fingerprint }) => liveKey(custodians, fingerprint) !== undefined)
    .map(({ person }) => person)
    .filter((person) => !actsAs(custodians, person, document.requester));
  const required = Math.max(document.required, present.required);
  if (people.length < required || state !== "approved")
    return refuse(
      "approval_required",
      `${document.id} needs the approval of ${required} people, and has that of ${people.length}.`,
      { remedy: "Have more custodians sign it: `springhouse intent approve`." },
    );
  if (document.revision !== present.revision)
    return refuse(
      "revision_changed",
      `It was approved for revision ${document.revision}, and that is ${present.revision} now.`,
      { remedy: "Look at what changed, and make another intent for how things are." },
    );
  return people;
}

/** After `countApprovals` said that it can be: nobody can do so again. */
export function executed(intent: Intent, atMilliseconds: number): Intent {
  return { ...intent, state: "executed", changedMilliseconds: atMilliseconds };
}

/** How many different people each operation needs. */
export type RequiredApprovals = Readonly<Record<CommandOperation, number>>;

function refuseState({ id }: IntentDocument, state: IntentState): Refusal {
  const detail = isOpen(state) ? `${id} is ${state}.` : `${id} is ${state}, and that is final.`;
  return refuse("conflict", detail, { remedy: "Make another intent." });
}

const unacceptable = (detail: string): Refusal => refuse("approval_refused", detail);
