import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { readWhole } from "./input.ts";
import type { Terminal } from "./terminal.ts";

/** A file, or stdin for `-`. */
export function readInput(path: string): Buffer {
  try {
    return readWhole(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read ${path} (${code})`, "Give a file, or - for stdin.");
  }
}

/** What was made as text by another of these commands. */
const readBase64 = (path: string): Uint8Array =>
  Buffer.from(readInput(path).toString("latin1"), "base64");

/** One operation as a command: what it reads, and what it writes. */
export interface KeyCommand {
  readonly name: string;
  readonly description: string;
  /** The field that FILE (or stdin) holds; `base64` where it is a result of another command. */
  readonly input: {
    readonly field: string;
    readonly base64: boolean;
    readonly what: string;
  } | null;
  /** The field that goes to stdout: raw where it is the holder's own data, else as base64. */
  readonly output: { readonly field: string; readonly raw: boolean } | null;
  /** A second file, in base64. */
  readonly proof?: { readonly field: string; readonly flag: string };
  readonly context?: boolean;
  readonly version?: boolean;
}

const PLAIN = { base64: false, what: "the data, - for stdin" };
const MADE = { base64: true, what: "what was answered, base64, - for stdin" };

export const KEY_COMMANDS: readonly KeyCommand[] = [
  {
    name: "encrypt",
    description: "encrypt a file with the primary version",
    input: { field: "plaintext", ...PLAIN },
    output: { field: "ciphertext", raw: false },
    context: true,
  },
  {
    name: "decrypt",
    description: "decrypt what `encrypt` wrote",
    input: { field: "ciphertext", ...MADE },
    output: { field: "plaintext", raw: true },
    context: true,
  },
  {
    name: "rewrap",
    description: "encrypt a ciphertext anew with the primary version",
    input: { field: "ciphertext", ...MADE },
    output: { field: "ciphertext", raw: false },
    context: true,
  },
  {
    name: "mac",
    description: "HMAC of a file",
    input: { field: "message", ...PLAIN },
    output: { field: "mac", raw: false },
  },
  {
    name: "verify-mac",
    description: "whether it is the HMAC of a file: exit code 1 when not",
    input: { field: "message", ...PLAIN },
    output: null,
    proof: { field: "mac", flag: "--mac <file>" },
    version: true,
  },
  {
    name: "sign",
    description: "sign a file",
    input: { field: "message", ...PLAIN },
    output: { field: "signature", raw: false },
  },
  {
    name: "verify",
    description: "whether it is a signature of a file: exit code 1 when not",
    input: { field: "message", ...PLAIN },
    output: null,
    proof: { field: "signature", flag: "--signature <file>" },
    version: true,
  },
  {
    name: "derive",
    description: "a key agreed with a peer, whose raw public key FILE holds in base64",
    input: { field: "peer", ...MADE },
    output: { field: "key", raw: false },
  },
  {
    name: "wrap",
    description: "wrap a key",
    input: { field: "key", ...PLAIN },
    output: { field: "wrapped", raw: false },
  },
  {
    name: "unwrap",
    description: "unwrap a key",
    input: { field: "wrapped", ...MADE },
    output: { field: "key", raw: true },
    version: true,
  },
  {
    name: "decapsulate",
    description: "the shared secret of a ciphertext",
    input: { field: "ciphertext", ...MADE },
    output: { field: "shared", raw: false },
    version: true,
  },
  {
    name: "data-key",
    description: "a key for use elsewhere, plain and encrypted, as JSON",
    input: null,
    output: null,
    context: true,
  },
  {
    name: "encapsulate",
    description: "a shared secret and its ciphertext, as JSON",
    input: null,
    output: null,
  },
];

export interface OperateOptions extends ConnectionOptions {
  readonly context?: Readonly<Record<string, string>>;
  readonly keyVersion?: number;
  readonly mac?: string;
  readonly signature?: string;
}

/** Runs an operation. Results go to stdout; a signature or MAC that is none is exit code 1. */
export async function operateKey(
  terminal: Terminal,
  { name, input, output, proof }: KeyCommand,
  id: string,
  file: string | undefined,
  options: OperateOptions,
): Promise<void> {
  const body: Record<string, unknown> = { context: options.context, version: options.keyVersion };
  if (input) {
    const path = file ?? "-";
    body[input.field] = input.base64 ? readBase64(path) : new Uint8Array(readInput(path));
  }
  if (proof) body[proof.field] = readBase64(options[proof.field as "mac" | "signature"] ?? "-");
  const { managedKeys } = connect(terminal, options);
  const result = await managedKeys.operate<Record<string, unknown>>(id, name, body);
  if (proof) {
    if (result["valid"] !== true)
      throw new Failure(1, "it does not verify", "It is not the key's.");
    terminal.tell(`it verifies, with version ${String(result["version"])}`);
    return;
  }
  if (!output) {
    const shown = Object.entries(result).map(([field, value]) => [
      field,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]);
    await terminal.write(`${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`);
    return;
  }
  const bytes = result[output.field] as Uint8Array;
  await terminal.write(output.raw ? bytes : `${Buffer.from(bytes).toString("base64")}\n`);
}
