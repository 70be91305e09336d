import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkTlsTexts } from "../../../src/config/tlsFiles.ts";
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
