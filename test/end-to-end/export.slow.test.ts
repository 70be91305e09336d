import { execFileSync, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { opensCommitment } from "../../src/log/commitment.ts";
import {
  adminOf,
  done,
  HAS_SSH_KEYGEN,
  holdCeremony,
  ownDirectory,
  run,
  verifiedLeaves,
} from "../support/ceremony.ts";
import { startSpringhouse } from "../support/springhouse.ts";

const has = (program: string, ...parameters: string[]): boolean =>
  spawnSync(program, parameters).status === 0;

interface Recipient {
  /** As `--to` and `--recipient` take it. */
  readonly to: string;
  open(file: string): string;
}

/** Debian: age, jose. */
const RECIPIENTS: Readonly<Record<"age" | "jwe", (directory: string) => Recipient>> = {
  age(directory) {
    const identity = join(directory, "identity");
    execFileSync("age-keygen", ["-o", identity], { stdio: "ignore" });
    const to = execFileSync("age-keygen", ["-y", identity]).toString().trim();
    return { to, open: (file) => execFileSync("age", ["-d", "-i", identity, file]).toString() };
  },
  jwe(directory) {
    const [own, to] = [join(directory, "own.jwk"), join(directory, "public.jwk")];
    execFileSync("jose", ["jwk", "gen", "-i", '{"kty":"EC","crv":"P-256"}', "-o", own]);
    execFileSync("jose", ["jwk", "pub", "-i", own, "-o", to]);
    const open = (file: string) =>
      execFileSync("jose", ["jwe", "dec", "-i", file, "-k", own]).toString();
    return { to, open };
  },
};

const HAS_TOOLS = HAS_SSH_KEYGEN && has("age-keygen", "--version") && has("jose", "alg");

test.skipIf(!HAS_TOOLS)(
  "a key leaves by the command line when two custodians have signed: to that recipient, once, with its leaf",
  async () => {
    const running = await startSpringhouse({ state: await ownDirectory() });
    onTestFinished(() => running.kill());
    const admin = adminOf(running);
    const passphrase = "a passphrase of some length";
    await admin.seal.initialise({ kind: "passphrase", name: "first", passphrase });
    const ceremony = await holdCeremony(running);
    const files = await ownDirectory();
    const message = join(files, "message");
    await writeFile(message, "milk");
    const { id } = await admin.managedKeys.create({ type: "hmac-256", exportable: true });
    const mac = await done(running, "key", "mac", id, message);
    const intents: string[] = [];

    for (const scheme of ["age", "jwe"] as const) {
      const [recipient, other] = await Promise.all(
        [0, 1].map(async () => RECIPIENTS[scheme](await ownDirectory())),
      );
      const what = ["--to", "export", "--key-version", "1", "--reason", "for the other site"];
      const to = ["--scheme", scheme, "--recipient", recipient!.to];
      const intent = await done(running, "intent", "create", id, ...what, ...to);
      const leave = (whom: Recipient) =>
        run(running, "key", "export", id, "--scheme", scheme, "--to", whom.to, "--intent", intent);
      expect((await ceremony.approve(running, intent, ceremony.ada)).stderr).toContain("1 of 2");
      expect((await leave(recipient!)).stderr).toContain("approval_required");
      expect((await ceremony.approve(running, intent, ceremony.ben)).stderr).toContain("2 of 2");
      const strange = await leave(other!);
      expect([strange.code, strange.stdout.length]).toEqual([1, 0]);
      expect(strange.stderr).toContain("approval_required");

      const { code, stdout } = await leave(recipient!);
      expect(code).toBe(0);
      const sealed = join(files, scheme);
      await writeFile(sealed, scheme === "jwe" ? stdout.toString().trim() : stdout);
      const jwk = JSON.parse(recipient!.open(sealed)) as Record<string, string>;
      expect(jwk["kid"]).toBe(`${id}/1`);
      const [secret, salt] = [jwk["k"]!, jwk["commitment_salt"]!].map((text) =>
        Buffer.from(text, "base64url"),
      );
      // It is the key that the service uses, and the one whose birth the log tells of.
      const own = createHmac("sha256", secret!).update(await readFile(message));
      expect(own.digest("base64")).toBe(mac);
      const again = await leave(recipient!);
      expect(again.stderr).toContain("executed, and that is final");
      expect(again.stdout).toHaveLength(0);

      intents.push(intent);
      const { digest } = await admin.intents.get(intent);
      const leaves = await verifiedLeaves(running);
      const exports = leaves.filter(({ kind }) => kind === "export");
      expect(exports).toHaveLength(intents.length);
      const named = await done(running, "key", "recipient", "--scheme", scheme, "--to", to[3]!);
      const version = { keys: [id], version: 1 };
      expect(exports.at(-1)).toMatchObject({
        ...version,
        scheme,
        recipient: named,
        intent: digest,
      });
      const birth = leaves.find((leaf) => leaf["kind"] === "key" && leaf["op"] === "create");
      const commitment = String(birth!["commitment"]);
      expect(opensCommitment(commitment, salt!, `key ${id} 1`, secret!)).toBe(true);
    }
    await running.stop();
  },
);
