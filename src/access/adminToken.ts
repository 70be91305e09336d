import { chmod, readFile } from "node:fs/promises";
import type { Refusal } from "../port/errors.ts";
import { writePrivateFile } from "../store/privateFile.ts";
import { TOKEN_MATERIAL_BYTES, type TokenBook } from "./tokenBook.ts";

export const ADMIN_TOKEN_FILE = "admin.token";
const NAME = "local admin";

async function readToken(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Sees to it that `path` holds a token of role admin that works. One that does is left alone; a file
 * that is missing, or whose token is unknown or revoked, is replaced, and the tokens that earlier
 * calls wrote are revoked. Whoever may read the state directory is trusted with it as a whole.
 *
 * It is drawn from the OS RNG, unlike every other token: it is a credential of the house and no
 * output that is served, so no noise has to stand behind it, and it must exist just when the DRBG has
 * no seed, since that is when an operator has to ask `doctor` why.
 * @param path `STATE/admin.token`
 * @param osRandom fresh bytes of the OS RNG, which are overwritten
 * @returns whether a token was written, or the book's Refusal
 * @throws SpringhouseError `store_failed`, and system errors of the file as they are: call again later
 */
export async function ensureAdminToken(
  tokens: TokenBook,
  path: string,
  osRandom: (bytes: number) => Uint8Array,
): Promise<{ readonly ok: true; readonly written: boolean } | Refusal> {
  const present = await readToken(path);
  if (present !== null && tokens.authenticate(present)?.roles.includes("admin")) {
    await chmod(path, 0o600);
    return { ok: true, written: false };
  }
  const stale = tokens
    .list()
    .filter(({ name, createdBy }) => name === NAME && createdBy === "springhouse");
  const created = await tokens.createFrom(
    osRandom(TOKEN_MATERIAL_BYTES),
    // The configured quota is for programs that draw; it must not keep the operator from mending it.
    {
      name: NAME,
      roles: ["admin"],
      quota: { requestsPerSecond: null, bytesPerSecond: null },
    },
    "springhouse",
  );
  if (!created.ok) return created;
  await writePrivateFile(path, `${created.token}\n`);
  for (const { id } of stale) await tokens.revoke(id, "springhouse");
  return { ok: true, written: true };
}
