import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openCheckpoint } from "../../log/checkpoint.ts";
import { openHandover } from "../../log/handover.ts";
import { parseSignerKey } from "../../log/signer.ts";
import { SqliteEngine } from "../../store/sqliteEngine.ts";
import { DATABASE_FILE } from "../../store/stateDirectory.ts";
import type { Row } from "../../store/store.ts";
import { bindingOf } from "../managed/versionMaterial.ts";
import { toHead } from "../managed/rows.ts";
import { openMaterial } from "../seal/envelope.ts";
import { toEpoch, toMaterial, toSlot } from "../seal/rows.ts";
import { isGenuine } from "../seal/slot.ts";
import type { Restored } from "./restore.ts";

export interface DrillReport {
  readonly leaves: number;
  readonly keys: number;
  /** Versions whose material the epoch's key of the backup opens. */
  readonly opened: number;
  readonly slots: number;
  /** What a start from it would not survive; empty when all is well. */
  readonly faults: readonly string[];
}

/** Looks whether a restored state is whole: what a start would do, and every key opened. */
export function drill(directory: string, { manifest, epochKey }: Restored): DrillReport {
  const faults: string[] = [];
  try {
    // A backup of an earlier version is brought forward, as a start would do.
    new SqliteEngine({ directory, maximumBytes: null }).close();
  } catch (error) {
    faults.push(error instanceof Error ? error.message : "the database cannot be opened");
  }
  const database = new DatabaseSync(join(directory, DATABASE_FILE), { readOnly: true });
  try {
    const all = (sql: string): Row[] => database.prepare(sql).all() as unknown as Row[];
    const check = all("PRAGMA integrity_check")[0]?.["integrity_check"];
    if (check !== "ok") faults.push(`the database is damaged: ${String(check)}`);
    const signer = parseSignerKey(readFileSync(join(directory, "log.key"), "utf8"));
    if (signer === null) faults.push("log.key is no signing key");
    else if (signer.verifier.name !== manifest.deployment) faults.push("log.key is another log's");
    // None in the first second of a log's life.
    const [last] = all("SELECT note FROM log_checkpoint");
    const checkpoint = last && signer && openCheckpoint(String(last["note"]), signer.verifier);
    if (last && !checkpoint) faults.push("the log's checkpoint is not signed by log.key");
    const [handover] = all("SELECT note FROM log_handover ORDER BY sequence DESC LIMIT 1");
    const now = handover && openHandover(String(handover["note"]))?.to;
    if (handover && now?.verifierKey !== signer?.verifier.verifierKey)
      faults.push("the log has gone on under another key than log.key");
    const [epoch] = all("SELECT * FROM seal_epoch WHERE retired_ms IS NULL").map(toEpoch);
    if ((epoch?.epoch ?? null) !== manifest.epoch) faults.push("its vault has another epoch");
    const slots = all("SELECT * FROM seal_slot").map(toSlot);
    if (epoch && epochKey)
      for (const slot of slots)
        if (!isGenuine(epoch.vault, slot, epochKey))
          faults.push(`slot ${slot.name} was changed by another hand`);
    const heads = new Map(
      all("SELECT * FROM managed_key").map((row) => [String(row["id"]), toHead(row)]),
    );
    let opened = 0;
    for (const row of all("SELECT * FROM key_material")) {
      const [key, version] = [String(row["key"]), Number(row["version"])];
      const head = heads.get(key);
      if (head && epochKey && opens(epochKey, bindingOf(head, version), row)) opened++;
      else faults.push(`version ${version} of ${key} does not open`);
    }
    const leaves = Number(all("SELECT count(*) AS n FROM log_leaf")[0]?.["n"]);
    if (checkpoint && checkpoint.size > leaves) faults.push("leaves of the log are missing");
    return { leaves, keys: heads.size, opened, slots: slots.length, faults };
  } finally {
    database.close();
  }
}

function opens(epochKey: Uint8Array, binding: ReturnType<typeof bindingOf>, row: Row): boolean {
  const material = openMaterial(epochKey, binding, toMaterial(row));
  material?.fill(0);
  return material !== null;
}
