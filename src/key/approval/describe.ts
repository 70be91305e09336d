import type { CustodianDescription, IntentDescription } from "../../port/approval.ts";
import type { CustodianKey } from "./custodian.ts";
import { digestOf, documentText, type Intent, namespaceOf, stateAt } from "./intent.ts";
import { armorSshSignature } from "./sshSignature.ts";

/** All that it takes to check the approvals without the service. */
export function describeIntent(
  intent: Intent,
  custodians: readonly CustodianKey[],
  atMilliseconds: number,
): IntentDescription {
  const { document, approvals } = intent;
  return {
    id: document.id,
    state: stateAt(intent, atMilliseconds),
    document: documentText(document),
    digest: digestOf(document),
    namespace: namespaceOf(document),
    required: document.required,
    approvals: approvals.map(({ person, fingerprint, signature, atMilliseconds: at }) => ({
      person,
      fingerprint,
      publicKey: custodians.find((key) => key.fingerprint === fingerprint)?.line ?? "",
      signature: armorSshSignature(signature),
      atMilliseconds: at,
    })),
    changedMilliseconds: intent.changedMilliseconds,
  };
}

export function describeCustodian({ line, ...key }: CustodianKey): CustodianDescription {
  return { ...key, publicKey: line };
}
