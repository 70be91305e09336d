import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { drill, type DrillReport } from "../key/backup/drill.ts";
import { addRestoredSlot } from "../key/backup/restoredSlot.ts";
import { restore, type Restored } from "../key/backup/restore.ts";
import type { BackupDescription } from "../port/backup.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { passphrase, type PassphraseOptions } from "./seal.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

/** `springhouse backup -o FILE` */
export async function makeBackup(
  terminal: Terminal,
  { output, ...options }: ConnectionOptions & { readonly output?: string },
): Promise<void> {
  if (output === undefined)
    throw new Failure(2, "say where the backup goes", "Give -o FILE; it must not exist yet.");
  const file = await open(output, "wx", 0o600);
  try {
    const { id, chunks } = await connect(terminal, options).backups.create();
    let bytes = 0;
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.sync();
    terminal.tell(`wrote ${output}: ${id}, ${bytes} bytes`);
    terminal.tell(`  → Try it: springhouse restore ${output} --identity FILE --drill`);
  } catch (error) {
    rmSync(output, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** `springhouse backup list` */
export async function listBackups(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const all = await connect(terminal, options).backups.list();
  if (options.json) {
    await terminal.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const rows = all.map((one) => [
    one.id,
    new Date(one.createdMilliseconds).toISOString(),
    String(one.epoch),
    String(one.recipients),
    one.drilledMilliseconds === null ? "never" : new Date(one.drilledMilliseconds).toISOString(),
    stateOf(one),
  ]);
  const head = ["backup", "made", "epoch", "recipients", "drilled", ""];
  await terminal.write(`${columns([head, ...rows])}\n`);
}

function stateOf({ takenMilliseconds, discardedMilliseconds }: BackupDescription): string {
  if (discardedMilliseconds !== null) return "discarded";
  return takenMilliseconds === null ? "not taken whole" : "";
}

/** `springhouse backup drilled` */
export async function drilledBackup(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  await connect(terminal, options).backups.drilled(id);
  terminal.tell(`that ${id} was restored in a drill is in the log`);
}

/** `springhouse backup discard` */
export async function discardBackup(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  await connect(terminal, options).backups.discard(id);
  terminal.tell(`${id} counts as gone: receipts of destructions do not name it any more`);
}

export interface RestoreOptions extends PassphraseOptions {
  /** A file of `age-keygen`. */
  readonly identity: string;
  /** Look whether it can be restored, and leave nothing behind. */
  readonly drill?: boolean;
  /** Name of a passphrase slot to be added. */
  readonly slot?: string;
  readonly json?: boolean;
}

/** `springhouse restore FILE`: needs no service, and must find none. */
export async function restoreBackup(
  terminal: Terminal,
  file: string,
  options: RestoreOptions,
): Promise<void> {
  const { identity, slot, state } = options;
  if (!options.drill && state === undefined)
    throw new Failure(2, "say where it is restored to", "Give --state DIR, or --drill.");
  if (!existsSync(file)) throw new Failure(1, `there is no ${file}`, "Check the path.");
  const directory = options.drill ? mkdtempSync(join(tmpdir(), "springhouse-drill-")) : state!;
  let restored: Restored | null = null;
  try {
    const stream = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
    restored = await restore(stream, identitiesOf(identity), directory).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : "unknown";
      throw new Failure(1, `${file} cannot be restored: ${why}`, "Nothing can be started from it.");
    });
    const report = drill(directory, restored);
    await terminal.write(
      options.json
        ? `${JSON.stringify({ ...restored.manifest, ...report }, null, 2)}\n`
        : textOf(terminal, restored, report),
    );
    if (report.faults.length > 0)
      throw new Failure(1, "the backup is not whole", "Use another one; do not start from this.");
    if (slot !== undefined && !options.drill)
      await addSlot(terminal, directory, restored, slot, options);
  } finally {
    restored?.epochKey?.fill(0);
    if (options.drill) rmSync(directory, { recursive: true, force: true });
  }
}

async function addSlot(
  terminal: Terminal,
  directory: string,
  { epochKey }: Restored,
  name: string,
  options: RestoreOptions,
): Promise<void> {
  if (epochKey === null) throw new Failure(1, "the backup has no vault", "Leave out --slot.");
  const secret = new Uint8Array(
    Buffer.from((await passphrase(terminal, options, true)).normalize("NFC")),
  );
  const refusal = await addRestoredSlot(directory, epochKey, {
    name,
    passphrase: secret,
    osRandom: (bytes) => new Uint8Array(randomBytes(bytes)),
    atMilliseconds: terminal.clock.wallMilliseconds(),
  });
  secret.fill(0);
  if (refusal) throw new Failure(1, refusal.detail, refusal.remedy);
  terminal.tell(`slot ${name} opens the vault, besides those that it had`);
}

function identitiesOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`, "Check the path.");
  }
  const identities = text.split(/\r?\n/).filter((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (identities.length > 0) return identities;
  throw new Failure(1, `${path} holds no identity of age`, "`age-keygen -o FILE` makes one.");
}

function textOf(terminal: Terminal, { manifest, epochKey }: Restored, report: DrillReport): string {
  const { leaves, keys, opened, slots, faults } = report;
  const rows = [
    ["backup", `${manifest.id} of ${manifest.deployment}`],
    ["made", new Date(manifest.created).toISOString()],
    ["log", `${leaves} leaves`],
    ["keys", `${keys}, ${opened} versions opened`],
    ["vault", epochKey === null ? "none" : `epoch ${manifest.epoch}, ${slots} slots`],
    ...faults.map((fault) => ["fault", paint(terminal, "red", fault)]),
    ["verdict", faults.length === 0 ? paint(terminal, "green", "whole") : "not whole"],
  ];
  return `${columns(rows)}\n`;
}
