import { open, unlink, type FileHandle } from "node:fs/promises";
import type { Receipted } from "../client/client.ts";
import { Failure } from "./failure.ts";

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot create ${path} (${code})`, "Name a file that does not exist yet.");
  }
}

/**
 * The receipt can be shown to anybody; the salt is for whoever has the value, so it is a file of its own
 * (`PATH.salt`). Both are made before anything is drawn, and taken away when nothing was.
 */
export async function withReceipt<Result extends Receipted>(
  path: string,
  draw: () => Promise<Result>,
): Promise<Result> {
  const files: { readonly name: string; readonly file: FileHandle }[] = [];
  try {
    for (const name of [path, `${path}.salt`]) files.push({ name, file: await create(name) });
    const drawn = await draw();
    const texts = [JSON.stringify(drawn.receipt, null, 2), drawn.salt];
    for (const [at, { file }] of files.entries()) await file.writeFile(`${texts[at]}\n`);
    return drawn;
  } catch (error) {
    for (const { name } of files) await unlink(name);
    throw error;
  } finally {
    for (const { file } of files) await file.close();
  }
}
