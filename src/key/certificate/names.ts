import { hash } from "node:crypto";
import { Integer, Utf8String } from "asn1js";
import {
  AttributeTypeAndValue,
  PublicKeyInfo,
  RelativeDistinguishedNames,
  Time,
  TimeType,
} from "pkijs";

const COMMON_NAME = "2.5.4.3";
/** X.520's upper bound for a common name. */
export const COMMON_NAME_CHARACTERS = 64;

export function commonName(value: string): RelativeDistinguishedNames {
  return new RelativeDistinguishedNames({
    typesAndValues: [
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value }) }),
    ],
  });
}

/** RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on; whole seconds. */
export function timeOf(milliseconds: number): Time {
  const value = wholeSeconds(milliseconds);
  return new Time({
    type: value.getUTCFullYear() < 2050 ? TimeType.UTCTime : TimeType.GeneralizedTime,
    value,
  });
}

export function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000);
}

/** RFC 5280 4.1.2.2: a positive number of at most 20 octets. Ours have 16, and no leading zero octet. */
export const SERIAL_BYTES = 16;

/** @param random `SERIAL_BYTES` from the DRBG; @returns hexadecimal, 127 bits of it */
export function serialOf(random: Uint8Array): string {
  const bytes = Buffer.from(random);
  // The sign bit stays clear, and the number keeps its length.
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

export function serialNumber(serial: string): Integer {
  return new Integer({ valueHex: bufferOf(Buffer.from(serial, "hex")) });
}

export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  // A Buffer's slice would be a view of the pool that it lies in.
  return new Uint8Array(bytes).buffer;
}

/** @param der SubjectPublicKeyInfo */
export function publicKeyInfo(der: Uint8Array): PublicKeyInfo {
  return PublicKeyInfo.fromBER(bufferOf(der));
}

/** RFC 5280 4.2.1.2, method 1: SHA-1 of the BIT STRING; an identifier, and no security. */
export function keyIdentifier(info: PublicKeyInfo): Buffer {
  const bits = new Uint8Array(info.subjectPublicKey.valueBlock.valueHexView);
  return hash("sha1", bits, "buffer");
}
