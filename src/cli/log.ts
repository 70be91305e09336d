import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Checkpoint, parseCheckpoint, openCheckpoint } from "../log/checkpoint.ts";
import type { WitnessKey } from "../log/cosignature.ts";
import { handoversIn } from "../log/handover.ts";
import { VERIFIER_FILE } from "../log/keyFile.ts";
import { keyringOf, openWith } from "../log/keyring.ts";
import { parseVerifierKey } from "../log/signer.ts";
import { TILE_WIDTH, tilePath, tilesOf } from "../log/tile.ts";
import {
  CHECKPOINT_FILE,
  findVerifier,
  HANDOVERS_FILE,
  KEPT_FOLDER,
  keptBeside,
  keptIn,
  openCopy,
  UnusableCopy,
} from "../verify/logDirectory.ts";
import { leafRules } from "../verify/rules.ts";
import { verifyLog, type LogFault, type LogReport } from "../verify/verifyLog.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { columns, count, type Terminal } from "./terminal.ts";
import { witnessKeyOf } from "./witnessKey.ts";

/** `springhouse log checkpoint`: the signed note, as it stands. */
export async function logCheckpoint(terminal: Terminal, options: ConnectionOptions): Promise<void> {
  await terminal.write(await connect(terminal, options).logCheckpoint());
}

/** `springhouse log receipt LEAF` */
export async function leafReceipt(
  terminal: Terminal,
  leaf: string,
  options: ConnectionOptions,
): Promise<void> {
  const receipt = await connect(terminal, options).leafReceipt(leaf);
  await terminal.write(`${JSON.stringify(receipt, null, 2)}\n`);
}

/** `springhouse log rotate-key` */
export async function rotateLogKey(
  terminal: Terminal,
  options: ConnectionOptions & { readonly reason?: string; readonly json?: boolean },
): Promise<void> {
  const rotated = await connect(terminal, options).rotateLogKey(options.reason ?? null);
  await terminal.write(options.json ? `${JSON.stringify(rotated)}\n` : `${rotated.verifierKey}\n`);
  terminal.tell(
    "The log goes on under this key. Keep it where you kept the one before; that one still leads here.",
  );
}

/** `springhouse log handovers` */
export async function logHandovers(terminal: Terminal, options: ConnectionOptions): Promise<void> {
  await terminal.write(await connect(terminal, options).logHandovers());
}

