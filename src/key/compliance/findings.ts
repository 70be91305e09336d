import type { CommandOperation, CustodianDescription } from "../../port/approval.ts";
import type { Finding } from "../../port/compliance.ts";
import type { KeyPurpose } from "../../port/key.ts";
import type { SlotDescription, SlotKind } from "../../port/seal.ts";
import { CRYPTOPERIOD_DAYS, pastCryptoperiod } from "./cryptoperiod.ts";

/** A version that protects. */
export interface ProtectingVersion {
  readonly key: string;
  readonly version: number;
  readonly purpose: KeyPurpose;
  readonly activatedMilliseconds: number;
}

export interface ComplianceFacts {
  readonly atMilliseconds: number;
  readonly protecting: readonly ProtectingVersion[];
  readonly exportable: readonly string[];
  readonly slots: readonly Pick<SlotDescription, "id" | "kind" | "name">[];
  readonly custodians: readonly Pick<CustodianDescription, "person" | "removedMilliseconds">[];
  readonly required: Readonly<Record<CommandOperation, number>>;
  readonly witnesses: readonly {
    readonly name: string;
    readonly lagMilliseconds: number;
  }[];
}

/** Slots whose epoch key nothing but overwriting takes away; of hardware the device itself does. */
const BEST_EFFORT: readonly SlotKind[] = ["passphrase", "key-file"];
/** A witness gets a checkpoint a second where all is well; SP 800-53 AU-9 names no figure. */
const WITNESS_LAG_MILLISECONDS = 60_000;
const DAY_MILLISECONDS = 86_400_000;

/** Everything that stands out, kind by kind. */
export function findingsOf(facts: ComplianceFacts): readonly Finding[] {
  return [
    ...facts.protecting.flatMap((version) => overdue(version, facts.atMilliseconds)),
    ...facts.exportable.map((key): Finding => ({
      kind: "exportable_key",
      subject: key,
      detail: "Its material may leave, with the leave of custodians.",
      remedy: "Create another that is not exportable, if it need not leave.",
    })),
    ...facts.slots
      .filter(({ kind }) => BEST_EFFORT.includes(kind))
      .map(({ id, kind, name }): Finding => ({
        kind: "best_effort_slot",
        subject: id,
        detail: `Slot ${name} (${kind}): an old copy of it opens old epochs, so destruction is best effort.`,
        remedy: "Use slots of hardware, and remove this one.",
      })),
    ...fewCustodians(facts),
    ...witnessFindings(facts),
  ];
}

function overdue(version: ProtectingVersion, atMilliseconds: number): readonly Finding[] {
  const { key, purpose, activatedMilliseconds } = version;
  const past = pastCryptoperiod(purpose, activatedMilliseconds, atMilliseconds);
  if (past <= 0) return [];
  const days = Math.ceil(past / DAY_MILLISECONDS);
  return [
    {
      kind: "past_cryptoperiod",
      subject: `${key}/${version.version}`,
      detail: `It protects since ${days} days longer than the ${CRYPTOPERIOD_DAYS[purpose]} days of SP 800-57 part 1 table 1 for ${purpose}.`,
      remedy: "Rotate it, and set `rotation.everyDays` in its policy.",
    },
  ];
}

function fewCustodians({ custodians, required }: ComplianceFacts): readonly Finding[] {
  const people = new Set(
    custodians
      .filter(({ removedMilliseconds }) => removedMilliseconds === null)
      .map(({ person }) => person),
  );
  return Object.entries(required).flatMap(([operation, needed]): Finding[] => {
    if (needed >= 2 && people.size >= needed) return [];
    return [
      {
        kind: "few_custodians",
        subject: operation,
        detail:
          needed < 2
            ? `One custodian alone allows it; there are ${people.size}.`
            : `It needs ${needed} people, and there are ${people.size}: nobody can do it.`,
        remedy: "Enrol custodians, and ask for two at least (`approval.required`).",
      },
    ];
  });
}

function witnessFindings({ witnesses }: ComplianceFacts): readonly Finding[] {
  if (witnesses.length === 0)
    return [
      {
        kind: "no_witness",
        subject: "transparency.witnesses",
        detail: "Nobody else holds a checkpoint: who owns the log could show another one.",
        remedy: "Configure a witness on another host.",
      },
    ];
  return witnesses.flatMap(({ name, lagMilliseconds }): Finding[] => {
    if (lagMilliseconds <= WITNESS_LAG_MILLISECONDS) return [];
    return [
      {
        kind: "witness_lags",
        subject: name,
        detail: `It lacks the last checkpoint for ${Math.round(lagMilliseconds / 1000)} s.`,
        remedy: "See that it can be reached, and what it answers.",
      },
    ];
  });
}
