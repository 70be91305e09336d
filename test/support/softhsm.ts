import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { TokenConfiguration } from "../../src/key/seal/pkcs11Slot.ts";

/** Debian's package softhsm2. */
export const SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so";
export const hasSofthsm = existsSync(SOFTHSM);
export const PIN = "canary-pin-4711";

export interface SoftToken extends TokenConfiguration {
  /** Where SoftHSM has its tokens. */
  readonly folder: string;
  readonly pinPath: string;
}

/** A token of SoftHSM's, in a folder of its own, with its PIN in a file. */
export async function makeToken(folder: string, name = "hsm"): Promise<SoftToken> {
  const tokens = join(folder, "tokens");
  await mkdir(tokens, { recursive: true });
  const conf = join(folder, "softhsm2.conf");
  await writeFile(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\n`);
  const environment = { SOFTHSM2_CONF: conf };
  const made = execFileSync(
    "softhsm2-util",
    ["--init-token", "--free", "--label", name, "--so-pin", "so-pin-0815", "--pin", PIN],
    { env: { ...process.env, ...environment }, encoding: "utf8" },
  );
  expect(made).toContain("initialized");
  const pinPath = join(folder, "pin");
  await writeFile(pinPath, `${PIN}\n`, { mode: 0o600 });
  return {
    name,
    library: SOFTHSM,
    token: name,
    pin: { path: pinPath },
    environment,
    folder: tokens,
    pinPath,
  };
}
