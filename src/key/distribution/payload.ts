import type { ManagedType } from "../../port/key.ts";
import { encodeKey } from "../encode.ts";
import { materialFrom } from "../managed/importMaterial.ts";

/** A version's secret on its way out. */
export interface ExportedKey {
  readonly key: string;
  readonly version: number;
  readonly type: ManagedType;
  /** As `RAW_BYTES`. */
  readonly secret: Uint8Array;
  /** Opens the commitment that the version's leaf holds. */
  readonly salt: Uint8Array;
}

/** How a key and its version are named in one word: `kid` of the JWK and of the JWE. */
export function keyIdOf({ key, version }: Pick<ExportedKey, "key" | "version">): string {
  return `${key}/${version}`;
}

/**
 * What is sealed: the private or secret JWK, in UTF-8. Besides the members of its type it has `kid`, and
 * `commitment_salt` (base64url), with which its holder shows that it is the key that the log speaks of.
 * @returns bytes that the caller overwrites
 */
export function payloadOf(exported: ExportedKey): Uint8Array {
  const material = materialFrom(exported.type, exported.secret);
  if (!material) throw new Error(`a managed ${exported.type} is none`);
  const { key: jwk } = encodeKey(material, "jwk");
  if (typeof jwk === "string") throw new Error(`a ${exported.type} has no JWK`);
  const salt = Buffer.from(exported.salt).toString("base64url");
  return Buffer.from(JSON.stringify({ ...jwk, kid: keyIdOf(exported), commitment_salt: salt }));
}
