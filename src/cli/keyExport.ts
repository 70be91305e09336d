import type { ExportScheme } from "../port/key.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { readInput } from "./keyOperations.ts";
import type { Terminal } from "./terminal.ts";

export interface RecipientOptions extends ConnectionOptions {
  readonly scheme: ExportScheme;
  /** A file with a public key, or an age recipient as it is. */
  readonly to: string;
}

const recipientOf = ({ to }: Pick<RecipientOptions, "to">): string =>
  to.startsWith("age1") ? to : readInput(to).toString("utf8");

/** `springhouse key recipient`: the digest that an intent to export names. */
export async function showRecipient(terminal: Terminal, options: RecipientOptions): Promise<void> {
  await terminal.write(`${await digestOfRecipient(options)}\n`);
}

/** Made here: that the key is the recipient's own is for who asks to see, and not for the service. */
export async function digestOfRecipient(
  options: Pick<RecipientOptions, "scheme" | "to">,
): Promise<string> {
  const { readRecipient } = await import("../key/distribution/recipient.ts");
  const recipient = readRecipient(options.scheme, recipientOf(options));
  if ("ok" in recipient) throw new Failure(1, recipient.detail, recipient.remedy ?? null);
  return recipient.digest;
}

/** `springhouse key export`: an age file or a JWE as it is, HPKE as JSON. */
export async function exportKey(
  terminal: Terminal,
  id: string,
  options: RecipientOptions & { readonly intent: string },
): Promise<void> {
  const { scheme, intent } = options;
  const order = { scheme, recipient: recipientOf(options), intent };
  const exported = await connect(terminal, options).managedKeys.export(id, order);
  const text = exported.file ?? exported.jwe ?? JSON.stringify(exported);
  await terminal.write(text.endsWith("\n") ? text : `${text}\n`);
}
