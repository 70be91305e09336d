import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { SpringhouseError } from "../port/errors.ts";
import type { TlsCertificateSnapshot } from "../port/snapshot.ts";

/** The texts of the PEM files that `tls` names. */
export interface TlsTexts {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority?: string;
}

function reasonOf(what: () => unknown): string | null {
  try {
    what();
    return null;
  } catch (error) {
    return (error as Error).message.split("\n")[0]!;
  }
}

/**
 * Checks TLS files before anything opens, so that a listener cannot fail on them later.
 * @throws SpringhouseError `configuration_invalid` with every fault; no text of a file is in it
 */
export function checkTlsTexts({ certificate, key, clientAuthority }: TlsTexts): void {
  const faults: string[] = [];
  const check = (field: string, what: string, read: () => unknown): boolean => {
    const reason = reasonOf(read);
    if (reason !== null) faults.push(`  tls.${field}: the file holds no ${what} in PEM: ${reason}`);
    return reason === null;
  };
  const certificateHolds = check(
    "certificate",
    "certificate",
    () => new X509Certificate(certificate),
  );
  const keyHolds = check("key", "private key without a passphrase", () => createPrivateKey(key));
  if (clientAuthority !== undefined)
    check("clientAuthority", "certificate", () => new X509Certificate(clientAuthority));
  if (certificateHolds && keyHolds) {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      faults.push("  tls.key: is not the key of tls.certificate");
    else {
      const reason = reasonOf(() => createSecureContext({ cert: certificate, key }));
      if (reason !== null) faults.push(`  tls.certificate: cannot be used: ${reason}`);
    }
  }
  if (faults.length > 0) throw new SpringhouseError("configuration_invalid", faults.join("\n"));
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** When each file ceases to hold: of a chain, when its first certificate does. Checked texts. */
export function endsOf({ certificate, clientAuthority }: TlsTexts): TlsCertificateSnapshot[] {
  const files = { certificate, client_authority: clientAuthority };
  return Object.entries(files).flatMap(([file, text]) => {
    const ends = (text?.match(CERTIFICATE) ?? []).map((one) =>
      new X509Certificate(one).validToDate.getTime(),
    );
    if (ends.length === 0) return [];
    return [{ file: file as keyof typeof files, notAfterMilliseconds: Math.min(...ends) }];
  });
}
