import type { Clock } from "../port/clock.ts";

/** What the commands write to and read from; the composition root passes the real process. */
export interface Terminal {
  /** Results only. Resolves when the bytes were taken; false when nobody reads any more (EPIPE). */
  write(result: string | Uint8Array): Promise<boolean>;
  /** Everything else: progress, warnings, errors. */
  tell(line: string): void;
  /**
   * Asks at the terminal for what must not be shown nor kept in a file; null where there is none.
   * Rejects with the signal's reason when it is interrupted.
   */
  askSecret(question: string): Promise<string | null>;
  /** A line that overwrites itself, on a terminal only; null clears it. */
  progress(line: string | null): void;
  /** Colours and symbols may be used. */
  readonly coloured: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Fires on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, dim: 2, bold: 1 } as const;

/** Paints for a terminal; leaves the text alone for a file or a pipe. */
export function paint(terminal: Terminal, colour: keyof typeof CODES, text: string): string {
  return terminal.coloured ? `\u001B[${CODES[colour]}m${text}\u001B[0m` : text;
}

/** Left-aligned columns, as wide as their widest cell; the last one is left ragged. */
export function columns(rows: readonly (readonly string[])[], indent = "  "): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) => {
      const cells = row.map((cell, index) =>
        index === row.length - 1 ? cell : cell.padEnd(widths[index]!),
      );
      return `${indent}${cells.join("  ")}`.trimEnd();
    })
    .join("\n");
}

/** 1234567 as `1,234,567`; fractions to three digits. */
export function count(number: number): string {
  const [whole = "", fraction] = String(Math.round(number * 1000) / 1000).split(".");
  // By hand: the platform's way first loads its locales, for 20 ms.
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** How long ago, in the largest unit that says something. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 1) return "just now";
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}
