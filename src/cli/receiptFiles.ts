import { open, unlink, type FileHandle } from "node:fs/promises";
import type { Receipted } from "../client/client.ts";
import { Failure } from "./failure.ts";

/** A file that is made before what goes into it, and taken away when that fails. */
export async function withFile<Result>(
  path: string,
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      1,
      `cannot create ${path} (${error.code ?? "unknown"})`,
      "Name a file that does not exist yet.",
    );
  });
  try {
    return await work(file);
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * The receipt can be shown to anybody; the salt is for whoever has the value, so it is a file of its own
 * (`PATH.salt`). Both are made before anything is drawn, and taken away when nothing was.
 */
export function withReceipt<Result extends Receipted>(
  path: string,
  draw: () => Promise<Result>,
): Promise<Result> {
  return withFile(path, (receipt) =>
    withFile(`${path}.salt`, async (salt) => {
      const drawn = await draw();
      await receipt.writeFile(`${JSON.stringify(drawn.receipt, null, 2)}\n`);
      await salt.writeFile(`${drawn.salt}\n`);
      return drawn;
    }),
  );
}
