/**
 * The signed checkpoints of one log in a text, such as a witness's file to which they are appended: what
 * is cut off or of other logs is passed over.
 */
export function notesIn(text: string, origin: string): string[] {
  const name = origin.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Origin, size, root and any extension lines; an empty line; at least one signature.
  const note = new RegExp(
    `^${name}\\n[0-9]+\\n[A-Za-z0-9+/]{43}=\\n(?:[^\\n]+\\n)*\\n(?:— [^\\n]+\\n)+`,
    "gm",
  );
  return text.match(note) ?? [];
}
