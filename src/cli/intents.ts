import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command, IntentDescription, IntentDocument } from "../port/approval.ts";
import type { ExportScheme } from "../port/key.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { readWhole } from "./input.ts";
import { columns, type Terminal } from "./terminal.ts";

export interface AskOptions extends ConnectionOptions {
  readonly reason?: string;
  readonly expiresInHours?: number;
  readonly json?: boolean;
}

export interface KeyIntentOptions extends AskOptions {
  readonly keyVersion: number;
  /** For an export: a file with the recipient's public key, or an age recipient as it is. */
  readonly recipient?: string;
  readonly scheme?: ExportScheme;
}

/** Makes an intent and says what to do with it. */
export async function ask(
  terminal: Terminal,
  command: Command,
  { reason, expiresInHours, json, ...options }: AskOptions,
): Promise<void> {
  const intent = await connect(terminal, options).intents.create({
    command,
    ...(reason === undefined ? {} : { reason }),
    ...(expiresInHours === undefined
      ? {}
      : { expiresInSeconds: Math.round(expiresInHours * 3600) }),
  });
  if (json) await terminal.write(`${JSON.stringify(intent, null, 2)}\n`);
  else {
    await terminal.write(`${intent.id}\n`);
    terminal.tell(`${intent.id} waits for ${intent.required} people:`);
    terminal.tell(`  → springhouse intent approve ${intent.id} --key ~/.ssh/id_ed25519`);
    terminal.tell(`  → then: springhouse intent execute ${intent.id}`);
  }
}

/** `springhouse intent list` */
export async function listIntents(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const intents = await connect(terminal, options).intents.list();
  if (options.json) {
    await terminal.write(`${JSON.stringify(intents, null, 2)}\n`);
    return;
  }
  const rows = intents.map((intent) => {
    const { command, requester, expires } = documentOf(intent);
    const approved = `${intent.approvals.length}/${intent.required}`;
    return [intent.id, intent.state, approved, whatOf(command), requester, minute(expires)];
  });
  const head = ["intent", "state", "approved", "what", "asked by", "expires"];
  await terminal.write(`${columns([head, ...rows])}\n`);
}

/** `springhouse intent show`: what would be signed, and who has signed it. */
export async function showIntent(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions & { readonly json?: boolean; readonly document?: boolean },
): Promise<void> {
  const intent = await connect(terminal, options).intents.get(id);
  if (options.document) await terminal.write(intent.document);
  else await terminal.write(options.json ? `${JSON.stringify(intent, null, 2)}\n` : textOf(intent));
}

/**
 * `springhouse intent approve`: shows the document, has `ssh-keygen` sign it, and sends the signature. The
 * key may be in an agent or on a token: nothing but ssh-keygen ever sees it.
 */
export async function approveIntent(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions & { readonly key?: string; readonly signature?: string },
): Promise<void> {
  const { key, signature } = options;
  if ((key === undefined) === (signature === undefined))
    throw new Failure(2, "give one of --key and --signature", "--key signs; --signature sends.");
  const client = connect(terminal, options);
  const intent = await client.intents.get(id);
  terminal.tell(textOf(intent).trimEnd());
  const armored =
    key === undefined ? read(signature!) : await sign(terminal, key, intent.namespace, intent);
  const after = await client.intents.approve(id, armored);
  const who = after.approvals.at(-1)!;
  terminal.tell(
    `${id} is ${after.state}: ${after.approvals.length} of ${after.required}, last ${who.person}`,
  );
}

/** `springhouse intent withdraw` */
export async function withdrawIntent(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions & { readonly reason?: string },
): Promise<void> {
  await connect(terminal, options).intents.withdraw(id, options.reason);
  terminal.tell(`${id} is withdrawn`);
}

/** `springhouse intent execute` */
export async function executeIntent(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  const intent = await connect(terminal, options).intents.execute(id);
  terminal.tell(`${id} is executed: ${whatOf(documentOf(intent).command)}`);
}

/** `springhouse intent export DIR`: what `ssh-keygen -Y verify` needs, and nothing else. */
export async function exportIntent(
  terminal: Terminal,
  id: string,
  directory: string,
  options: ConnectionOptions,
): Promise<void> {
  const { document, namespace, approvals } = await connect(terminal, options).intents.get(id);
  await mkdir(directory, { recursive: true });
  const put = (name: string, text: string) => writeFile(join(directory, name), text);
  await put("intent.json", document);
  await put(
    "allowed_signers",
    approvals.map(({ person, publicKey }) => `${person} ${publicKey}\n`).join(""),
  );
  for (const { person, signature } of approvals) await put(`${person}.sig`, signature);
  for (const { person } of approvals)
    terminal.tell(
      `ssh-keygen -Y verify -f allowed_signers -I ${person} -n ${namespace} -s ${person}.sig < intent.json`,
    );
}

function sign(
  terminal: Terminal,
  key: string,
  namespace: string,
  { document }: IntentDescription,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ["-Y", "sign", "-n", namespace, "-f", key];
    const { signal } = terminal;
    const child = execFile("ssh-keygen", args, { signal }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === "ENOENT")
        reject(new Failure(1, "there is no ssh-keygen", "Install OpenSSH's client programs."));
      else reject(new Failure(1, `ssh-keygen did not sign: ${stderr.trim()}`, "Check --key."));
    });
    child.stdin?.end(document);
  });
}

function read(path: string): string {
  try {
    return readWhole(path).toString("utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`, "Check the path.");
  }
}

function documentOf({ document }: IntentDescription): IntentDocument {
  return JSON.parse(document) as IntentDocument;
}

function whatOf(command: Command): string {
  switch (command.op) {
    case "custodian.enrol":
      return `${command.op} ${command.person}`;
    case "custodian.remove":
      return `${command.op} ${command.fingerprint}`;
    case "seal.recover":
      return `${command.op} ${command.slot}`;
    default:
      return `${command.op} ${command.key} version ${command.version}`;
  }
}

function textOf(intent: IntentDescription): string {
  const { command, requester, reason, revision, created, expires } = documentOf(intent);
  const rows = [
    ["intent", intent.id],
    ["what", whatOf(command)],
    ["asked by", requester],
    ["reason", reason ?? "none given"],
    ["revision", revision === null ? "none" : String(revision)],
    ["made", minute(created)],
    ["expires", minute(expires)],
    ["state", `${intent.state}, ${intent.approvals.length} of ${intent.required}`],
    ...intent.approvals.map(({ person, fingerprint }) => [
      "signed by",
      `${person} (${fingerprint})`,
    ]),
    ["digest", intent.digest],
    ["namespace", intent.namespace],
  ];
  return `${columns(rows)}\n`;
}

const minute = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 16)}Z`;
