import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSshPublicKey } from "../../../../src/key/approval/sshKey.ts";
import { parseSshSignature, readSshSignature } from "../../../../src/key/approval/sshSignature.ts";
import { testCustodian } from "./custodians.ts";

const NAMESPACE = "approval@springhouse/test";
const KINDS = ["ed25519", "ecdsa", "sk-ed25519", "sk-ecdsa"] as const;

describe.each(KINDS)("a signature of OpenSSH's by %s", (kind) => {
  const custodian = testCustodian("ada", kind);
  const message = Buffer.from('{"a":1}');
  const armored = custodian.sign(message, NAMESPACE);

  test("is read, and is over its own message alone", () => {
    const read = parseSshSignature(armored)!;
    expect(read.namespace).toBe(NAMESPACE);
    expect(read.key.line).toBe(custodian.line);
    expect(read.isOver(message)).toBe(true);
    expect(read.isOver(Buffer.from('{"a":2}'))).toBe(false);
  });

  test("with any byte changed is none", () => {
    const { blob } = parseSshSignature(armored)!;
    for (let at = 0; at < blob.length; at++) {
      const changed = Buffer.from(blob);
      changed[at]! ^= 0x01;
      const read = readSshSignature(changed);
      const same = read?.key.line === custodian.line && read.namespace === NAMESPACE;
      expect(same && read.isOver(message), `byte ${at}`).toBe(false);
    }
  });

  test("cut off or lengthened is none", () => {
    const { blob } = parseSshSignature(armored)!;
    for (let length = 0; length < blob.length; length++)
      expect(readSshSignature(blob.subarray(0, length))?.isOver(message) ?? false).toBe(false);
    expect(readSshSignature(Buffer.concat([blob, Buffer.from([0])]))).toBeNull();
  });
});

test("whatever is sent is read without an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readSshSignature(Buffer.from(bytes));
      readSshSignature(Buffer.concat([Buffer.from("SSHSIG\0\0\0\x01", "latin1"), bytes]));
      parseSshPublicKey(`ssh-ed25519 ${Buffer.from(bytes).toString("base64")}`);
    }),
  );
});

test.each([
  "",
  "ssh-ed25519",
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",
  "ssh-ed25519 AAAA",
  "ssh-ed25519 not base64!",
])("%j is no key", (text) => {
  expect(parseSshPublicKey(text)).toBeNull();
});

test("a key under the name of another type is none", () => {
  const [, encoded] = testCustodian("ada").line.split(" ");
  expect(parseSshPublicKey(`ecdsa-sha2-nistp256 ${encoded}`)).toBeNull();
});
