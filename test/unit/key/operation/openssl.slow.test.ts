import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { deriveEc } from "../../../../src/key/derive/ecdsa.ts";
import { deriveEd25519, deriveX25519 } from "../../../../src/key/derive/edwards.ts";
import { encodeKey } from "../../../../src/key/encode.ts";
import { agree } from "../../../../src/key/operation/agreement.ts";
import { unwrapBytes, wrapBytes } from "../../../../src/key/aes/keyWrap.ts";
import { macOf } from "../../../../src/key/operation/mac.ts";
import { publicPem } from "../../../../src/key/operation/publicKey.ts";
import { isSignature, signMessage } from "../../../../src/key/operation/signature.ts";

/* Against the system's openssl program, which shares no code with the runtime's copy but its authors. */

const folder = mkdtempSync(join(tmpdir(), "springhouse-openssl-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const openssl = (...parameters: string[]): Buffer => execFileSync("openssl", parameters);
const MESSAGE = Buffer.from("spring water");
const message = file("message", MESSAGE);

describe("signatures", () => {
  const ec = deriveEc("P-256", new Uint8Array(48).fill(2));
  const ed = deriveEd25519(new Uint8Array(32).fill(1));

  test("ECDSA, both ways", () => {
    const signature = signMessage(
      "ECDSA-P-256-SHA-256",
      ec.secret,
      MESSAGE,
      new Uint8Array(96).fill(1),
    );
    const key = file("ec.pub", publicPem("P-256", ec.publicKey));
    const ours = file("ec.sig", signature);
    expect(
      openssl("dgst", "-sha256", "-verify", key, "-signature", ours, message).toString(),
    ).toContain("Verified OK");
    const pem = file("ec.pem", encodeKey(ec, "pem").key as string);
    const theirs = openssl("dgst", "-sha256", "-sign", pem, message);
    expect(isSignature("ECDSA-P-256-SHA-256", ec.publicKey, MESSAGE, theirs)).toBe(true);
  });

  test("Ed25519, both ways", () => {
    const signature = signMessage("Ed25519", ed.secret, MESSAGE, new Uint8Array(0));
    const key = file("ed.pub", publicPem("Ed25519", ed.publicKey));
    const ours = file("ed.sig", signature);
    const verified = openssl(
      "pkeyutl",
      "-verify",
      "-pubin",
      "-inkey",
      key,
      "-rawin",
      "-in",
      message,
      "-sigfile",
      ours,
    );
    expect(verified.toString()).toContain("Verified Successfully");
    const pem = file("ed.pem", encodeKey(ed, "pem").key as string);
    const theirs = openssl("pkeyutl", "-sign", "-inkey", pem, "-rawin", "-in", message);
    expect(isSignature("Ed25519", ed.publicKey, MESSAGE, theirs)).toBe(true);
  });
});

test.each([
  ["X25519", deriveX25519(new Uint8Array(32).fill(1)), deriveX25519(new Uint8Array(32).fill(2))],
  [
    "ECDH-P-256",
    deriveEc("P-256", new Uint8Array(48).fill(1)),
    deriveEc("P-256", new Uint8Array(48).fill(2)),
  ],
] as const)("%s: openssl derives the same", (algorithm, one, other) => {
  const curve = algorithm === "X25519" ? "X25519" : "P-256";
  const pem = file("one.pem", encodeKey(one, "pem").key as string);
  const peer = file("other.pub", publicPem(curve, other.publicKey));
  const theirs = openssl("pkeyutl", "-derive", "-inkey", pem, "-peerkey", peer);
  expect(agree(algorithm, other.secret, one.publicKey)).toEqual(theirs);
});

test.each(["AES-256-KW", "AES-256-KWP"] as const)("%s, both ways", (algorithm) => {
  const key = new Uint8Array(32).fill(7);
  const target = new Uint8Array(algorithm === "AES-256-KW" ? 32 : 21).fill(8);
  const pad = algorithm === "AES-256-KWP";
  const parameters = [
    "enc",
    `-id-aes256-wrap${pad ? "-pad" : ""}`,
    "-K",
    Buffer.from(key).toString("hex"),
    "-iv",
    pad ? "a65959a6" : "a6a6a6a6a6a6a6a6",
  ];
  const theirs = openssl(...parameters, "-in", file("target", target));
  expect(wrapBytes(algorithm, key, target)).toEqual(theirs);
  expect(new Uint8Array(unwrapBytes(algorithm, key, theirs)!)).toEqual(target);
  const ours = file("wrapped", wrapBytes(algorithm, key, target));
  expect(new Uint8Array(openssl(...parameters, "-d", "-in", ours))).toEqual(target);
  expect(readFileSync(ours)).toEqual(theirs);
});

test("HMAC", () => {
  const key = new Uint8Array(32).fill(7);
  const theirs = openssl(
    "mac",
    "-digest",
    "SHA256",
    "-macopt",
    `hexkey:${Buffer.from(key).toString("hex")}`,
    "-in",
    message,
    "HMAC",
  );
  const ours = Buffer.from(macOf("HMAC-SHA-256", key, MESSAGE)).toString("hex");
  expect(theirs.toString().trim().toLowerCase()).toBe(ours);
});
