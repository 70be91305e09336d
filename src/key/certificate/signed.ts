import { BitString, Sequence } from "asn1js";
import type { BaseBlock } from "asn1js";
import { AlgorithmIdentifier } from "pkijs";
import { bufferOf } from "./names.ts";

/** RFC 5758 3.2: ecdsa-with-SHA256, without parameters. */
export const SIGNATURE_ALGORITHM = "1.2.840.10045.4.3.2";

export const signatureAlgorithm = (): AlgorithmIdentifier =>
  new AlgorithmIdentifier({ algorithmId: SIGNATURE_ALGORITHM });

/** What an authority's key has to sign: certificates, CRLs and OCSP responses have one form. */
export interface Unsigned {
  /** DER of what is signed. */
  readonly toBeSigned: Uint8Array;
  /** @returns DER of the whole, given an ECDSA signature in DER */
  readonly complete: (signature: Uint8Array) => Uint8Array;
}

export function unsigned(toBeSigned: BaseBlock): Unsigned {
  const bytes = new Uint8Array(toBeSigned.toBER(false));
  return {
    toBeSigned: bytes,
    complete(signature) {
      const whole = new Sequence({
        value: [
          toBeSigned,
          signatureAlgorithm().toSchema(),
          new BitString({ valueHex: bufferOf(signature) }),
        ],
      });
      return new Uint8Array(whole.toBER(false));
    },
  };
}

/** The part of a certificate or CRL that is signed. */
export function toBeSignedOf(whole: { toSchema(encodeFlag: boolean): unknown }): BaseBlock {
  const [part] = (whole.toSchema(true) as Sequence).valueBlock.value;
  return part as BaseBlock;
}
