import type { ExportScheme } from "../key/distribution/recipient.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { readInput } from "./keyOperations.ts";
import type { Terminal } from "./terminal.ts";

export interface RecipientOptions extends ConnectionOptions {
  readonly scheme: ExportScheme;
  /** A file with a public key, or an age recipient as it is. */
  readonly to: string;
}

const recipientOf = ({ to }: RecipientOptions): string =>
  to.startsWith("age1") ? to : readInput(to).toString("utf8");

/** `springhouse key recipient`: the digest that an intent to export names. */
export async function showRecipient(terminal: Terminal, options: RecipientOptions): Promise<void> {
  const order = { scheme: options.scheme, recipient: recipientOf(options) };
  const { digest } = await connect(terminal, options).managedKeys.recipient(order);
  await terminal.write(`${digest}\n`);
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
