import { refuse } from "../../port/errors.ts";
import { readSecretFile, type SecretFile } from "./secretFile.ts";
import type { ReadKeyFile } from "./secretSlot.ts";

export interface KeyFileConfiguration extends SecretFile {
  readonly name: string;
}

/** HKDF makes a key of as much entropy as there is: fewer bytes cannot hold 256 bits of it. */
const SHORTEST_BYTES = 32;

/** @param credentialsDirectory systemd's $CREDENTIALS_DIRECTORY; null where there is none */
export function keyFileReader(
  files: readonly KeyFileConfiguration[],
  credentialsDirectory: string | null,
): ReadKeyFile {
  return async (name) => {
    const file = files.find((one) => one.name === name);
    return file === undefined
      ? refuse("slot_refused", `The configuration has no seal.keyFiles named ${name}.`)
      : await readSecretFile(`Key file ${name}`, file, credentialsDirectory, SHORTEST_BYTES);
  };
}
