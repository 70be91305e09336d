import { describe, expect, test } from "vitest";
import { Certificates, splitAltNames } from "../../../src/access/certificates.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { UNLIMITED } from "./memory.ts";

const FINGERPRINT = Array.from({ length: 32 }, (_, at) => (at + 160).toString(16)).join(":");
const rule = (more: object) => ({
  name: "n",
  roles: ["client"] as const,
  quota: UNLIMITED,
  ...more,
});
const certificate = {
  fingerprint256: FINGERPRINT.toUpperCase(),
  commonName: "client.example",
  subjectAltName: "DNS:a.example, URI:spiffe://example/client",
  validToMilliseconds: Infinity,
};

describe("client certificates", () => {
  test.each([
    { fingerprint: FINGERPRINT },
    { fingerprint: FINGERPRINT.replaceAll(":", "").toLowerCase() },
    { subject: "client.example" },
    { subjectAltName: "DNS:a.example" },
    { subjectAltName: "URI:spiffe://example/client" },
  ])("are known by %o", (match) => {
    const principal = new Certificates(new FakeClock(), [rule(match)]).match(certificate);
    expect(principal).toMatchObject({ id: "certificate:n", roles: ["client"] });
  });

  test.each([
    { fingerprint: `${FINGERPRINT.slice(0, -2)}00` },
    { subject: "client.exampl" },
    { subject: "CLIENT.EXAMPLE" },
    { subjectAltName: "a.example" },
    { subjectAltName: "DNS:example" },
    // A rule without a criterion matches nobody, rather than everybody.
    {},
  ])("are not known by %o", (match) => {
    expect(new Certificates(new FakeClock(), [rule(match)]).match(certificate)).toBeNull();
  });

  test("a value with a comma in it cannot pass for another entry", () => {
    const forged = 'DNS:evil.example, URI:"http://x/, DNS:a.example", DNS:last.example';
    expect(splitAltNames(forged)).toEqual([
      "DNS:evil.example",
      'URI:"http://x/, DNS:a.example"',
      "DNS:last.example",
    ]);
    const certificates = new Certificates(new FakeClock(), [
      rule({ subjectAltName: "DNS:a.example" }),
    ]);
    expect(certificates.match({ ...certificate, subjectAltName: forged })).toBeNull();
  });

  test("a rule that was taken away no longer holds for connections that are open", () => {
    const certificates = new Certificates(new FakeClock(), [rule({ subject: "client.example" })]);
    const principal = certificates.match(certificate)!;
    expect(certificates.isActive(principal)).toBe(true);
    // Read again and found the same, it is the same principal, and its streams go on.
    certificates.replace([rule({ subject: "client.example" })]);
    expect(certificates.isActive(principal)).toBe(true);
    certificates.replace([{ ...rule({ subject: "client.example" }), roles: [] }]);
    expect(certificates.isActive(principal)).toBe(false);
    certificates.replace([]);
    expect(certificates.isActive(principal)).toBe(false);
  });
});
