import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, watch } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { adminOf, done, ownDirectory, run, verifiedLeaves } from "../support/ceremony.ts";
import { springhouse, startSpringhouse } from "../support/springhouse.ts";

/* Debian: age. */
const HAS_AGE = spawnSync("age-keygen", ["--version"]).error === undefined;

function recipientIn(file: string): string {
  execFileSync("age-keygen", ["-o", file], { stdio: "ignore" });
  return /age1[a-z0-9]+/.exec(readFileSync(file, "utf8"))![0];
}

test.skipIf(!HAS_AGE)(
  "a copy that a crash leaves half way to a backup goes with the next start",
  async () => {
    const [files, state] = [await ownDirectory(), await ownDirectory()];
    const recipients = ["one", "two"].map((name) => recipientIn(join(files, name)));
    const configuration = `backup: { recipients: [${recipients.join(", ")}] }\n`;
    const copies = () => readdirSync(state).filter((name) => name.endsWith(".tmp"));
    for (let attempt = 0; attempt < 5 && copies().length === 0; attempt++) {
      const service = await startSpringhouse({ configuration, state });
      const watcher = watch(state, (_what, name) => {
        if (name?.endsWith(".tmp")) service.child.kill("SIGKILL");
      });
      await adminOf(service)
        .backups.create()
        .catch(() => {});
      watcher.close();
      await service.kill();
    }
    expect(copies()).toHaveLength(1);
    const service = await startSpringhouse({ configuration, state });
    onTestFinished(() => service.kill());
    expect(copies()).toEqual([]);
  },
);

test.skipIf(!HAS_AGE)(
  "backups that are made while the log changes its key pass their drill",
  async () => {
    const files = await ownDirectory();
    const recipients = ["one", "two"].map((name) => recipientIn(join(files, name)));
    const configuration = `backup: { recipients: [${recipients.join(", ")}] }\n`;
    const service = await startSpringhouse({ configuration });
    onTestFinished(async () => void (await service.stop()));
    const admin = adminOf(service);
    const made: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const file = join(files, `${turn}.age`);
      const both = [admin.rotateLogKey(), admin.backups.create()] as const;
      const { chunks } = (await Promise.all(turn % 2 === 0 ? both : both.toReversed())).find(
        (one) => "chunks" in one,
      )!;
      await writeFile(file, chunks);
      made.push(file);
    }
    for (const file of made) {
      const identity = join(files, "one");
      const { code, stdout } = await springhouse([
        "restore",
        file,
        "--identity",
        identity,
        "--drill",
      ]);
      expect(`${code} ${stdout.toString()}`).toMatch(/^0 .*verdict +whole\n$/s);
    }
  },
);

test.skipIf(!HAS_AGE)(
  "a backup by the command line passes its drill, and a new house goes on from it under the log's second key",
  async () => {
    const files = await ownDirectory();
    const recipients = ["one", "two"].map((name) => recipientIn(join(files, name)));
    const configuration = `backup: { recipients: [${recipients.join(", ")}] }\n`;
    const first = await startSpringhouse({ configuration });
    onTestFinished(async () => void (await first.stop()));
    const admin = adminOf(first);
    await admin.seal.initialise({ kind: "passphrase", name: "daily", passphrase: "of every day" });
    const { id } = await admin.managedKeys.create({ type: "aes-256", exportable: false });
    const { ciphertext } = await admin.managedKeys.encrypt(id, Buffer.from("milk"));
    await done(first, "log", "rotate-key");

    const file = join(files, "backup.age");
    const made = await run(first, "backup", "-o", file);
    expect(`${made.code} ${made.stderr}`).toMatch(/^0 wrote .*backup.age: bk-/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await admin.backups.list()).toMatchObject([{ takenMilliseconds: expect.any(Number) }]);
    const again = await run(first, "backup", "-o", file);
    expect(again.code).toBe(1);
    const identity = ["--identity", join(files, "two")];
    const drilled = await springhouse(["restore", file, ...identity, "--drill"]);
    expect(`${drilled.code} ${drilled.stdout.toString()}`).toMatch(/^0 .*verdict +whole\n$/s);

    const state = join(files, "restored");
    const secret = join(files, "passphrase");
    await writeFile(secret, "found in the safe\n");
    const slot = ["--slot", "safe", "--passphrase-file", secret];
    const restored = await springhouse(["restore", file, ...identity, "--state", state, ...slot]);
    expect(`${restored.code} ${restored.stderr}`).toMatch(/^0 slot safe opens the vault/);
    const second = await startSpringhouse({ configuration, state });
    onTestFinished(() => second.kill());
    await done(second, "seal", "open", "--slot", "safe", "--passphrase-file", secret);
    const { plaintext } = await adminOf(second).managedKeys.decrypt(id, ciphertext);
    expect(Buffer.from(plaintext).toString()).toBe("milk");
    const kinds = async () =>
      (await verifiedLeaves(second)).map(({ kind, op = "" }) =>
        `${String(kind)} ${String(op)}`.trim(),
      );
    // A leaf is covered by a checkpoint within a second.
    await expect
      .poll(kinds, { timeout: 20_000 })
      .toEqual([
        "service_start",
        "epoch create",
        "key create",
        "log_key",
        "backup create",
        "slot add",
        "service_start",
        "epoch open",
      ]);
  },
);
