import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CertificateFacts, TlsFacts } from "../../port/host.ts";
import { fileFacts } from "./files.ts";

interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority?: string | undefined;
}

/** Every certificate of a PEM file, in its order; what cannot be read is left to `check`. */
function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

const oneLine = (name: string): string => name.trim().split("\n").join(", ");

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    fromMilliseconds: Date.parse(certificate.validFrom),
    toMilliseconds: Date.parse(certificate.validTo),
  };
}

const isIssuedBy = (one: X509Certificate, other: X509Certificate): boolean =>
  one.checkIssued(other) && one.verify(other.publicKey);

function read(path: string | undefined): string | null {
  try {
    return path === undefined ? null : readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/**
 * @param hosts names that the leaf should have
 * @param check says what is wrong with the texts, each a line, without quoting them
 */
export function tlsFacts(
  paths: TlsPaths,
  hosts: readonly string[],
  check: (texts: {
    certificate: string;
    key: string;
    clientAuthority?: string;
  }) => readonly string[],
): TlsFacts {
  const certificate = read(paths.certificate);
  const key = read(paths.key);
  const clientAuthority = read(paths.clientAuthority);
  const chain = certificatesIn(certificate ?? "");
  const [leaf] = chain;
  return {
    certificate: fileFacts(paths.certificate),
    key: fileFacts(paths.key),
    clientAuthority: paths.clientAuthority === undefined ? null : fileFacts(paths.clientAuthority),
    faults:
      certificate === null || key === null
        ? []
        : check({ certificate, key, ...(clientAuthority === null ? {} : { clientAuthority }) }),
    chain: chain.map(factsOf),
    isChained: chain.every((one, index) => {
      const next = chain[index + 1];
      return next === undefined || isIssuedBy(one, next);
    }),
    authority: certificatesIn(clientAuthority ?? "").map(factsOf),
    unnamedHosts:
      leaf === undefined ? [] : hosts.filter((host) => leaf.checkHost(host) === undefined),
  };
}
