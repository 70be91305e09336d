import { setImmediate } from "node:timers/promises";
import type { Drawn, RandomSupply } from "../../port/draw.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { KeyAlgorithm } from "../../port/key.ts";
import { agree, deriveFrom } from "../operation/agreement.ts";
import type { AgreementAlgorithm } from "../operation/agreement.ts";
import { decryptFrom, encryptTo, readCiphertext } from "../operation/ciphertext.ts";
import type { Ciphertext, Context } from "../operation/ciphertext.ts";
import {
  ENCAPSULATION_ENTROPY_BYTES,
  decapsulateFrom,
  encapsulateTo,
} from "../operation/encapsulation.ts";
import type { Encapsulated, EncapsulationAlgorithm } from "../operation/encapsulation.ts";
import { unwrapBytes, wrapBytes, wrapFault } from "../aes/keyWrap.ts";
import type { KeyWrapAlgorithm } from "../aes/keyWrap.ts";
import { isMac, macOf } from "../operation/mac.ts";
import type { MacAlgorithm } from "../operation/mac.ts";
import { counterNonce } from "../operation/nonce.ts";
import { SIGNATURE_ENTROPY_BYTES, isSignature, signMessage } from "../operation/signature.ts";
import type { SignatureAlgorithm } from "../operation/signature.ts";
import { Slots } from "../slots.ts";
import type { Asker } from "./asker.ts";
import { isRefusal } from "./keyUser.ts";
import type { Ask, KeyUser, Leave, Soon } from "./keyUser.ts";

/** What was done it with, to be kept beside a result that does not say so itself. */
export interface DoneWith {
  readonly version: number;
  readonly algorithm: KeyAlgorithm;
}

type Done<Result> = Soon<DoneWith & Result>;
type Later<Result> = Promise<(DoneWith & Result) | Refusal>;

/** ML-DSA signatures that wait; each costs tens of milliseconds of this thread. */
const SIGNATURES_WAITING = 64;
const NOT_AUTHENTIC = refuse("not_authentic", "It does not open with this key and this context.");

/** The operations of managed keys: the key stays, only results leave. */
export class KeyOperations {
  readonly #user: KeyUser;
  readonly #random: RandomSupply;
  readonly #turns = new Slots(1, SIGNATURES_WAITING);

  constructor(user: KeyUser, random: RandomSupply) {
    this.#user = user;
    this.#random = random;
  }

