import { chmod, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SpringhouseError } from "../port/errors.ts";
import { writePrivateFile } from "../store/privateFile.ts";
import { formatSignerKey, parseSignerKey, signerOf } from "./signer.ts";
import { SigningKey, type KeyPlace } from "./signingKey.ts";

const SIGNER_FILE = "log.key";
/** Beside it while one key hands over to the next. */
const NEXT_FILE = "log.key.next";
export const VERIFIER_FILE = "log.vkey";
const SEED_BYTES = 32;

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * The signing key of this state directory's log, made at the first start: STATE/log.key (mode 0600) and
 * the public STATE/log.vkey. It is drawn from the OS RNG, like the admin token: it must be there before
 * the DRBG has a seed, and outside the seal, so that a sealed start is logged too.
 * @param origin the log's name from its first leaf on; null: one made up of 64 random bits
 * @throws SpringhouseError `configuration_invalid` when the log has another origin, `store_failed` when
 *   the file is no key; system errors as they are
 */
export async function openSigningKey(
  state: string,
  origin: string | null,
  osRandom: (bytes: number) => Uint8Array,
): Promise<SigningKey> {
  const path = join(state, SIGNER_FILE);
  let text = await read(path);
  if (text === null) {
    const seed = osRandom(SEED_BYTES);
    const name = origin ?? `springhouse/${Buffer.from(osRandom(8)).toString("hex")}`;
    text = `${formatSignerKey(name, seed)}\n`;
    seed.fill(0);
    await writePrivateFile(path, text);
  }
  await chmod(path, 0o600);
  const signer = parseSignerKey(text);
  if (!signer)
    throw new SpringhouseError(
      "store_failed",
      `${path} is no signing key of a log.`,
      "Restore it from a backup; the log cannot go on under another key.",
    );
  const { name, verifierKey } = signer.verifier;
  if (origin !== null && origin !== name)
    throw new SpringhouseError(
      "configuration_invalid",
      `  transparency.origin: the log of ${state} is ${name} since its first start, not ${origin}`,
    );
  await publish(state, verifierKey);
  const next = parseSignerKey((await read(join(state, NEXT_FILE))) ?? "");
  return new SigningKey(signer, placeIn(state, name, next, osRandom));
}

async function publish(state: string, verifierKey: string): Promise<void> {
  const path = join(state, VERIFIER_FILE);
  if ((await read(path)) !== `${verifierKey}\n`) await writeFile(path, `${verifierKey}\n`);
}

function placeIn(
  state: string,
  name: string,
  next: KeyPlace["next"],
  osRandom: (bytes: number) => Uint8Array,
): KeyPlace {
  const path = join(state, NEXT_FILE);
  return {
    next,
    async prepare() {
      const seed = osRandom(SEED_BYTES);
      try {
        await writePrivateFile(path, `${formatSignerKey(name, seed)}\n`);
        return signerOf(name, seed);
      } finally {
        seed.fill(0);
      }
    },
    async adopt({ verifier }) {
      await rename(path, join(state, SIGNER_FILE));
      await publish(state, verifier.verifierKey);
    },
    discard: () => rm(path, { force: true }),
  };
}
