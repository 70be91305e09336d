import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Approvals } from "../approval/approvals.ts";
import type { Asker } from "../managed/asker.ts";
import { isRefusal } from "../managed/keyUser.ts";
import type { KeyExporter } from "./keyExporter.ts";
import type { Recipient } from "./recipient.ts";
import type { SealedKey } from "./seal.ts";

/** What left. */
export interface Exported {
  readonly key: string;
  readonly version: number;
  /** Digest of the recipient's public key. */
  readonly recipient: string;
  readonly sealed: SealedKey;
}

const NOT_FOR_THIS = refuse("approval_required", "The intent is for another key or recipient.", {
  remedy: "Have custodians approve an intent for this version and this recipient's digest.",
});

/**
 * Exports what custodians approved, to whom they approved it; the intent is used up by it.
 * @throws SpringhouseError `store_failed`: nothing left, and the intent is as it was
 */
export async function exportApproved(
  approvals: Pick<Approvals, "spend">,
  exporter: Pick<KeyExporter, "export">,
  {
    key,
    recipient,
    intent: id,
  }: { readonly key: string; readonly recipient: Recipient; readonly intent: string },
  asker: Asker,
): Promise<Exported | Refusal> {
  const exported: Exported[] = [];
  const spent = await approvals.spend(id, "key.export", asker, async (approved) => {
    const { digest, document, writes } = approved;
    const { command, revision } = document;
    if (command.op !== "key.export" || command.key !== key) return NOT_FOR_THIS;
    if (command.recipient !== recipient.digest) return NOT_FOR_THIS;
    const { version } = command;
    const intent = { digest, revision, writes };
    const sealed = await exporter.export({ key, version, recipient, intent }, asker);
    if (isRefusal(sealed)) return sealed;
    exported.push({ key, version, recipient: recipient.digest, sealed });
    return null;
  });
  return "ok" in spent ? spent : exported[0]!;
}
