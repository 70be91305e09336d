import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSshPublicKey } from "../../../../src/key/approval/sshKey.ts";
import { parseSshSignature } from "../../../../src/key/approval/sshSignature.ts";
import { testCustodian } from "./custodians.ts";

/* Debian: openssh-client. */
const HAS_SSH_KEYGEN = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const NAMESPACE = "approval@springhouse/test";
const MESSAGE = '{"command":{"op":"destroy"}}';

describe.skipIf(!HAS_SSH_KEYGEN)("against ssh-keygen", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "sshsig-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test.each([
    ["ed25519", []],
    ["ecdsa", ["-b", "256"]],
  ] as const)("takes what it signs with %s", (type, more) => {
    const file = join(directory, type);
    execFileSync("ssh-keygen", ["-q", "-t", type, ...more, "-N", "", "-C", "ada", "-f", file]);
    const key = parseSshPublicKey(readFileSync(`${file}.pub`, "utf8"))!;
    expect(execFileSync("ssh-keygen", ["-l", "-f", `${file}.pub`], { encoding: "utf8" })).toContain(
      ` ${key.fingerprint} `,
    );
    for (const hash of ["sha256", "sha512"])
      // An integer of ECDSA has its top bit set in half of all cases.
      for (let round = 0; round < 4; round++) {
        const armored = execFileSync(
          "ssh-keygen",
          ["-Y", "sign", "-n", NAMESPACE, "-O", `hashalg=${hash}`, "-f", file],
          { input: `${MESSAGE}${round}`, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] },
        );
        const signature = parseSshSignature(armored)!;
        expect(signature.namespace).toBe(NAMESPACE);
        expect(signature.key.line).toBe(key.line);
        expect(signature.isOver(Buffer.from(`${MESSAGE}${round}`))).toBe(true);
        expect(signature.isOver(Buffer.from(MESSAGE))).toBe(false);
      }
  });

  test("no other type of key is taken", () => {
    const file = join(directory, "rsa");
    execFileSync("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", file]);
    expect(parseSshPublicKey(readFileSync(`${file}.pub`, "utf8"))).toBeNull();
    const armored = execFileSync("ssh-keygen", ["-Y", "sign", "-n", NAMESPACE, "-f", file], {
      input: MESSAGE,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    expect(parseSshSignature(armored)).toBeNull();
  });

  test.each(["ed25519", "ecdsa", "sk-ed25519", "sk-ecdsa"] as const)(
    "takes what the tests' own %s custodian signs",
    (kind) => {
      const custodian = testCustodian("ada", kind);
      const allowed = join(directory, `allowed-${kind}`);
      const signature = join(directory, `signature-${kind}`);
      writeFileSync(allowed, `ada ${custodian.line}\n`);
      writeFileSync(signature, custodian.sign(MESSAGE, NAMESPACE));
      const verify = ["-Y", "verify", "-f", allowed, "-I", "ada", "-n", NAMESPACE, "-s", signature];
      expect(spawnSync("ssh-keygen", verify, { input: MESSAGE }).status).toBe(0);
      expect(spawnSync("ssh-keygen", verify, { input: "other" }).status).not.toBe(0);
    },
  );
});
