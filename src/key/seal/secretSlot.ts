import { argon2, hkdfSync } from "node:crypto";
import { promisify } from "node:util";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { refuse, type Refusal } from "../../port/errors.ts";
import { unwrapBytes, wrapBytes } from "../aes/keyWrap.ts";
import { KEY_BYTES } from "./envelope.ts";
import {
  ENCAPSULATION_BYTES,
  openWith,
  PAIR_SEED_BYTES,
  publicKeyOf,
  sealTo,
} from "./selfSealing.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import type { Opened, Retired, Sealed, Slot, SlotKeeper, SlotTerms } from "./slot.ts";

const SALT_BYTES = 16;
/** RFC 9106 4, the second recommended set: 64 MiB, 3 passes, 4 lanes. A quarter of a second here. */
export const ARGON2: Argon2Cost = { memoryKiB: 65_536, passes: 3, lanes: 4 };

export interface Argon2Cost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

const Bytes = Type.String({ pattern: "^[A-Za-z0-9+/]+={0,2}$", maxLength: 4096 });
const PARAMETERS = Type.Object(
  {
    derivation: Type.Union([
      // The bounds keep a row that somebody changed from taking the machine's memory.
      Type.Object({
        name: Type.Literal("argon2id"),
        memoryKiB: Type.Integer({ minimum: 8192, maximum: 1_048_576 }),
        passes: Type.Integer({ minimum: 1, maximum: 16 }),
        lanes: Type.Integer({ minimum: 1, maximum: 16 }),
      }),
      Type.Object({ name: Type.Literal("hkdf-sha-256") }),
    ]),
    salt: Bytes,
    /** ML-KEM-1024. */
    publicKey: Bytes,
    /** The pair's seed under the key that the secret gives: AES-256 key wrap. */
    wrappedSeed: Bytes,
  },
  { additionalProperties: false },
);
type Parameters = Static<typeof PARAMETERS>;

/** Bytes of the DRBG, which the caller overwrites. */
export type Draw = (bytes: number, purpose: string) => Promise<Uint8Array | Refusal>;
/** The content of a key file of the configuration, which the caller overwrites. */
export type ReadKeyFile = (name: string) => Promise<Uint8Array | Refusal>;

const derive = promisify(argon2);

/** @returns `KEY_BYTES`, for the caller to overwrite */
async function keyOf(secret: Uint8Array, { derivation, salt }: Parameters): Promise<Uint8Array> {
  const nonce = Buffer.from(salt, "base64");
  if (derivation.name === "hkdf-sha-256")
    return new Uint8Array(hkdfSync("sha256", secret, nonce, "springhouse key file v1", KEY_BYTES));
  return derive("argon2id", {
    message: secret,
    nonce,
    memory: derivation.memoryKiB,
    passes: derivation.passes,
    parallelism: derivation.lanes,
    tagLength: KEY_BYTES,
  });
}

async function create(
  draw: Draw,
  terms: SlotTerms,
  secret: Uint8Array,
  derivation: Parameters["derivation"],
  epochKey: LockedBytes,
): Promise<Sealed | Refusal> {
  const drawn = await draw(SALT_BYTES + PAIR_SEED_BYTES + ENCAPSULATION_BYTES, "slot");
  if (!(drawn instanceof Uint8Array)) return drawn;
  const salt = drawn.slice(0, SALT_BYTES);
  const seed = drawn.subarray(SALT_BYTES, SALT_BYTES + PAIR_SEED_BYTES);
  const publicKey = publicKeyOf(seed);
  const parameters: Parameters = {
    derivation,
    salt: base64(salt),
    publicKey: base64(publicKey),
    wrappedSeed: "",
  };
  const key = await keyOf(secret, parameters);
  const wrappedSeed = base64(wrapBytes("AES-256-KW", key, seed));
  const randomness = drawn.subarray(-ENCAPSULATION_BYTES);
  const sealed = epochKey.use((bytes) => sealTo(publicKey, randomness, contextOf(terms), bytes));
  key.fill(0);
  drawn.fill(0);
  return { ok: true, parameters: JSON.stringify({ ...parameters, wrappedSeed }), sealed };
}

