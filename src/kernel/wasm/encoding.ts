/* What the WebAssembly binary format (core specification 2.0, section 5) is made of. */

/** Instructions as they stand in the binary. */
export type Code = readonly number[];

/** LEB128 without sign (5.2.2). */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A name (5.2.4), a vector of items (5.1.3) and a section (5.5.2). */
export const text = (name: string): Code => {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
};

export const vector = (items: readonly Code[]): Code => [
  ...unsigned(items.length),
  ...items.flat(),
];

export const section = (id: number, content: Code): Code => [
  id,
  ...unsigned(content.length),
  ...content,
];
