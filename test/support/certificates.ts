import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
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

/**
 * The same, valid between two times as `openssl ca` writes them: 20200101000000Z.
 * @param issuer who signs it; null: itself
 */
export function makeDatedCertificate(
  folder: string,
  name: string,
  issuer: PemPair | null,
  [from, to]: readonly [string, string],
): PemPair {
  const at = (extension: string): string => join(folder, `${name}.${extension}`);
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { stdio: "pipe" });
  const ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(" ");
  openssl("req", ...ec, "-keyout", at("key"), "-out", at("csr"), "-subj", `/CN=${name}`);
  writeFileSync(
    at("cnf"),
    `[ca]\ndefault_ca=it\n[it]\ndatabase=${at("index")}\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n`,
  );
  writeFileSync(at("index"), "");
  writeFileSync(at("ext"), `subjectAltName=DNS:${name}\n`);
  const signer = issuer
    ? ["-cert", issuer.certificatePath, "-keyfile", issuer.keyPath]
    : ["-selfsign", "-keyfile", at("key")];
  const made = ["-in", at("csr"), "-extfile", at("ext"), "-out", at("pem")];
  const dates = ["-startdate", from, "-enddate", to];
  openssl("ca", "-batch", "-notext", "-config", at("cnf"), ...made, ...dates, ...signer);
  return {
    certificatePath: at("pem"),
    keyPath: at("key"),
    certificate: readFileSync(at("pem"), "utf8"),
    key: readFileSync(at("key"), "utf8"),
  };
}