async function renew(
  draw: Draw,
  terms: SlotTerms,
  slot: Slot,
  epochKey: LockedBytes,
): Promise<Sealed | Refusal> {
  const parameters = parse(slot);
  if (parameters === null) return altered(slot);
  const randomness = await draw(ENCAPSULATION_BYTES, "slot");
  if (!(randomness instanceof Uint8Array)) return randomness;
  const publicKey = Buffer.from(parameters.publicKey, "base64");
  const sealed = epochKey.use((bytes) => sealTo(publicKey, randomness, contextOf(terms), bytes));
  randomness.fill(0);
  return { ok: true, parameters: slot.parameters, sealed };
}

async function open(
  terms: SlotTerms,
  slot: Slot,
  secret: Uint8Array,
  wrong: string,
): Promise<Opened | Refusal> {
  const parameters = parse(slot);
  if (parameters === null) return altered(slot);
  const key = await keyOf(secret, parameters);
  const seed = unwrapBytes("AES-256-KW", key, Buffer.from(parameters.wrappedSeed, "base64"));
  key.fill(0);
  if (seed === null) return refuse("slot_refused", wrong);
  const epochKey = openWith(seed, contextOf(terms), slot.sealed);
  seed.fill(0);
  return epochKey === null ? altered(slot) : { ok: true, epochKey };
}

/**
 * A secret that somebody knows. Never at hand but for the length of one `open`.
 * @param cost of new slots; each slot keeps its own
 */
export function passphraseSlots(draw: Draw, cost: Argon2Cost = ARGON2): SlotKeeper {
  return {
    opensByItself: false,
    async create(terms, { passphrase }, epochKey) {
      if (passphrase === null) return refuse("invalid_parameter", "A passphrase is needed.");
      const derivation = { name: "argon2id", ...cost } as const;
      return await create(draw, terms, passphrase, derivation, epochKey);
    },
    renew: (terms, slot, epochKey) => renew(draw, terms, slot, epochKey),
    retire: async () => copiesOpen("its passphrase"),
    async open(terms, slot, passphrase) {
      if (passphrase === null)
        return refuse("slot_refused", `Slot ${slot.name} needs a passphrase.`);
      return await open(
        terms,
        slot,
        passphrase,
        `The passphrase is not that of slot ${slot.name}.`,
      );
    },
  };
}

/** A secret in a file, as systemd hands one to a service (LoadCredentialEncrypted=). */
export function keyFileSlots(draw: Draw, read: ReadKeyFile): SlotKeeper {
  return {
    opensByItself: true,
    async create(terms, { place }, epochKey) {
      const secret = await read(place ?? "");
      if (!(secret instanceof Uint8Array)) return secret;
      const made = await create(draw, terms, secret, { name: "hkdf-sha-256" }, epochKey);
      secret.fill(0);
      return made;
    },
    renew: (terms, slot, epochKey) => renew(draw, terms, slot, epochKey),
    retire: async () => copiesOpen("its key file"),
    async open(terms, slot) {
      const secret = await read(slot.place ?? "");
      if (!(secret instanceof Uint8Array)) return secret;
      const opened = await open(
        terms,
        slot,
        secret,
        `Slot ${slot.name} was made with another key file.`,
      );
      secret.fill(0);
      return opened;
    },
  };
}

/** Nothing can be made to forget what somebody knows. */
function copiesOpen(secret: string): Retired {
  const detail = `Overwritten in the database; a copy from before still opens with ${secret}.`;
  return { assurance: "best-effort", detail };
}

function contextOf({ vault, id, epoch }: SlotTerms): readonly string[] {
  return [vault, id, String(epoch)];
}

function parse(slot: Slot): Parameters | null {
  try {
    const value: unknown = JSON.parse(slot.parameters);
    return Value.Check(PARAMETERS, value) ? value : null;
  } catch {
    return null;
  }
}

function altered(slot: Slot): Refusal {
  return refuse("slot_refused", `What is stored of slot ${slot.name} is not what was stored.`);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
