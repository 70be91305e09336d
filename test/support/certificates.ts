import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface PemPair {
  /** PEM files. */
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * A certificate on P-256, made with `openssl` in `folder` as NAME.pem and NAME.key.
 * @param issuer who signs it; null: itself, as an authority
 */
export function makeCertificate(
  folder: string,
  name: string,
  issuer: PemPair | null,
  days = 2,
): PemPair {
  const certificatePath = join(folder, `${name}.pem`);
  const keyPath = join(folder, `${name}.key`);
  const signer = issuer ? ["-CA", issuer.certificatePath, "-CAkey", issuer.keyPath] : [];
  const what = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=${name}`;
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", keyPath, "-out", certificatePath];
  execFileSync("openssl", [...what.split(" "), ...names, ...files, ...signer], { stdio: "pipe" });
  return {
    certificatePath,
    keyPath,
    certificate: readFileSync(certificatePath, "utf8"),
    key: readFileSync(keyPath, "utf8"),
  };
}
