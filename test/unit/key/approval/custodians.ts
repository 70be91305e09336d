import { createHash, generateKeyPairSync, hash, sign, type KeyObject } from "node:crypto";
import { armorSshSignature } from "../../../../src/key/approval/sshSignature.ts";
import { sshString } from "../../../../src/key/approval/sshWire.ts";

/** Somebody with a key, who signs as OpenSSH does; `isTheSame.slow` holds both against ssh-keygen. */
export interface TestCustodian {
  readonly person: string;
  /** The line of the public key. */
  readonly line: string;
  sign(message: Uint8Array | string, namespace: string): string;
}

type Kind = "ed25519" | "ecdsa" | "sk-ed25519" | "sk-ecdsa";

export function testCustodian(person: string, kind: Kind = "ed25519"): TestCustodian {
  const isEcdsa = kind.endsWith("ecdsa");
  const { publicKey, privateKey } = isEcdsa
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("ed25519");
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(isEcdsa ? -65 : -32);
  const isToken = kind.startsWith("sk-");
  const type = isToken
    ? `sk-${isEcdsa ? "ecdsa-sha2-nistp256" : "ssh-ed25519"}@openssh.com`
    : isEcdsa
      ? "ecdsa-sha2-nistp256"
      : "ssh-ed25519";
  const blob = Buffer.concat(
    [type, ...(isEcdsa ? ["nistp256"] : []), point, ...(isToken ? ["ssh:"] : [])].map(sshString),
  );
  return {
    person,
    line: `${type} ${blob.toString("base64")}`,
    sign(message, namespace) {
      const digest = createHash("sha512").update(message).digest();
      const signed = Buffer.concat([
        Buffer.from("SSHSIG"),
        ...[namespace, "", "sha512", digest].map(sshString),
      ]);
      const tail = Buffer.from([1, 0, 0, 0, 7]);
      const inner = isToken
        ? Buffer.concat([hash("sha256", "ssh:", "buffer"), tail, hash("sha256", signed, "buffer")])
        : signed;
      const signature = isEcdsa ? ecdsa(inner, privateKey) : sign(null, inner, privateKey);
      const wire = Buffer.concat([
        sshString(type),
        sshString(signature),
        ...(isToken ? [tail] : []),
      ]);
      const version = Buffer.from([0, 0, 0, 1]);
      return armorSshSignature(
        Buffer.concat([
          Buffer.from("SSHSIG"),
          version,
          ...[blob, namespace, "", "sha512", wire].map(sshString),
        ]),
      );
    },
  };
}

function ecdsa(message: Uint8Array, key: KeyObject): Buffer {
  const raw = sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([raw.subarray(0, 32), raw.subarray(32)].map(mpint));
}

function mpint(digits: Buffer): Buffer {
  const first = digits.findIndex((byte) => byte !== 0);
  const bytes = digits.subarray(first);
  return sshString(bytes[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
