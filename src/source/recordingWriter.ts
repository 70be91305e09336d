import { createHash } from "node:crypto";
import { link, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { SpringhouseError } from "../port/errors.ts";
import { RECORDING_MANIFEST, parseManifest, type RecordingManifest } from "./recordingManifest.ts";
import { errnoOf } from "./systemError.ts";

/** What the writer cannot know by itself. */
export type RecordingFacts = Omit<
  RecordingManifest,
  "format" | "bitsPerSample" | "samples" | "sha256"
>;

export interface RecordingWriterOptions {
  readonly path: string;
  readonly bitsPerSample: number;
  /** Replace a recording of that name. Default false. */
  readonly overwrite?: boolean;
}

/**
 * Writes a recording. Samples go to FILE.partial; `finish` syncs it, puts FILE.json in its place and
 * then FILE, so that a FILE that is there is whole. Whoever does not `finish` calls `abandon`.
 */
export class RecordingWriter {
  readonly #path: string;
  readonly #bits: number;
  readonly #overwrite: boolean;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  #samples = 0;

  private constructor(handle: FileHandle, options: RecordingWriterOptions) {
    this.#handle = handle;
    this.#path = options.path;
    this.#bits = options.bitsPerSample;
    this.#overwrite = options.overwrite ?? false;
  }

  /**
   * @throws SpringhouseError `conflict` when FILE, FILE.json or FILE.partial exists and `overwrite`
   *   is false; the system's own error when the file cannot be made
   */
  static async open(options: RecordingWriterOptions): Promise<RecordingWriter> {
    const { path, bitsPerSample, overwrite = false } = options;
    if (!Number.isInteger(bitsPerSample) || bitsPerSample < 1 || bitsPerSample > 8) {
      throw new RangeError(`bitsPerSample must be 1 to 8, and is ${bitsPerSample}`);
    }
    if (!overwrite) {
      for (const taken of [path, `${path}.json`, `${path}.partial`]) {
        if (await exists(taken)) throw occupied(taken);
      }
    }
    try {
      // 0600: raw samples tell about the device, and whoever may read them is the operator's choice.
      const handle = await open(`${path}.partial`, overwrite ? "w" : "wx", 0o600);
      return new RecordingWriter(handle, options);
    } catch (error) {
      if (errnoOf(error) === "EEXIST") throw occupied(`${path}.partial`);
      throw error;
    }
  }

  get samples(): number {
    return this.#samples;
  }

  /** Appends samples, one symbol a byte. The array may be overwritten once the promise is resolved. */
  async write(symbols: Uint8Array): Promise<void> {
    if (symbols.some((symbol) => symbol >> this.#bits !== 0)) {
      throw new RangeError(`a symbol has more than ${this.#bits} bits`);
    }
    this.#hash.update(symbols);
    let written = 0;
    while (written < symbols.length) {
      const { bytesWritten } = await this.#handle.write(symbols, written);
      written += bytesWritten;
    }
    this.#samples += symbols.length;
  }

  /** Makes the recording durable and gives it its name. @returns the manifest as written */
  async finish(facts: RecordingFacts): Promise<RecordingManifest> {
    const manifest: RecordingManifest = {
      format: RECORDING_MANIFEST.properties.format.const,
      ...facts,
      bitsPerSample: this.#bits,
      samples: this.#samples,
      sha256: this.#hash.digest("hex"),
    };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const parsed = parseManifest(text);
    if (!parsed.ok) throw new RangeError(`the manifest would not be valid: ${parsed.detail}`);
    await this.#handle.sync();
    await this.#handle.close();
    const manifestPath = `${this.#path}.json`;
    const draft = await open(`${manifestPath}.partial`, "w", 0o600);
    try {
      await draft.writeFile(text);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await this.#place(`${manifestPath}.partial`, manifestPath);
    try {
      await this.#place(`${this.#path}.partial`, this.#path);
    } catch (error) {
      // A manifest without its samples would pass for that of whatever comes to stand there.
      if (!this.#overwrite) await rm(manifestPath, { force: true });
      throw error;
    }
    await syncFolder(dirname(this.#path));
    return manifest;
  }

  /** Removes what was written so far. After `finish` it does nothing but close. */
  async abandon(): Promise<void> {
    await this.#handle.close();
    await rm(`${this.#path}.partial`, { force: true });
    await rm(`${this.#path}.json.partial`, { force: true });
  }

  async #place(from: string, to: string): Promise<void> {
    if (!this.#overwrite) {
      try {
        // A link fails where a rename would silently replace.
        await link(from, to);
        await rm(from);
        return;
      } catch (error) {
        if (errnoOf(error) === "EEXIST" || (await exists(to))) throw occupied(to);
        // FAT and some network file systems have no hard links: the check above has to do.
      }
    }
    await rename(from, to);
  }
}

function occupied(path: string): SpringhouseError {
  return new SpringhouseError(
    "conflict",
    `${path} exists already, and recordings are not overwritten`,
    "Name another file, remove that one, or say that it may be overwritten.",
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** A rename is durable once its folder is. Not every file system can sync one. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EPERM"].includes(errnoOf(error))) throw error;
  } finally {
    await folder.close();
  }
}
