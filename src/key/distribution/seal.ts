import type { RandomSupply } from "../../port/draw.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import { sealAsAgeFile } from "./ageFile.ts";
import { HPKE_ENTROPY_BYTES, hpkeInfo, sealWithHpke } from "./hpke.ts";
import type { HpkeMessage } from "./hpke.ts";
import { jweEntropyBytes, sealAsJwe } from "./jwe.ts";
import { keyIdOf } from "./payload.ts";
import type { Recipient } from "./recipient.ts";

/** A key on its way, which its recipient alone opens. */
export type SealedKey =
  | ({ readonly scheme: "hpke"; readonly info: string } & HpkeMessage)
  | { readonly scheme: "jwe"; readonly jwe: string }
  | { readonly scheme: "age"; readonly file: string };

/**
 * Seals a payload to its recipient, with what is random in it from the DRBG where the library takes it.
 * @returns a Refusal of the draw, or `invalid_parameter` for an age recipient that is none
 */
export async function sealTo(
  recipient: Recipient,
  payload: Uint8Array,
  { key, version }: { readonly key: string; readonly version: number },
  random: RandomSupply,
): Promise<SealedKey | Refusal> {
  if (recipient.scheme === "age") {
    const file = await sealAsAgeFile(recipient.recipient, payload);
    if (file !== null) return { scheme: "age", file };
    return refuse(
      "invalid_parameter",
      "recipient: it is no age recipient; its checksum is wrong.",
      {
        remedy: "Send it as `age-keygen -y` prints it.",
      },
    );
  }
  const { scheme, curve, publicKey, digest } = recipient;
  const drawn = await random.draw({
    bytes: scheme === "hpke" ? HPKE_ENTROPY_BYTES : jweEntropyBytes(curve),
    door: "internal",
    principal: "springhouse",
    purpose: `export:${scheme}`,
    requirement: { strength: 256 },
  });
  if (!drawn.ok) return drawn;
  try {
    if (scheme === "jwe") {
      const names = { kid: keyIdOf({ key, version }), recipient: digest };
      return { scheme, jwe: await sealAsJwe(curve, publicKey, payload, names, drawn.bytes) };
    }
    const info = hpkeInfo(key, version, digest);
    const message = await sealWithHpke(curve, publicKey, payload, info, drawn.bytes);
    return { scheme, info: Buffer.from(info).toString(), ...message };
  } finally {
    drawn.bytes.fill(0);
  }
}
