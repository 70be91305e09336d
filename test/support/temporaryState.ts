import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryState extends AsyncDisposable {
  readonly directory: string;
}

/** A state directory that does not exist yet, as at a first start; `await using` removes it. */
export async function temporaryState(): Promise<TemporaryState> {
  const parent = await mkdtemp(join(tmpdir(), "springhouse-"));
  return {
    directory: join(parent, "state"),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}
