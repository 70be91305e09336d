import { open } from "node:fs/promises";
import { join } from "node:path";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { ReadKeyFile } from "./secretSlot.ts";

/** A key file as the configuration names it: by one of `path` and `credential`. */
export interface KeyFileConfiguration {
  readonly name: string;
  readonly path?: string;
  readonly credential?: string;
}

/** HKDF makes a key of as much entropy as there is: fewer bytes cannot hold 256 bits of it. */
const SHORTEST_BYTES = 32;
const LONGEST_BYTES = 65_536;

/** @param credentialsDirectory systemd's $CREDENTIALS_DIRECTORY; null where there is none */
export function keyFileReader(
  files: readonly KeyFileConfiguration[],
  credentialsDirectory: string | null,
): ReadKeyFile {
  return async (name) => {
    const file = files.find((one) => one.name === name);
    if (file === undefined)
      return refuse("slot_refused", `The configuration has no seal.keyFiles named ${name}.`);
    if (file.path !== undefined) return await read(name, file.path);
    if (credentialsDirectory !== null)
      return await read(name, join(credentialsDirectory, file.credential ?? ""));
    return refuse("slot_refused", `Key file ${name}: systemd gave this service no credentials.`, {
      remedy:
        "Set LoadCredential= or LoadCredentialEncrypted= in the unit, and start it by systemd.",
    });
  };
}

async function read(name: string, path: string): Promise<Uint8Array | Refusal> {
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  try {
    handle = await open(path, "r");
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0)
      return refuse("slot_refused", `Key file ${name} is open to others: ${path}.`, {
        remedy: "Make it readable by the service's user alone (chmod 600), and think it known.",
      });
    if (size < SHORTEST_BYTES || size > LONGEST_BYTES)
      return refuse(
        "slot_refused",
        `Key file ${name} has ${size} bytes; ${SHORTEST_BYTES} to ${LONGEST_BYTES} are needed.`,
        { remedy: "Make one with `springhouse random 32 --format raw`, and keep it elsewhere." },
      );
    return new Uint8Array(await handle.readFile());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return refuse("slot_refused", `Key file ${name} cannot be read: ${path} (${code}).`);
  } finally {
    await handle?.close();
  }
}