  encrypt(
    id: string,
    asker: Asker,
    plaintext: Uint8Array,
    context: Context,
  ): Done<{ readonly ciphertext: Uint8Array }> {
    return this.#user.use(
      id,
      asker,
      { usage: "encrypt", bytes: plaintext.length },
      (secret, leave) => {
        const { fixedField, number } = leave.invocation!;
        const header = { key: id, version: leave.version.version };
        const nonce = counterNonce(fixedField, number);
        return {
          ...doneWith(leave),
          ciphertext: encryptTo(header, secret, nonce, plaintext, context),
        };
      },
    );
  }

  decrypt(
    id: string,
    asker: Asker,
    ciphertext: Uint8Array,
    context: Context,
  ): Done<{ readonly plaintext: Uint8Array }> {
    const read = readOf(id, ciphertext);
    if (!read) return NOT_AUTHENTIC;
    const ask = { usage: "decrypt", version: read.version, bytes: ciphertext.length } as const;
    return this.#user.use(id, asker, ask, (secret, leave) => {
      const plaintext = decryptFrom(read, secret, context);
      return plaintext === null ? NOT_AUTHENTIC : { ...doneWith(leave), plaintext };
    });
  }

  /** Decrypts, and encrypts with the primary version: the plaintext does not leave. */
  async rewrap(
    id: string,
    asker: Asker,
    ciphertext: Uint8Array,
    context: Context,
  ): Later<{ readonly ciphertext: Uint8Array }> {
    const opened = await this.decrypt(id, asker, ciphertext, context);
    if ("ok" in opened) return opened;
    try {
      return await this.encrypt(id, asker, opened.plaintext, context);
    } finally {
      opened.plaintext.fill(0);
    }
  }

  /** A key for use elsewhere, and the same encrypted: the ciphertext is kept, the key forgotten. */
  async dataKey(
    id: string,
    asker: Asker,
    bytes: number,
    context: Context,
  ): Later<{
    readonly plaintext: Uint8Array;
    readonly ciphertext: Uint8Array;
    readonly output: string;
  }> {
    const judged = await this.#user.judge(id, asker, { usage: "encrypt", bytes });
    if ("ok" in judged) return judged;
    const drawn = await this.#random.draw({
      bytes,
      door: "keys",
      principal: asker.id,
      purpose: "data-key",
      requirement: { strength: Math.min(bytes * 8, 256) },
      recorded: true,
    });
    if (!drawn.ok) return drawn;
    const made = await this.encrypt(id, asker, drawn.bytes, context);
    if ("ok" in made) {
      drawn.bytes.fill(0);
      return made;
    }
    return { ...made, plaintext: drawn.bytes, output: drawn.outputs.at(-1)! };
  }

  mac(id: string, asker: Asker, message: Uint8Array): Done<{ readonly mac: Uint8Array }> {
    return this.#user.use(id, asker, { usage: "mac", bytes: message.length }, (secret, leave) => ({
      ...doneWith(leave),
      mac: macOf(leave.algorithm as MacAlgorithm, secret, message),
    }));
  }

  verifyMac(
    id: string,
    asker: Asker,
    message: Uint8Array,
    mac: Uint8Array,
    version: number | null,
  ): Done<{ readonly valid: boolean }> {
    const ask = { usage: "verify-mac", version, bytes: message.length } as const;
    return this.#user.use(id, asker, ask, (secret, leave) => ({
      ...doneWith(leave),
      valid: isMac(leave.algorithm as MacAlgorithm, secret, message, mac),
    }));
  }

  async sign(
    id: string,
    asker: Asker,
    message: Uint8Array,
  ): Later<{ readonly signature: Uint8Array }> {
    const ask = { usage: "sign", bytes: message.length } as const;
    const judged = await this.#user.judge(id, asker, ask);
    if ("ok" in judged) return judged;
    const place = this.#turns.acquire();
    if (!place)
      return refuse("busy", "As many signatures as are allowed are waiting.", {
        retryAfterSeconds: 1,
      });
    await place;
    try {
      return await this.#sign(id, asker, ask, judged.algorithm as SignatureAlgorithm, message);
    } finally {
      // Whatever else waits has the thread between two signatures.
      await setImmediate();
      this.#turns.release();
    }
  }

  verify(
    id: string,
    asker: Asker,
    message: Uint8Array,
    signature: Uint8Array,
    version: number | null,
  ): Done<{ readonly valid: boolean }> {
    const ask = { usage: "verify", version, bytes: message.length } as const;
    return this.#user.usePublic(id, asker, ask, (publicKey, leave) => ({
      ...doneWith(leave),
      valid: isSignature(leave.algorithm as SignatureAlgorithm, publicKey, message, signature),
    }));
  }

  /** A key that the holder of the peer's private key derives, too; the shared secret itself stays. */
  derive(
    id: string,
    asker: Asker,
    how: {
      readonly peer: Uint8Array;
      readonly salt: Uint8Array;
      readonly info: Uint8Array;
      readonly bytes: number;
    },
  ): Done<{ readonly key: Uint8Array }> {
    return this.#user.use(id, asker, { usage: "derive", bytes: how.bytes }, (secret, leave) => {
      const shared = agree(leave.algorithm as AgreementAlgorithm, secret, how.peer);
      if (!shared)
        return refuse("invalid_parameter", `peer is no public key of ${leave.algorithm}.`);
      const key = deriveFrom(shared, how.salt, how.info, how.bytes);
      shared.fill(0);
      return { ...doneWith(leave), key };
    });
  }

  wrap(
    id: string,
    asker: Asker,
    target: Uint8Array,
    algorithm: string | null,
  ): Done<{ readonly wrapped: Uint8Array }> {
    const ask = { usage: "wrap", algorithm, bytes: target.length } as const;
    return this.#user.use(id, asker, ask, (secret, leave) => {
      const chosen = leave.algorithm as KeyWrapAlgorithm;
      const fault = wrapFault(chosen, target.length);
      if (fault !== null) return refuse("invalid_parameter", `key: ${fault}.`);
      return { ...doneWith(leave), wrapped: wrapBytes(chosen, secret, target) };
    });
  }

  unwrap(
    id: string,
    asker: Asker,
    wrapped: Uint8Array,
    { algorithm, version }: { readonly algorithm: string | null; readonly version: number | null },
  ): Done<{ readonly key: Uint8Array }> {
    const ask = { usage: "unwrap", algorithm, version, bytes: wrapped.length } as const;
    return this.#user.use(id, asker, ask, (secret, leave) => {
      const key = unwrapBytes(leave.algorithm as KeyWrapAlgorithm, secret, wrapped);
      return key === null ? NOT_AUTHENTIC : { ...doneWith(leave), key };
    });
  }

  async encapsulate(id: string, asker: Asker): Later<Encapsulated> {
    const ask = { usage: "encapsulate", bytes: ENCAPSULATION_ENTROPY_BYTES } as const;
    const judged = await this.#user.judge(id, asker, ask, false);
    if ("ok" in judged) return judged;
    const entropy = await this.#draw(ENCAPSULATION_ENTROPY_BYTES, "encapsulate");
    if (isRefusal(entropy)) return entropy;
    try {
      return await this.#user.usePublic(id, asker, ask, (publicKey, leave) => {
        const algorithm = leave.algorithm as EncapsulationAlgorithm;
        const made = encapsulateTo(algorithm, publicKey, entropy);
        if (!made) throw new Error("a managed key's public key is not one");
        return { ...doneWith(leave), ...made };
      });
    } finally {
      entropy.fill(0);
    }
  }

  decapsulate(
    id: string,
    asker: Asker,
    ciphertext: Uint8Array,
    version: number | null,
  ): Done<{ readonly shared: Uint8Array }> {
    const ask = { usage: "decapsulate", version, bytes: ciphertext.length } as const;
    return this.#user.use(id, asker, ask, (secret, leave) => {
      const algorithm = leave.algorithm as EncapsulationAlgorithm;
      const shared = decapsulateFrom(algorithm, secret, ciphertext);
      return shared === null ? NOT_AUTHENTIC : { ...doneWith(leave), shared };
    });
  }

  async #sign(
    id: string,
    asker: Asker,
    ask: Ask,
    algorithm: SignatureAlgorithm,
    message: Uint8Array,
  ): Later<{ readonly signature: Uint8Array }> {
    const bytes = SIGNATURE_ENTROPY_BYTES[algorithm];
    const entropy = bytes > 0 ? await this.#draw(bytes, "sign") : new Uint8Array(0);
    if (isRefusal(entropy)) return entropy;
    try {
      // A key's algorithms do not change, so it is the one that was judged.
      return await this.#user.use(id, asker, ask, (secret, leave) => ({
        ...doneWith(leave),
        signature: signMessage(algorithm, secret, message, entropy),
      }));
    } finally {
      entropy.fill(0);
    }
  }

  async #draw(bytes: number, purpose: string): Promise<Drawn["bytes"] | Refusal> {
    const drawn = await this.#random.draw({
      bytes,
      door: "internal",
      principal: "springhouse",
      purpose,
      requirement: { strength: 256 },
    });
    return drawn.ok ? drawn.bytes : drawn;
  }
}

const doneWith = ({ version, algorithm }: Leave): DoneWith => ({
  version: version.version,
  algorithm,
});

/** A ciphertext of another key is not looked at; it would not open. */
function readOf(id: string, ciphertext: Uint8Array): Ciphertext | null {
  const read = readCiphertext(ciphertext);
  return read?.key === id ? read : null;
}
