import { SALT_BYTES } from "../log/commitment.ts";
import { birthsIn } from "../log/receipt.ts";
import { handoversIn } from "../log/handover.ts";
import type { Leaf } from "../log/leaf.ts";
import type { Birth } from "../log/leaves/birth.ts";
import { parseVerifierKey, type Verifier } from "../log/signer.ts";
import { opensReceipt, parseReceipt, verifyReceipt } from "../verify/verifyReceipt.ts";
import { isDestructionReceipt } from "../verify/destructionReceipt.ts";
import { tellDestruction } from "./destructions.ts";
import type { DestructionReceipt } from "../port/destruction.ts";
import { Failure } from "./failure.ts";
import { readWhole } from "./input.ts";
import { columns, count, type Terminal } from "./terminal.ts";
import { isAttested, verifyAttested } from "./verifyAttested.ts";
import { witnessKeyOf } from "./witnessKey.ts";

export interface VerifyOptions {
  readonly vkey?: string;
  readonly handovers?: string;
  readonly witness?: string;
  readonly valueFile?: string;
  readonly saltFile?: string;
  readonly json?: boolean;
}

/** `-` is stdin, so that a value need not be in a file. */
function read(path: string): Buffer {
  try {
    return readWhole(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`);
  }
}

function verifierOf(given: string | undefined, own: string): Verifier {
  const text = given === undefined ? own : given;
  const verifier =
    parseVerifierKey(text) ?? (given === undefined ? null : parseVerifierKey(String(read(given))));
  if (verifier) return verifier;
  throw new Failure(
    1,
    `${given ?? "the file"} holds no key of a log`,
    "Give the log's key with --vkey: STATE/log.vkey, or the text in it.",
  );
}

/** A receipt of a destruction, which names no key of its own; null for anything else. */
function destructionIn(text: string): DestructionReceipt | null {
  try {
    const value: unknown = JSON.parse(text);
    return isDestructionReceipt(value) ? value : null;
  } catch {
    return null;
  }
}

/** When a witness that somebody trusts has cosigned the checkpoint; null where none is asked for. */
function cosigned(given: string | undefined, note: string): { name: string; at: string } | null {
  if (given === undefined) return null;
  const witness = witnessKeyOf(given);
  const seconds = witness.cosigned(note);
  if (seconds === null)
    throw new Failure(
      1,
      `its checkpoint is not cosigned by ${witness.name}`,
      "Ask for the receipt again when the witness has come so far: `springhouse log receipt LEAF`.",
    );
  return { name: witness.name, at: new Date(seconds * 1000).toISOString() };
}

/** Null where no value is to be compared. */
function opened(path: string, options: VerifyOptions, leaf: Leaf): boolean | null {
  if (options.valueFile === undefined) return null;
  const salt = Buffer.from(String(read(options.saltFile ?? `${path}.salt`)).trim(), "base64");
  if (salt.length !== SALT_BYTES)
    throw new Failure(1, "the salt is not 32 bytes of base64", "Give it with --salt-file.");
  const value = read(options.valueFile);
  try {
    const opens = opensReceipt(leaf, salt, value);
    if (opens === null) throw new Failure(1, "this receipt commits to no value");
    return opens;
  } finally {
    value.fill(0);
  }
}

/** `springhouse verify FILE`: needs no network, and no trust in the service. */
export async function verify(
  terminal: Terminal,
  path: string,
  options: VerifyOptions,
): Promise<void> {
  const text = String(read(path));
  const json = options.json ?? false;
  const handovers =
    options.handovers === undefined ? [] : handoversIn(String(read(options.handovers)));
  if (isAttested(text)) {
    const verifier = verifierOf(options.vkey, "");
    return verifyAttested(terminal, path, text, { verifier, handovers }, json);
  }
  const destroyed = destructionIn(text);
  if (destroyed !== null) {
    const verifier = verifierOf(options.vkey, "");
    cosigned(options.witness, destroyed.checkpoint);
    return tellDestruction(terminal, destroyed, verifier, json, handovers);
  }
  const receipt = parseReceipt(text);
  if (!receipt)
    throw new Failure(
      1,
      `${path} is no receipt, no report and no manifest of a recording`,
      "Name a file that springhouse wrote: of a recording FILE its manifest FILE.json.",
    );
  const verifier = verifierOf(options.vkey, receipt.verifierKey);
  const verdict = verifyReceipt(receipt, verifier, handovers);
  if (!verdict.valid) {
    if (options.json) await terminal.write(`${JSON.stringify(verdict)}\n`);
    throw new Failure(1, `the receipt does not hold: ${verdict.fault}`);
  }
  const { leaf, position, origin, size } = verdict;
  const witness = cosigned(options.witness, receipt.checkpoint);
  const opens = opened(path, options, leaf);
  const ownKey = options.vkey === undefined;
  await terminal.write(
    options.json
      ? `${JSON.stringify({ ...verdict, opens, ownKey, witness })}\n`
      : `${columns(
          [
            ["receipt", `leaf ${count(position)} of ${count(size)} in ${origin}`],
            ["at", new Date(leaf.at).toISOString()],
            ["by", leaf.actor],
            ...(witness ? [["witness", `${witness.name} at ${witness.at}`]] : []),
            ...factsOf(leaf),
            ...birthsIn(leaf).flatMap(birthRows),
            ...(opens === null ? [] : [["value", opens ? "the one that it speaks of" : "ANOTHER"]]),
          ],
          "",
        )}\n`,
  );
  if (ownKey)
    terminal.tell("The key was the receipt's own: --vkey with a key kept elsewhere proves more.");
  if (opens === false) throw new Failure(1, "the value is not the one that the receipt speaks of");
}

function factsOf(leaf: Leaf): string[][] {
  if (leaf.kind !== "output") return [["what", leaf.kind]];
  const { what, type, format, bytes, asked, met } = leaf;
  const demands = Object.entries(asked).map(([name, value]) => `${name} ${value}`);
  return [
    ["what", what === "key" ? `a key, ${type} as ${format}` : `${count(bytes)} random bytes`],
    ["asked", demands.join(", ") || "nothing in particular"],
    [
      "met",
      `strength ${met.strength}, credited sources ${met.sources}, seed of ${count(met.seedAgeSeconds)} s`,
    ],
  ];
}

function birthRows(birth: Birth): string[][] {
  const { output, shape, creditedBits, parent, sources, configuration, build } = birth;
  return [
    ["output", output],
    ["seed", `${shape}, ${count(creditedBits)} credited bits`],
    ...(parent ? [["  parent", `${parent.name}, strength ${parent.strength}`]] : []),
    ...sources.map((one) => [
      `  ${one.source}`,
      `${count(one.bits)} bits, ${count(one.compliantBits)} by a certificate; ${count(one.windows)} windows, ${one.alarmed} with an alarm`,
    ]),
    ["made by", `configuration ${configuration}, build ${build.slice(0, 16)}`],
  ];
}
