import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VERIFIER_FILE } from "../log/keyFile.ts";
import { parseVerifierKey, type Verifier } from "../log/signer.ts";
import type { DestructionStatement } from "../port/destruction.ts";
import { checkDestructionReceipt } from "../verify/destructionReceipt.ts";
import { connect, type ConnectionOptions, stateDirectory } from "./connection.ts";
import { Failure } from "./failure.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

const minute = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 16)}Z`;

/** `springhouse destruction list` */
export async function listDestructions(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const all = await connect(terminal, options).destructions.list();
  if (options.json) {
    await terminal.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const rows = all.map(({ id, key, version, state, dueMilliseconds, approvers }) => [
    id,
    state,
    `${key} version ${version}`,
    minute(dueMilliseconds),
    approvers.join(", "),
  ]);
  const head = ["destruction", "state", "of", "due", "approved by"];
  await terminal.write(`${columns([head, ...rows])}\n`);
}

/** `springhouse destruction cancel` */
export async function cancelDestruction(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions & { readonly reason?: string },
): Promise<void> {
  const { key, version } = await connect(terminal, options).destructions.cancel(id, options.reason);
  terminal.tell(`the destruction of version ${version} of ${key} is called off`);
}

/** `springhouse destruction receipt` */
export async function destructionReceipt(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions & { readonly output: string },
): Promise<void> {
  const receipt = await connect(terminal, options).destructions.receipt(id);
  await writeFile(options.output, `${JSON.stringify(receipt, null, 2)}\n`, { flag: "wx" });
  terminal.tell(`wrote ${options.output}`);
}

/** `springhouse destruction verify`: needs no service. */
export async function verifyDestruction(
  terminal: Terminal,
  file: string,
  options: { readonly vkey?: string; readonly state?: string; readonly json?: boolean },
): Promise<void> {
  const path = options.vkey ?? join(stateDirectory(terminal, options), VERIFIER_FILE);
  const verifier = parseVerifierKey(read(path));
  if (!verifier) throw new Failure(1, `${path} holds no public key of a log`, "Give --vkey FILE.");
  let receipt: unknown;
  try {
    receipt = JSON.parse(read(file));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(1, `${file} is no JSON`);
  }
  await tellDestruction(terminal, receipt, verifier, options.json ?? false);
}

/** @throws Failure when the receipt does not hold */
export async function tellDestruction(
  terminal: Terminal,
  receipt: unknown,
  verifier: Verifier,
  json: boolean,
  handovers: readonly string[] = [],
): Promise<void> {
  const checked = checkDestructionReceipt(receipt, verifier, handovers);
  if ("fault" in checked)
    throw new Failure(1, checked.fault, "Do not rely on it; ask for it again.");
  const { statement } = checked;
  await terminal.write(
    json ? `${JSON.stringify(statement, null, 2)}\n` : textOf(terminal, statement),
  );
}

function textOf(terminal: Terminal, statement: DestructionStatement): string {
  const { key, version, to, approvers, requester, epochs, slots, backups, completed } = statement;
  const colour = statement.assurance === "hardware" ? "green" : "yellow";
  const rows = [
    ["destroyed", `version ${version} of ${key} (${statement.type}), now ${to}`],
    ["when", minute(completed)],
    ["asked by", requester],
    ["approved by", approvers.join(", ")],
    ["epoch", `${epochs[0]} is over, ${epochs[1]} came after it`],
    ...slots.map(({ name, kind, assurance, detail }) => [
      `slot ${name}`,
      `${assurance} (${kind}): ${detail}`,
    ]),
    ...backups.map(({ id, created, recipients }) => [
      "backup",
      `${id} of ${minute(created)} still holds it, for ${recipients} recipients`,
    ]),
    ["assurance", paint(terminal, colour, statement.assurance)],
    ["scope", statement.scope],
  ];
  return `${columns(rows)}\n`;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`, "Check the path.");
  }
}
