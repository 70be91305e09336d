import { connect, type ConnectionOptions } from "./connection.ts";
import { sourceLines, statusText, testTable } from "./statusText.ts";
import type { Terminal } from "./terminal.ts";

export interface InspectOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `springhouse status` */
export async function status(terminal: Terminal, options: InspectOptions): Promise<void> {
  const snapshot = await connect(terminal, options).status();
  await terminal.write(options.json ? json(snapshot) : statusText(terminal, snapshot));
}

/** `springhouse sources`: each source with its health tests. */
export async function sources(terminal: Terminal, options: InspectOptions): Promise<void> {
  const snapshot = await connect(terminal, options).status();
  if (options.json) {
    await terminal.write(json(snapshot.sources));
    return;
  }
  const text = snapshot.sources.map((source) =>
    [...sourceLines(terminal, source, snapshot.atMilliseconds), testTable(source), ""].join("\n"),
  );
  await terminal.write(`${text.join("\n").trimEnd()}\n`);
}