async function present(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all, so that an export that was cut off is never taken for another log. */
async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

/**
 * `springhouse log export DIR`: the log as C2SP tlog-tiles lays it out. An export into the same directory
 * fetches only what is new, and keeps the checkpoint before it.
 */
export async function exportLog(
  terminal: Terminal,
  directory: string,
  options: ConnectionOptions,
): Promise<void> {
  const client = connect(terminal, options);
  // In this order: what is fetched later may be newer, and covers what came before.
  const witnessed = await client.logWitnessed();
  const note = await client.logCheckpoint();
  const handovers = await client.logHandovers();
  const key = await client.logKey();
  const known = await present(join(directory, VERIFIER_FILE));
  const verifier = parseVerifierKey(known?.toString() ?? key);
  const keyring = verifier && keyringOf(verifier, handoversIn(handovers));
  if (known && !keyring?.verifiers.some(({ verifierKey }) => verifierKey === key.trim()))
    throw new Failure(1, `${directory} holds another log`, "Name a directory of its own for each.");
  const checkpoint = keyring && openWith(keyring, (one) => openCheckpoint(note, one));
  if (!checkpoint) throw new Failure(1, "the service's checkpoint is not signed by its own key");
  const tiles = [...tilesOf(checkpoint.size)];
  for (const [done, tile] of tiles.entries()) {
    const path = join(directory, tilePath(tile));
    // A tile that is full never changes; a partial one is read anew.
    if (tile.width === TILE_WIDTH && (await present(path)) !== null) continue;
    await write(path, await client.logTile(tilePath(tile)));
    terminal.progress(`${count(done)} of ${count(tiles.length)} tiles`);
  }
  terminal.progress(null);
  const before = await present(join(directory, CHECKPOINT_FILE));
  const size = before && parseCheckpoint(before.toString())?.size;
  if (before && size !== checkpoint.size)
    await write(join(directory, KEPT_FOLDER, String(size)), before);
  if (witnessed !== "") await write(join(directory, KEPT_FOLDER, "witnessed"), witnessed);
  if (handovers !== "") await write(join(directory, HANDOVERS_FILE), handovers);
  // The first one stays: it leads to those that came after it.
  if (!known) await write(join(directory, VERIFIER_FILE), key);
  await write(join(directory, CHECKPOINT_FILE), note);
  terminal.tell(`${count(checkpoint.size)} leaves of ${checkpoint.origin} are in ${directory}`);
}

export interface VerifyLogOptions {
  readonly vkey?: string;
  readonly checkpoint?: readonly string[];
  readonly witness?: string;
  readonly json?: boolean;
}

/** `springhouse log verify DIR`: needs no network, no database and no trust in the service. */
export async function verifyExport(
  terminal: Terminal,
  directory: string,
  options: VerifyLogOptions,
): Promise<void> {
  const witness = options.witness === undefined ? null : witnessKeyOf(options.witness);
  let report: LogReport;
  let witnessed: Witnessed | null = null;
  try {
    const verifier = findVerifier(directory, options.vkey ?? null);
    const copy = openCopy(directory, verifier);
    const files = [...keptBeside(directory), ...(options.checkpoint ?? [])];
    const kept = keptIn(files, copy.keyring);
    report = verifyLog(copy, kept, leafRules(copy));
    witnessed = witness && witnessedIn(witness, [copy, ...kept]);
  } catch (error) {
    if (error instanceof UnusableCopy) throw new Failure(1, error.message, error.remedy);
    throw error;
  }
  const ownKey = options.vkey === undefined;
  await terminal.write(
    options.json
      ? `${JSON.stringify({ ...report, ownKey, witnessed })}\n`
      : reportText(report, witnessed),
  );
  if (ownKey)
    terminal.tell("The key was the copy's own: --vkey with a key kept elsewhere proves more.");
  if (report.fault) throw new Failure(1, faultText(report.fault));
  if (witness && !witnessed)
    throw new Failure(
      1,
      `no checkpoint here is cosigned by ${witness.name}`,
      "Export the log again when the witness has taken a checkpoint.",
    );
}

/** How far a witness has put its name to the log. */
interface Witnessed {
  readonly name: string;
  readonly leaves: number;
  readonly at: string;
}

function witnessedIn(
  witness: WitnessKey,
  notes: readonly { readonly checkpoint: Checkpoint }[],
): Witnessed | null {
  const newest = notes.toSorted((one, other) => other.checkpoint.size - one.checkpoint.size);
  for (const { checkpoint } of newest) {
    const seconds = witness.cosigned(checkpoint.note);
    if (seconds === null) continue;
    const at = new Date(seconds * 1000).toISOString();
    return { name: witness.name, leaves: checkpoint.size, at };
  }
  return null;
}

function faultText({ leaf, lastLeaf, detail }: LogFault): string {
  return lastLeaf > leaf ? `leaves ${leaf} to ${lastLeaf}: ${detail}` : `leaf ${leaf}: ${detail}`;
}

const day = (milliseconds: number | null): string =>
  milliseconds === null ? "-" : new Date(milliseconds).toISOString();

function reportText(report: LogReport, witnessed: Witnessed | null): string {
  const { origin, leaves, root, consistent, kinds, unknown, fault } = report;
  const rows = [
    ["log", origin],
    ["leaves", `${count(leaves)}${fault ? " before the fault" : ", all as they were signed"}`],
    ["root", root],
    ["time", `${day(report.firstMilliseconds)} to ${day(report.lastMilliseconds)}`],
    ...(witnessed
      ? [
          [
            "witness",
            `${witnessed.name} cosigned the first ${count(witnessed.leaves)} at ${witnessed.at}`,
          ],
        ]
      : []),
    ["kept checkpoints", `${count(consistent)} that this log continues`],
    ...Object.keys(kinds)
      .sort()
      .map((kind) => [`  ${kind}`, count(kinds[kind]!)]),
    ...(unknown > 0 ? [["not understood", `${count(unknown)}, of a later version`]] : []),
  ];
  return `${columns(rows, "")}\n`;
}
