import { subtle } from "node:crypto";
import { CertificationRequest, CryptoEngine } from "pkijs";
import { bufferOf } from "./names.ts";

const PEM =
  /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/;

/**
 * The public key of a PKCS#10 request (RFC 2986), whose signature shows that whoever made it holds the
 * private one. Nothing else of it is taken: the subject is what the authority says.
 * @returns DER, SubjectPublicKeyInfo; null for what is no request, or is not signed by its own key
 */
export async function publicKeyOfRequest(pem: string): Promise<Uint8Array | null> {
  const [, encoded] = PEM.exec(pem) ?? [];
  if (encoded === undefined) return null;
  // The platform only verifies here.
  const engine = new CryptoEngine({ name: "node", crypto: { subtle } as never });
  try {
    const request = CertificationRequest.fromBER(bufferOf(Buffer.from(encoded, "base64")));
    if (!(await request.verify(engine))) return null;
    return new Uint8Array(request.subjectPublicKeyInfo.toSchema().toBER(false));
  } catch {
    return null;
  }
}
