import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkTlsTexts, endsOf } from "../../../src/config/tlsFiles.ts";
import { makeCertificate, type PemPair } from "../../support/certificates.ts";

let folder = "";
let one: PemPair;
let other: PemPair;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "springhouse-tls-"));
  one = makeCertificate(folder, "one", null);
  other = makeCertificate(folder, "other", null);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const faultsOf = (texts: Partial<Parameters<typeof checkTlsTexts>[0]>): string => {
  try {
    checkTlsTexts({ certificate: one.certificate, key: one.key, ...texts });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("a pair and an authority hold", () => {
  expect(faultsOf({ clientAuthority: other.certificate })).toBe("");
});

test("a key of another certificate is told, and no key is shown", () => {
  expect(faultsOf({ key: other.key })).toContain("tls.key: is not the key of tls.certificate");
});

test("what is no PEM is told of every file in one go, without its text", () => {
  const text = faultsOf({ certificate: "hunter2", key: one.certificate, clientAuthority: "" });
  for (const field of ["certificate", "key", "clientAuthority"])
    expect(text).toContain(`tls.${field}`);
  expect(text).not.toMatch(/hunter2|BEGIN/);
});

test("of a chain, the certificate that ends first is the one that is told", () => {
  const long = makeCertificate(folder, "long", null, 30);
  const inDays = (days: number): number => Date.now() + days * 86_400_000;
  const ends = endsOf({
    certificate: `${long.certificate}\n${one.certificate}`,
    key: one.key,
    clientAuthority: long.certificate,
  });
  expect(ends.map(({ file }) => file)).toEqual(["certificate", "client_authority"]);
  for (const [index, days] of [2, 30].entries()) {
    expect(ends[index]!.notAfterMilliseconds).toBeGreaterThan(inDays(days) - 60_000);
    expect(ends[index]!.notAfterMilliseconds).toBeLessThanOrEqual(inDays(days));
  }
  expect(endsOf({ certificate: one.certificate, key: one.key })).toHaveLength(1);
});
