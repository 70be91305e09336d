import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OctetString } from "asn1js";
import { Extension, OCSPRequest } from "pkijs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CertificateAuthority } from "../../../../src/key/certificate/certificateAuthority.ts";
import { NONCES_PER_SECOND } from "../../../../src/key/certificate/ocspResponder.ts";
import type { CertificateOrder } from "../../../../src/key/certificate/certificateAuthority.ts";
import type { KeyTransition } from "../../../../src/port/key.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { ADMIN, given, openRig, OWNER, type Rig } from "../managed/rig.ts";

/* Held against the system's openssl: what it verifies, refuses, and is told by OCSP. */

const folder = mkdtempSync(join(tmpdir(), "springhouse-authority-"));
let rig: Rig;
let authority: CertificateAuthority;

beforeAll(async () => {
  // OpenSSL looks at its own clock.
  rig = await openRig({ clock: new FakeClock(Date.now()) });
  authority = new CertificateAuthority({
    store: rig.store,
    random: rig.supply,
    keys: rig.room,
    record: async (event, writes, leaf) => {
      await rig.log.append(leaf, writes, (batch) => rig.journal.record(event, batch));
    },
  });
  rig.journal.subscribe(authority.observe);
  const made = await authority.establish(
    { name: "House CA", url: "http://house.example:7450" },
    ADMIN,
  );
  file("ca.pem", given(made).pem);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const openssl = (...parameters: string[]) => {
  const { status, stdout, stderr } = spawnSync("openssl", parameters, { cwd: folder });
  return { status, text: stdout.toString() + stderr.toString() };
};

const ORDER: CertificateOrder = {
  subject: "milk",
  purpose: "client",
  days: 30,
  hosts: [],
  request: null,
  key: null,
  version: null,
};

/** A certificate over a key that openssl made; its file is `NAME.pem`. */
async function certified(name: string, order: Partial<CertificateOrder> = {}): Promise<string> {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const output = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=not this"];
  execFileSync("openssl", ["req", "-new", "-nodes", ...curve, ...output], {
    cwd: folder,
    stdio: "ignore",
  });
  const request = execFileSync("cat", [join(folder, `${name}.csr`)]).toString();
  const issued = given(await authority.issue({ ...ORDER, request, ...order }, ADMIN));
  file(`${name}.pem`, issued.pem);
  return issued.serial;
}

/** A certificate over a managed key, with the key's id. */
async function overManagedKey(name: string): Promise<{ key: string; serial: string }> {
  const key = given(await rig.room.service.create({ type: "ed25519" }, {}, OWNER)).record.id;
  const issued = given(await authority.issue({ ...ORDER, purpose: "key", key }, ADMIN));
  file(`${name}.pem`, issued.pem);
  return { key, serial: issued.serial };
}

async function transit(key: string, transition: KeyTransition): Promise<void> {
  const { revision } = given(await rig.room.reader.get(key, OWNER));
  const approval = { digest: "ab".repeat(32), key, version: 1, transition, revision };
  const order = { transition, version: 1, reason: null, occurredMilliseconds: null, approval };
  given(await rig.room.service.transit(key, order, OWNER));
}

/** As whoever relies on a certificate does it: with the CRL of now. */
async function verified(name: string, ...more: string[]) {
  const list = given(await authority.revocationList());
  file("crl.der", list);
  execFileSync("openssl", ["crl", "-inform", "DER", "-in", "crl.der", "-out", "crl.pem"], {
    cwd: folder,
  });
  const how = ["-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "-x509_strict", ...more];
  return openssl("verify", ...how, `${name}.pem`);
}

describe("openssl verify -crl_check", () => {
  test("takes what was issued, and refuses what was revoked, for good", async () => {
    const [good, bad] = [await certified("good"), await certified("bad")];
    expect((await verified("good", "-purpose", "sslclient")).text).toContain("good.pem: OK");
    expect((await verified("bad")).text).toContain("OK");
    given(await authority.revoke(bad, "keyCompromise", ADMIN));
    const refused = await verified("bad");
    expect(refused.status).not.toBe(0);
    expect(refused.text).toContain("certificate revoked");
    expect((await verified("good")).text).toContain("good.pem: OK");
    expect(await authority.revoke(bad, "superseded", ADMIN)).toMatchObject({ code: "conflict" });
    expect(await authority.get(good)).toMatchObject({ revoked: null });
    const { text } = openssl("crl", "-in", "crl.pem", "-noout", "-text");
    expect(text).toContain("Key Compromise");
    expect(text).toContain(bad.toUpperCase());
  });

  test("a certificate follows its managed key: on hold, back, and revoked", async () => {
    const { key } = await overManagedKey("managed");
    expect((await verified("managed")).text).toContain("OK");
    await transit(key, "suspend");
    expect((await verified("managed")).text).toContain("certificate revoked");
    expect(openssl("crl", "-in", "crl.pem", "-noout", "-text").text).toContain("Certificate Hold");
    await transit(key, "restore");
    expect((await verified("managed")).text).toContain("OK");
    await transit(key, "suspend");
    await transit(key, "compromise");
    await verified("managed");
    expect(openssl("crl", "-in", "crl.pem", "-noout", "-text").text).not.toContain("Hold");
    expect((await verified("managed")).text).toContain("certificate revoked");
  });

  test("no certificate of another purpose passes", async () => {
    await certified("server", { purpose: "server", hosts: ["milk.example"] });
    expect(
      (await verified("server", "-purpose", "sslserver", "-verify_hostname", "milk.example")).text,
    ).toContain("OK");
    expect((await verified("server", "-verify_hostname", "cream.example")).status).not.toBe(0);
    expect((await verified("server", "-purpose", "sslclient")).status).not.toBe(0);
  });

  test("numbers of CRLs only rise", async () => {
    const number = async (): Promise<bigint> => {
      await verified("good");
      const { text } = openssl("crl", "-in", "crl.pem", "-noout", "-crlnumber");
      return BigInt(text.trim().split("=")[1]!);
    };
    const before = await number();
    const { key } = await overManagedKey("numbered");
    await transit(key, "suspend");
    expect(await number()).toBeGreaterThan(before);
  });
});

describe("openssl ocsp", () => {
  let port: number;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void authority.ocsp(Buffer.concat(chunks)).then((answer) => {
        response.setHeader("content-type", "application/ocsp-response");
        response.end(Buffer.from(given(answer)));
      });
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function ask(name: string, ...more: string[]): Promise<string> {
    const { spawn } = await import("node:child_process");
    const parameters = ["ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", ...more];
    const child = spawn(
      "openssl",
      [...parameters, "-cert", `${name}.pem`, "-url", `http://127.0.0.1:${port}/`],
      { cwd: folder },
    );
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await new Promise((resolve) => child.on("close", resolve));
    return text;
  }

  test("good, then revoked, with its reason; asked by SHA-1 and by SHA-256", async () => {
    const serial = await certified("asked");
    for (const hash of ["-sha1", "-sha256"]) {
      const answer = await ask("asked", hash, "-no_nonce");
      expect(answer).toContain("Response verify OK");
      expect(answer).toContain("asked.pem: good");
    }
    given(await authority.revoke(serial, "superseded", ADMIN));
    const answer = await ask("asked");
    expect(answer).toContain("Response verify OK");
    expect(answer).toContain("asked.pem: revoked");
    expect(answer).toContain("Reason: superseded");
  });

  const nonces = (text: string) =>
    [...text.matchAll(/OCSP Nonce:\s+([0-9A-F]+)/g)].map((match) => match[1]);

  test("its nonce comes back, another each time, and none where none was sent", async () => {
    await certified("fresh");
    const [one, two] = [await ask("fresh", "-text"), await ask("fresh", "-text")];
    for (const answer of [one, two]) {
      expect(answer).toContain("Response verify OK");
      expect(answer).not.toContain("WARNING: no nonce in response");
      const [sent, got] = nonces(answer);
      expect(sent).toMatch(/^0410[0-9A-F]{32}$/);
      expect(got).toBe(sent);
    }
    expect(nonces(one)[0]).not.toBe(nonces(two)[0]);
    expect(nonces(await ask("fresh", "-text", "-no_nonce"))).toEqual([]);
  });

  /** A request of openssl's with another value of the nonce's extension. */
  function requestWith(...values: readonly Uint8Array[]): Buffer {
    const how = ["-issuer", "ca.pem", "-cert", "fresh.pem", "-no_nonce", "-reqout", "plain.der"];
    execFileSync("openssl", ["ocsp", ...how], { cwd: folder, stdio: "ignore" });
    const der = execFileSync("cat", [join(folder, "plain.der")]);
    const request = OCSPRequest.fromBER(new Uint8Array(der).buffer);
    request.tbsRequest.requestExtensions = values.map(
      (value) =>
        new Extension({ extnID: "1.3.6.1.5.5.7.48.1.2", extnValue: new Uint8Array(value).buffer }),
    );
    return Buffer.from(request.toSchema(true).toBER(false));
  }
  const octets = (bytes: number): Buffer =>
    Buffer.from(new OctetString({ valueHex: new ArrayBuffer(bytes) }).toBER(false));
  const MALFORMED = [0x30, 3, 0x0a, 1, 1];

  test("RFC 9654 2.1: 1 to 128 octets come back, anything else is malformed", async () => {
    for (const bytes of [1, 16, 32, 128]) {
      const answer = Buffer.from(given(await authority.ocsp(requestWith(octets(bytes)))));
      expect(answer.includes(octets(bytes)), `${bytes} octets`).toBe(true);
    }
    const bare = Uint8Array.of(1, 2, 3);
    const refused = [[octets(0)], [octets(129)], [bare], [octets(16), octets(16)]];
    for (const values of refused)
      expect([...given(await authority.ocsp(requestWith(...values)))]).toEqual(MALFORMED);
  });

  test("who asks too often with nonces gets what was signed ahead", async () => {
    rig.clock.advance(1000);
    const request = requestWith(octets(16));
    const answers: Buffer[] = [];
    for (let asked = 0; asked < NONCES_PER_SECOND + 2; asked++)
      answers.push(Buffer.from(given(await authority.ocsp(request))));
    const withNonce = answers.map((answer) => answer.includes(octets(16)));
    expect(withNonce.filter(Boolean)).toHaveLength(NONCES_PER_SECOND);
    expect(withNonce.slice(-2)).toEqual([false, false]);
    expect(answers.at(-1)).toEqual(answers.at(-2));
    rig.clock.advance(1000);
    expect(Buffer.from(given(await authority.ocsp(request))).includes(octets(16))).toBe(true);
  });

  test("a suspended key's certificate is on hold", async () => {
    const { key } = await overManagedKey("held");
    expect(await ask("held")).toContain("held.pem: good");
    await transit(key, "suspend");
    expect(await ask("held")).toContain("certificateHold");
  });

  test("of what was never issued nothing is signed", async () => {
    const self = ["-x509", "-nodes", "-newkey", "ed25519", "-keyout", "no.key", "-subj", "/CN=no"];
    execFileSync("openssl", ["req", ...self, "-out", "no.pem"], { cwd: folder, stdio: "ignore" });
    expect(await ask("no")).toContain("unauthorized");
    const failed = given(await authority.ocsp(Buffer.from("nonsense")));
    expect([...failed]).toEqual(MALFORMED);
  });
});

test("an answer is signed once, and again only when something changed or it ages", async () => {
  const first = given(await authority.revocationList());
  expect(given(await authority.revocationList())).toBe(first);
  const { key } = await overManagedKey("counted");
  await transit(key, "suspend");
  const second = given(await authority.revocationList());
  expect(second).not.toEqual(first);
});

test("a request that its own key did not sign is refused, and so is no request", async () => {
  await certified("forged");
  const pem = execFileSync("cat", [join(folder, "forged.csr")]).toString();
  const der = Buffer.from(pem.replaceAll(/-----.*-----|\s/g, ""), "base64");
  // The subject's text: the signature no longer fits.
  der[der.indexOf("not this")] = 0x4e;
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----`;
  for (const request of [
    forged,
    "",
    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
  ])
    expect(await authority.issue({ ...ORDER, request }, ADMIN)).toMatchObject({
      ok: false,
      code: "invalid_parameter",
    });
});

test("without an open vault nothing is signed, and what was signed goes on", async () => {
  const how = ["-issuer", "ca.pem", "-cert", "good.pem", "-reqout", "nonce.der"];
  execFileSync("openssl", ["ocsp", ...how], { cwd: folder, stdio: "ignore" });
  const asked = execFileSync("cat", [join(folder, "nonce.der")]);
  const plain = [...how.slice(0, -1), "plain.der", "-no_nonce"];
  execFileSync("openssl", ["ocsp", ...plain], { cwd: folder, stdio: "ignore" });
  const ahead = given(await authority.ocsp(execFileSync("cat", [join(folder, "plain.der")])));
  const list = given(await authority.revocationList());
  rig.vault.seal("closed for the test");
  expect(given(await authority.revocationList())).toBe(list);
  expect(given(await authority.ocsp(asked))).toBe(ahead);
  expect(
    await authority.issue({ ...ORDER, purpose: "key", key: await overKey() }, ADMIN),
  ).toMatchObject({ code: "sealed" });
  rig.openVault();
});

/** A key that was made before the vault was closed. */
async function overKey(): Promise<string> {
  rig.openVault();
  const { id } = given(await rig.room.service.create({ type: "ed25519" }, {}, OWNER)).record;
  rig.vault.seal("closed for the test");
  return id;
}
