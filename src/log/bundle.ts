/*
 * C2SP tlog-tiles, entry bundles: each entry behind its length in two bytes, the high one first.
 */

const LENGTH_BYTES = 2;

export function encodeBundle(entries: readonly string[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const bytes = Buffer.from(entry);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** As many entries as are whole; views of the bundle. */
export function* decodeBundle(bundle: Buffer): Generator<Buffer> {
  for (let at = 0; at + LENGTH_BYTES <= bundle.length;) {
    const from = at + LENGTH_BYTES;
    const to = from + bundle.readUInt16BE(at);
    if (to > bundle.length) return;
    yield bundle.subarray(from, to);
    at = to;
  }
}
