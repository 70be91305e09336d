import { createHash, type Hash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Decrypter } from "age-encryption";
import { type BackupFile, type Manifest, readContainer } from "./container.ts";

export interface Restored {
  readonly manifest: Manifest;
  /** 32 bytes, for the caller to overwrite; null where the backup has none. */
  readonly epochKey: Uint8Array | null;
}

/**
 * Takes a backup apart into a new state directory. The epoch's key is not written: it is answered.
 * @param identities secret keys of age, `AGE-SECRET-KEY-1...`
 * @throws Error for an identity that it was not made for, and for a backup that is damaged or cut off:
 *   then what was written is no state to start from
 */
export async function restore(
  stream: ReadableStream<Uint8Array>,
  identities: readonly string[],
  directory: string,
): Promise<Restored> {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw new Error(`${directory} is not empty`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // One that was there already may be open to others, and no start would take it then.
  chmodSync(directory, 0o700);
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  const plain = await decrypter.decrypt(stream);
  let manifest: Manifest | null = null;
  const files = new Map<BackupFile, { readonly hash: Hash; readonly handle: number | null }>();
  const epochKey: Uint8Array[] = [];
  try {
    await readContainer(
      plain,
      (read) => {
        manifest = read;
        for (const { name } of read.files)
          files.set(name, {
            hash: createHash("sha256"),
            handle: name === "epoch.key" ? null : openSync(join(directory, name), "wx", 0o600),
          });
      },
      (name, chunk) => {
        const file = files.get(name)!;
        file.hash.update(chunk);
        if (file.handle === null) epochKey.push(Uint8Array.from(chunk));
        else writeSync(file.handle, chunk);
      },
    );
  } finally {
    for (const { handle } of files.values()) {
      if (handle === null) continue;
      fsyncSync(handle);
      closeSync(handle);
    }
  }
  const { files: named } = manifest as unknown as Manifest;
  for (const { name, sha256 } of named)
    if (files.get(name)!.hash.digest("hex") !== sha256)
      throw new Error(`${name} is not what was backed up`);
  const key = epochKey.length === 0 ? null : new Uint8Array(Buffer.concat(epochKey));
  for (const part of epochKey) part.fill(0);
  return { manifest: manifest as unknown as Manifest, epochKey: key };
}
