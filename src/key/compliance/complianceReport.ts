import type { CustodianDescription, CommandOperation } from "../../port/approval.ts";
import type { ComplianceReport } from "../../port/compliance.ts";
import { KEY_PURPOSES } from "../../port/key.ts";
import type { ServiceSnapshot } from "../../port/snapshot.ts";
import { Fields } from "../../lineage/fields.ts";
import type { Store } from "../../store/store.ts";
import { CONTROLS } from "./controls.ts";
import { findingsOf } from "./findings.ts";

export interface ComplianceTerms {
  readonly store: Store;
  readonly snapshot: () => Pick<ServiceSnapshot, "vault" | "log">;
  readonly custodians: () => Promise<readonly CustodianDescription[]>;
  readonly required: Readonly<Record<CommandOperation, number>>;
  readonly now: () => number;
}

const STATEMENT =
  "Each control maps to a feature and to tests of it. That is no statement that a control is met, nor a certificate.";

/**
 * How things stand now, for an assessor.
 * @throws SpringhouseError `store_failed`
 */
export async function complianceReport(terms: ComplianceTerms): Promise<ComplianceReport> {
  const { store, required } = terms;
  const atMilliseconds = terms.now();
  const [protecting, exportable] = await store.readTogether([
    { statement: "keyVersion.protecting", parameters: [] },
    { statement: "managedKey.exportable", parameters: [] },
  ]);
  const { vault, log } = terms.snapshot();
  const findings = findingsOf({
    atMilliseconds,
    protecting: (protecting ?? []).map((row) => {
      const fields = new Fields(row, "version");
      return {
        key: fields.text("key"),
        version: fields.integer("version"),
        purpose: fields.oneOf("purpose", KEY_PURPOSES),
        activatedMilliseconds: fields.number("activated_ms"),
      };
    }),
    exportable: (exportable ?? []).map(({ id }) => String(id)),
    slots: vault.slots,
    custodians: await terms.custodians(),
    required,
    witnesses: log.witnesses,
  });
  return { atMilliseconds, statement: STATEMENT, findings, controls: CONTROLS };
}
