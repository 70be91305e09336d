import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { SessionEndReason } from "../port/source.ts";
import type { RecordingManifest } from "./recordingManifest.ts";
import { errnoOf, openFailure } from "./systemError.ts";

/** Why a recording cannot be used: expected, so a value. `reason` is a session's, for the source. */
export interface RecordingFault {
  readonly ok: false;
  readonly reason: SessionEndReason;
  readonly detail: string;
}

export interface OpenRecordingOptions {
  /** What the caller takes it for; null takes the manifest's word, and refuses where there is none. */
  readonly bitsPerSample: number | null;
  readonly signal?: AbortSignal;
}

const CHUNK_BYTES = 65_536;

/** An open recording, whose manifest (where there is one) has been compared with the file. */
export class Recording {
  readonly ok = true;
  readonly path: string;
  readonly manifest: RecordingManifest | null;
  readonly bitsPerSample: number;
  readonly samples: number;
  readonly sha256: string;
  readonly #handle: FileHandle;
  #position = 0;

  constructor(
    handle: FileHandle,
    facts: Pick<Recording, "path" | "manifest" | "bitsPerSample" | "samples" | "sha256">,
  ) {
    this.#handle = handle;
    this.path = facts.path;
    this.manifest = facts.manifest;
    this.bitsPerSample = facts.bitsPerSample;
    this.samples = facts.samples;
    this.sha256 = facts.sha256;
  }

  /**
   * The next samples into `buffer`.
   * @returns how many; 0 only at the end, that is after `samples`
   */
  async read(buffer: Uint8Array): Promise<number> {
    const wanted = Math.min(buffer.length, this.samples - this.#position);
    if (wanted === 0) return 0;
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, this.#position);
    this.#position += bytesRead;
    return bytesRead;
  }

  /** Every sample from here to the end. The array is used again for the next chunk, and overwritten. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      for (let read = await this.read(buffer); read > 0; read = await this.read(buffer)) {
        yield buffer.subarray(0, read);
      }
    } finally {
      buffer.fill(0);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/**
 * Opens FILE and FILE.json, and reads FILE once from end to end: its length, its SHA-256 and the
 * range of its symbols must be what the manifest says before the first sample is used.
 */
export async function openRecording(
  path: string,
  { bitsPerSample, signal }: OpenRecordingOptions,
): Promise<Recording | RecordingFault> {
  const file = await openRegular(path);
  if (!file.ok) return file;
  const { handle } = file;
  let keep = false;
  try {
    const read = await readManifest(`${path}.json`);
    if (!read.ok) return read;
    const { manifest } = read;
    const bits = manifest?.bitsPerSample ?? bitsPerSample;
    if (bits === null) {
      return fault(`${path}.json is not there, so the bits per sample must be given`);
    }
    if (bitsPerSample !== null && bits !== bitsPerSample) {
      return fault(`${path} has ${bits} bits per sample, and was taken for ${bitsPerSample}`);
    }
    const { size } = await handle.stat();
    if (manifest && size !== manifest.samples) {
      return fault(`${path} has ${size} bytes, and its manifest says ${manifest.samples}`);
    }
    if (size === 0) return fault(`${path} is empty`);
    const digest = await survey(handle, path, size, bits, signal);
    if (typeof digest !== "string") return digest;
    if (manifest && digest !== manifest.sha256) {
      return fault(`${path} is not what was recorded: its SHA-256 is not the manifest's`);
    }
    keep = true;
    const facts = { path, manifest, bitsPerSample: bits, samples: size, sha256: digest };
    return new Recording(handle, facts);
  } catch (error) {
    return { ok: false, reason: "unplugged", detail: `${path} cannot be read: ${errnoOf(error)}` };
  } finally {
    if (!keep) await handle.close();
  }
}

function fault(detail: string): RecordingFault {
  return { ok: false, reason: "protocol", detail };
}

async function openRegular(
  path: string,
): Promise<{ readonly ok: true; readonly handle: FileHandle } | RecordingFault> {
  let handle: FileHandle;
  try {
    // Non-blocking, so that a FIFO in its place is refused instead of waited for.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return { ok: false, ...openFailure(error, path) };
  }
  if ((await handle.stat()).isFile()) return { ok: true, handle };
  await handle.close();
  return fault(`${path} is not a regular file`);
}

async function readManifest(
  path: string,
): Promise<{ readonly ok: true; readonly manifest: RecordingManifest | null } | RecordingFault> {
  const file = await openRegular(path);
  if (!file.ok) {
    return file.reason === "absent" && file.detail.endsWith("ENOENT")
      ? { ok: true, manifest: null }
      : file;
  }
  const { handle } = file;
  try {
    // Its schema loads a library of hundreds of modules, which a file without a manifest needs not wait for.
    const { MAXIMUM_MANIFEST_BYTES, parseManifest } = await import("./recordingManifest.ts");
    const buffer = new Uint8Array(MAXIMUM_MANIFEST_BYTES + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAXIMUM_MANIFEST_BYTES) {
      return fault(`${path} is longer than ${MAXIMUM_MANIFEST_BYTES} bytes`);
    }
    const parsed = parseManifest(new TextDecoder().decode(buffer.subarray(0, bytesRead)));
    if (!parsed.ok) return fault(`${path}: ${parsed.detail}`);
    return parsed;
  } finally {
    await handle.close();
  }
}

/** The file's SHA-256, or what is wrong with its symbols. Says where, never what. */
async function survey(
  handle: FileHandle,
  path: string,
  size: number,
  bits: number,
  signal: AbortSignal | undefined,
): Promise<string | RecordingFault> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    for (let position = 0; position < size;) {
      if (signal?.aborted) return { ok: false, reason: "aborted", detail: "aborted" };
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return fault(`${path} became shorter while it was read`);
      const chunk = buffer.subarray(0, bytesRead);
      const wrong = chunk.findIndex((symbol) => symbol >> bits !== 0);
      if (wrong >= 0) {
        return fault(`${path}: the symbol at byte ${position + wrong} has more than ${bits} bits`);
      }
      hash.update(chunk);
      position += bytesRead;
    }
  } finally {
    buffer.fill(0);
  }
  return hash.digest("hex");
}
