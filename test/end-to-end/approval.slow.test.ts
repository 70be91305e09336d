import { execFileSync, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SpringhouseClient } from "../../src/client/client.ts";
import {
  makeState,
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
} from "../support/springhouse.ts";

/* Debian: openssh-client. */
const HAS_SSH_KEYGEN = spawnSync("ssh-keygen", ["-?"]).error === undefined;

async function ownDirectory(): Promise<string> {
  const directory = await makeState();
  onTestFinished(() => removeState(directory));
  return directory;
}

function sshKey(directory: string, name: string, type = "ed25519"): string {
  const file = join(directory, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", name, "-f", file]);
  return file;
}

const run = (running: Running, ...args: string[]) =>
  springhouse([...args, "--state", running.state, "--url", running.url]);

async function done(running: Running, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(running, ...args);
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  return stdout.toString().trim();
}

test.skipIf(!HAS_SSH_KEYGEN)(
  "a suspended key comes back when two custodians have signed with ssh-keygen, and anybody can check that",
  async () => {
    const running = await startSpringhouse({ state: await ownDirectory() });
    onTestFinished(() => running.kill());
    const files = await ownDirectory();
    const [ada, ben] = [sshKey(files, "ada"), sshKey(files, "ben", "ecdsa")];
    const token = running.authorization.authorization.replace("Bearer ", "");
    const admin = new SpringhouseClient({ url: running.url, token });
    const passphrase = "a passphrase of some length";
    await admin.seal.initialise({ kind: "passphrase", name: "first", passphrase });
    const ceremony = join(files, "ceremony.yaml");
    await writeFile(
      ceremony,
      `- person: ada\n  keys: [${ada}.pub]\n- person: ben\n  keys: [${ben}.pub]\n`,
    );
    await done(running, "custodian", "bootstrap", ceremony);
    expect(await done(running, "custodian", "list")).toContain("ecdsa-sha2-nistp256");
    const { id } = await admin.managedKeys.create({ type: "aes-256" });
    await admin.managedKeys.transit(id, "suspend");
    const intent = await done(
      running,
      "intent",
      "create",
      id,
      "--to",
      "restore",
      "--key-version",
      "1",
      "--reason",
      "found again",
    );
    const desk = join(files, "token");
    await writeFile(
      desk,
      (await admin.tokens.create({ name: "desk", roles: ["custodian"] })).token,
    );
    const approve = (key: string) =>
      run(running, "intent", "approve", intent, "--key", key, "--token-file", desk);
    expect((await approve(ada)).stderr).toContain("1 of 2, last ada");
    expect((await approve(ben)).stderr).toContain("approved: 2 of 2");
    await done(running, "intent", "execute", intent);
    expect((await admin.managedKeys.get(id)).state).toBe("active");

    const bundle = join(files, "bundle");
    await done(running, "intent", "export", intent, bundle);
    const { namespace } = await admin.intents.get(intent);
    const document = await readFile(join(bundle, "intent.json"));
    for (const person of ["ada", "ben"]) {
      const allowed = ["-f", join(bundle, "allowed_signers"), "-I", person];
      const signed = ["-n", namespace, "-s", join(bundle, `${person}.sig`)];
      const verify = (input: Uint8Array) =>
        spawnSync("ssh-keygen", ["-Y", "verify", ...allowed, ...signed], { input }).status;
      expect(verify(document)).toBe(0);
      expect(verify(Buffer.concat([document, Buffer.from(" ")]))).not.toBe(0);
    }
    const log = join(files, "log");
    await done(running, "log", "export", log);
    expect((await springhouse(["log", "verify", log])).code).toBe(0);
    await running.stop();
  },
);
