/*
 * The wire format of SSH (RFC 4251 section 5): a string is four bytes of length and its bytes. What
 * somebody sends us may be cut off or too long anywhere, so reading gives null and never throws.
 */

export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @returns a copy of the next `length` bytes; null where there are not so many */
  take(length: number): Buffer | null {
    if (this.#bytes.length - this.#at < length) return null;
    const taken = Buffer.from(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return taken;
  }

  uint32(): number | null {
    return this.take(4)?.readUInt32BE() ?? null;
  }

  string(): Buffer | null {
    const length = this.uint32();
    return length === null ? null : this.take(length);
  }

  /** A string of ASCII; null for anything else. */
  name(): string | null {
    const bytes = this.string();
    return bytes?.every((byte) => byte > 0x20 && byte < 0x7f) ? bytes.toString("latin1") : null;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

export function sshString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
