import { execFileSync, spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { SpringhouseClient } from "../../src/client/client.ts";
import { decodeBundle } from "../../src/log/bundle.ts";
import {
  type CommandResult,
  makeState,
  removeState,
  type Running,
  springhouse,
} from "./springhouse.ts";

/* Debian: openssh-client. */
export const HAS_SSH_KEYGEN = spawnSync("ssh-keygen", ["-?"]).error === undefined;

/** Two custodians with keys that ssh-keygen made, and whoever brings their signatures. */
export interface Ceremony {
  /** Private key files. */
  readonly ada: string;
  readonly ben: string;
  /** `springhouse intent approve`, by the desk's token, which has the role custodian. */
  approve(running: Running, intent: string, key: string): Promise<CommandResult>;
  /** Both of them. */
  approveAll(running: Running, intent: string): Promise<void>;
}

/** A directory that goes with the test. */
export async function ownDirectory(): Promise<string> {
  const directory = await makeState();
  onTestFinished(() => removeState(directory));
  return directory;
}

export const run = (running: Running, ...args: string[]): Promise<CommandResult> =>
  springhouse([...args, "--state", running.state, "--url", running.url]);

/** @returns what it printed; the test fails where the command does */
export async function done(running: Running, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(running, ...args);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  return stdout.toString().trim();
}

export function adminOf({ url, authorization }: Running): SpringhouseClient {
  const token = authorization.authorization.replace("Bearer ", "");
  return new SpringhouseClient({ url, token });
}

/** Ada's key is Ed25519, Ben's ECDSA; both are enrolled in the running service. */
export async function holdCeremony(running: Running): Promise<Ceremony> {
  const directory = await ownDirectory();
  const keyOf = (person: string, type: string): string => {
    const file = join(directory, person);
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", person, "-f", file]);
    return file;
  };
  const [ada, ben] = [keyOf("ada", "ed25519"), keyOf("ben", "ecdsa")];
  const people = `- person: ada\n  keys: [${ada}.pub]\n- person: ben\n  keys: [${ben}.pub]\n`;
  const file = join(directory, "ceremony.yaml");
  await writeFile(file, people);
  await done(running, "custodian", "bootstrap", file);
  const { token } = await adminOf(running).tokens.create({ name: "desk", roles: ["custodian"] });
  const desk = join(directory, "token");
  await writeFile(desk, token);
  const approve: Ceremony["approve"] = (by, intent, key) =>
    run(by, "intent", "approve", intent, "--key", key, "--token-file", desk);
  return {
    ada,
    ben,
    approve,
    async approveAll(by, intent) {
      expect((await approve(by, intent, ada)).stderr).toContain("1 of 2, last ada");
      expect((await approve(by, intent, ben)).stderr).toContain("approved: 2 of 2");
    },
  };
}

/** Whether ssh-keygen takes the signatures in a directory of `springhouse intent export`, over `document`. */
export function isSignedBy(
  bundle: string,
  person: string,
  namespace: string,
  document: Uint8Array,
): boolean {
  const allowed = ["-f", join(bundle, "allowed_signers"), "-I", person];
  const signed = ["-n", namespace, "-s", join(bundle, `${person}.sig`)];
  const verify = ["-Y", "verify", ...allowed, ...signed];
  return spawnSync("ssh-keygen", verify, { input: document }).status === 0;
}

/** The leaves of the running service's log, exported, and taken by `springhouse log verify`. */
export async function verifiedLeaves(
  running: Running,
): Promise<readonly Record<string, unknown>[]> {
  const directory = join(await ownDirectory(), "log");
  await done(running, "log", "export", directory);
  const { code, stderr } = await springhouse(["log", "verify", directory]);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  const bundles = join(directory, "tile", "entries");
  const names = (await readdir(bundles, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const entries = await Promise.all(
    names.map(async (name) => [...decodeBundle(await readFile(name))]),
  );
  return entries
    .flat()
    .map((entry) => JSON.parse(Buffer.from(entry).toString()) as Record<string, unknown>);
}
