import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sealAsAgeFile } from "../../../../src/key/distribution/ageFile.ts";
import { jweEntropyBytes, sealAsJwe } from "../../../../src/key/distribution/jwe.ts";
import { payloadOf } from "../../../../src/key/distribution/payload.ts";
import { predictable } from "../supply.ts";
import { CURVES, curveRecipient, pairOf } from "./keys.ts";

/* Against the tools that a recipient has, from Debian: age, José (jose) and python3-jwcrypto. */

const folder = mkdtempSync(join(tmpdir(), "springhouse-distribution-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const has = (program: string, ...parameters: string[]): boolean =>
  spawnSync(program, parameters).status === 0;

const PAYLOAD = payloadOf({
  key: "k-0000000000000001-1",
  version: 1,
  type: "p-256",
  secret: predictable(9, 32),
  salt: predictable(10, 32),
});
const TEXT = Buffer.from(PAYLOAD).toString();

describe.skipIf(!has("age-keygen", "--version"))("age", () => {
  function identity(name: string): { readonly path: string; readonly recipient: string } {
    const path = join(folder, name);
    execFileSync("age-keygen", ["-o", path], { stdio: "ignore" });
    const recipient = execFileSync("age-keygen", ["-y", path]).toString().trim();
    return { path, recipient };
  }

  test("opens the file of its identity, and no other's", async () => {
    const [own, other] = [identity("own"), identity("other")];
    const sealed = file("key.age", (await sealAsAgeFile(own.recipient, PAYLOAD))!);
    expect(execFileSync("age", ["-d", "-i", own.path, sealed]).toString()).toBe(TEXT);
    expect(spawnSync("age", ["-d", "-i", other.path, sealed]).status).not.toBe(0);
  });
});

async function jweFor(curve: (typeof CURVES)[number], number: number): Promise<string> {
  const { publicKey, digest } = curveRecipient("jwe", pairOf(curve, number).publicJwk);
  const names = { kid: "k-0000000000000001-1/1", recipient: digest };
  return sealAsJwe(curve, publicKey, PAYLOAD, names, predictable(3, jweEntropyBytes(curve)));
}

// José knows no X25519.
describe.skipIf(!has("jose", "alg"))("José", () => {
  test("opens a JWE over P-256 with its key, and with no other", async () => {
    const jwe = file("key.jwe", await jweFor("P-256", 1));
    const [own, other] = [1, 2].map((number) =>
      file(`${number}.jwk`, pairOf("P-256", number).privateJwk),
    );
    const decrypt = (jwk: string) => spawnSync("jose", ["jwe", "dec", "-i", jwe, "-k", jwk]);
    expect(decrypt(own!).stdout.toString()).toBe(TEXT);
    expect(decrypt(other!).status).not.toBe(0);
  });
});

/** Debian's own, which has its packages. */
const PYTHON = "/usr/bin/python3";
const DECRYPT = `
import sys
from jwcrypto import jwe, jwk
message = jwe.JWE()
message.deserialize(open(sys.argv[1]).read(), key=jwk.JWK.from_json(open(sys.argv[2]).read()))
sys.stdout.write(message.payload.decode())
`;

describe.skipIf(!has(PYTHON, "-c", "import jwcrypto"))("python3-jwcrypto", () => {
  test.each(CURVES)("opens a JWE over %s with its key, and with no other", async (curve) => {
    const jwe = file(`${curve}.jwe`, await jweFor(curve, 1));
    const [own, other] = [1, 2].map((number) =>
      file(`${curve}-${number}.jwk`, pairOf(curve, number).privateJwk),
    );
    const decrypt = (jwk: string) => spawnSync(PYTHON, ["-c", DECRYPT, jwe, jwk]);
    expect(decrypt(own!).stdout.toString()).toBe(TEXT);
    expect(decrypt(other!).status).not.toBe(0);
  });
});
