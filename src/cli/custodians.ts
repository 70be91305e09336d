import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { CustodianOrder } from "../client/client.ts";
import { parseSshPublicKey } from "../key/approval/sshKey.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { ask, type AskOptions } from "./intents.ts";
import { columns, type Terminal } from "./terminal.ts";

const TYPES = "Give an id_ed25519.pub, an id_ecdsa.pub of P-256, or one of a FIDO token.";

/** `springhouse custodian list` */
export async function listCustodians(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const custodians = await connect(terminal, options).custodians.list();
  if (options.json) {
    await terminal.write(`${JSON.stringify(custodians, null, 2)}\n`);
    return;
  }
  const rows = custodians.map(({ person, fingerprint, publicKey, removedMilliseconds }) => [
    person,
    fingerprint,
    publicKey.split(" ", 1)[0]!,
    removedMilliseconds === null
      ? ""
      : `removed ${new Date(removedMilliseconds).toISOString().slice(0, 10)}`,
  ]);
  await terminal.write(`${columns([["person", "key", "type", ""], ...rows])}\n`);
}

/** `springhouse custodian enrol`: an intent that the others approve. */
export async function enrolCustodian(
  terminal: Terminal,
  person: string,
  file: string,
  { principal, ...options }: AskOptions & { readonly principal: readonly string[] },
): Promise<void> {
  const publicKey = keyOf(read(file), file);
  await ask(terminal, { op: "custodian.enrol", person, publicKey, principals: principal }, options);
}

/** `springhouse custodian remove`: likewise. */
export function removeCustodian(
  terminal: Terminal,
  fingerprint: string,
  options: AskOptions,
): Promise<void> {
  return ask(terminal, { op: "custodian.remove", fingerprint }, options);
}

/**
 * `springhouse custodian bootstrap FILE`: the first ones, of a ceremony's file: YAML, a list of
 * `person`, `keys` (lines of public keys, or paths of .pub files) and `principals`.
 */
export async function bootstrapCustodians(
  terminal: Terminal,
  file: string,
  options: ConnectionOptions,
): Promise<void> {
  const made = await connect(terminal, options).custodians.bootstrap(ceremony(file));
  for (const { person, fingerprint } of made)
    terminal.tell(`${person} approves with ${fingerprint}`);
}

function ceremony(file: string): CustodianOrder[] {
  const remedy = "It is a YAML list; each entry has person and keys, and may have principals.";
  let content: unknown;
  try {
    content = parse(read(file));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(1, `${file} is no YAML`, remedy);
  }
  if (!Array.isArray(content)) throw new Failure(1, `${file} is no list`, remedy);
  return content.flatMap((entry: unknown, index) => {
    const { person, keys, principals = [] } = (entry ?? {}) as Record<string, unknown>;
    if (typeof person !== "string" || !isTexts(keys) || !isTexts(principals))
      throw new Failure(1, `entry ${index + 1} of ${file} is not whole`, remedy);
    return keys.map((key) => ({
      person,
      publicKey: keyOf(parseSshPublicKey(key) ? key : read(key), key),
      principals,
    }));
  });
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

function keyOf(text: string, where: string): string {
  const key = parseSshPublicKey(text);
  if (!key) throw new Failure(1, `${where} is no public key that can approve`, TYPES);
  return key.line;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`, "Check the path.");
  }
}
