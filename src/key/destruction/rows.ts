import { Fields, isListOf } from "../../lineage/fields.ts";
import {
  DESTRUCTION_STATES,
  type DestructionDescription,
  type DestructionStatement,
  type EndedSlot,
} from "../../port/destruction.ts";
import type { Row, Store, Write } from "../../store/store.ts";

export interface Destruction extends DestructionDescription {
  /** Of the approved intent. */
  readonly digest: string;
  /** Live when the material was removed; null before. */
  readonly epoch: number | null;
  /** Signed; null before it is destroyed. */
  readonly note: string | null;
  /** Id of the receipt's leaf. */
  readonly leaf: string | null;
}

const isText = (value: unknown): value is string => typeof value === "string";

export function toDestruction(row: Row): Destruction {
  const fields = new Fields(row, `destruction ${String(row["id"])}`);
  return {
    id: fields.text("id"),
    key: fields.text("key"),
    version: fields.integer("version"),
    digest: fields.text("digest"),
    requester: fields.text("requester"),
    approvers: fields.json("approvers", isListOf(isText)),
    state: fields.oneOf("state", DESTRUCTION_STATES),
    scheduledMilliseconds: fields.number("scheduled_ms"),
    dueMilliseconds: fields.number("due_ms"),
    changedMilliseconds: fields.number("changed_ms"),
    epoch: row["epoch"] === null ? null : fields.integer("epoch"),
    note: fields.textOrNull("note"),
    leaf: fields.textOrNull("leaf"),
  };
}

export function scheduleWrite(one: Omit<Destruction, "state" | "epoch" | "note" | "leaf">): Write {
  const { id, key, version, digest, requester, approvers } = one;
  const { scheduledMilliseconds, dueMilliseconds } = one;
  return {
    statement: "destruction.insert",
    parameters: [
      id,
      key,
      version,
      digest,
      requester,
      JSON.stringify(approvers),
      scheduledMilliseconds,
      dueMilliseconds,
      scheduledMilliseconds,
    ],
  };
}

export function cancelWrite(id: string, atMilliseconds: number): Write {
  return { statement: "destruction.cancel", parameters: [atMilliseconds, id] };
}

export function removeWrite(id: string, epoch: number, atMilliseconds: number): Write {
  return { statement: "destruction.remove", parameters: [epoch, atMilliseconds, id] };
}

export function completeWrite(
  id: string,
  { note, leaf }: { readonly note: string; readonly leaf: string },
  atMilliseconds: number,
): Write {
  return { statement: "destruction.complete", parameters: [note, leaf, atMilliseconds, id] };
}

export function describeDestruction(one: Destruction): DestructionDescription {
  const { digest: _digest, epoch: _epoch, note: _note, leaf: _leaf, ...shown } = one;
  return shown;
}

/** Slots that were removed while the epoch was live: nobody ended them since. */
export async function removedSlots(
  store: Pick<Store, "read">,
  epoch: number,
): Promise<readonly EndedSlot[]> {
  const rows = await store.read("removedSlot.ofEpoch", [epoch]);
  return rows.map((row) => ({
    slot: String(row["id"]),
    name: String(row["name"]),
    kind: String(row["kind"]),
    epoch,
    assurance: "best-effort",
    detail: "It was removed while the epoch was live; a copy of the database from before has it.",
  }));
}

/** Backups that may hold a version that was born then. */
export async function backupsSince(
  store: Pick<Store, "read">,
  bornMilliseconds: number,
): Promise<DestructionStatement["backups"]> {
  const rows = await store.read("backup.since", [bornMilliseconds]);
  return rows.map((row) => ({
    id: String(row["id"]),
    created: Number(row["created_ms"]),
    epoch: Number(row["epoch"]),
    recipients: Number(row["recipients"]),
  }));
}
