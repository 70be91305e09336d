import { open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file of the state directory, mode 0600. Created under another name and renamed: nobody ever
 * sees half of it, or one that is open to others. Durable when it resolves.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await unlink(temporary).catch(() => {});
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in it durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
