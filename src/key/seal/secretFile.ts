import { open } from "node:fs/promises";
import { join } from "node:path";
import { refuse, type Refusal } from "../../port/errors.ts";

/** A file with a secret, as the configuration names it: by one of the two. */
export interface SecretFile {
  readonly path?: string;
  /** Of systemd: a file in $CREDENTIALS_DIRECTORY. */
  readonly credential?: string;
}

const LONGEST_BYTES = 65_536;
const GROUP_AND_OTHERS = 0o077;
/**
 * Of a credential: where systemd lets the service read it by an access control list, the bits of the
 * group are that list's mask (acl(5)), and not the group's.
 */
const OTHERS = 0o007;

/**
 * Reads a secret that the caller overwrites.
 * @param what it is called in a refusal
 * @param credentialsDirectory null where systemd gave none
 */
export async function readSecretFile(
  what: string,
  { path, credential }: SecretFile,
  credentialsDirectory: string | null,
  shortestBytes: number,
): Promise<Uint8Array | Refusal> {
  if (path !== undefined) return await read(what, path, shortestBytes, GROUP_AND_OTHERS);
  if (credentialsDirectory !== null)
    return await read(what, join(credentialsDirectory, credential ?? ""), shortestBytes, OTHERS);
  return refuse("slot_refused", `${what}: systemd gave this service no credentials.`, {
    remedy: "Set LoadCredential= or LoadCredentialEncrypted= in the unit, and start it by systemd.",
  });
}

async function read(
  what: string,
  path: string,
  shortest: number,
  forbidden: number,
): Promise<Uint8Array | Refusal> {
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  try {
    handle = await open(path, "r");
    const { mode, size } = await handle.stat();
    if ((mode & forbidden) !== 0)
      return refuse("slot_refused", `${what} is open to others: ${path}.`, {
        remedy: "Make it readable by the service's user alone (chmod 600), and think it known.",
      });
    if (size < shortest || size > LONGEST_BYTES)
      return refuse(
        "slot_refused",
        `${what} has ${size} bytes; ${shortest} to ${LONGEST_BYTES} are needed.`,
        {
          remedy: "Make one with `springhouse random 32 --format raw`, and keep it elsewhere too.",
        },
      );
    return new Uint8Array(await handle.readFile());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return refuse("slot_refused", `${what} cannot be read: ${path} (${code}).`);
  } finally {
    await handle?.close();
  }
}
