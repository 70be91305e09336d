import type { Handle, PKCS11, Template } from "pkcs11js";
import type { TokenAddress, TokenAnswer, TokenOrder, TokenTask } from "./tokenWork.ts";

/*
 * PKCS#11 v2.40, called in a child process only. The wrapping key is generated on the token and never
 * leaves it (CKA_SENSITIVE, not CKA_EXTRACTABLE); it wraps and unwraps by AES key wrap (RFC 3394), and
 * does nothing else.
 */
const CKF_RW_SESSION = 2;
const CKF_SERIAL_SESSION = 4;
const CKU_USER = 1;
const CKO_SECRET_KEY = 4;
const CKK_GENERIC_SECRET = 0x10;
const CKK_AES = 0x1f;
const CKM_AES_KEY_GEN = 0x1080;
const CKM_AES_KEY_WRAP = 0x2109;
const CKA_CLASS = 0x0;
const CKA_TOKEN = 0x1;
const CKA_PRIVATE = 0x2;
const CKA_LABEL = 0x3;
const CKA_VALUE = 0x11;
const CKA_KEY_TYPE = 0x100;
const CKA_SENSITIVE = 0x103;
const CKA_ENCRYPT = 0x104;
const CKA_DECRYPT = 0x105;
const CKA_WRAP = 0x106;
const CKA_UNWRAP = 0x107;
const CKA_VALUE_LEN = 0x161;
const CKA_EXTRACTABLE = 0x162;
const CKA_LOCAL = 0x163;
const CKA_NEVER_EXTRACTABLE = 0x164;
const CKA_ALWAYS_SENSITIVE = 0x165;
const KEY_BYTES = 32;
const WRAPPING = { mechanism: CKM_AES_KEY_WRAP };
const FOUND_AT_ONCE = 16;

class TokenFault extends Error {}

/** Does one order and closes the token. Never throws. */
export function doTokenOrder(pkcs11: PKCS11, { address, pin, task }: TokenOrder): TokenAnswer {
  let open = false;
  try {
    pkcs11.load(address.library);
    pkcs11.C_Initialize();
    open = true;
    const { slot, serial } = find(pkcs11, address);
    const session = pkcs11.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    pkcs11.C_Login(session, CKU_USER, pin);
    return perform(pkcs11, session, serial, task);
  } catch (error) {
    return { fault: faultOf(error) };
  } finally {
    if (open) pkcs11.C_Finalize();
  }
}

function find(pkcs11: PKCS11, { token, serial }: TokenAddress): { slot: Handle; serial: string } {
  const tokens = pkcs11.C_GetSlotList(true).map((slot) => {
    const info = pkcs11.C_GetTokenInfo(slot);
    return { slot, label: info.label.trim(), serial: info.serialNumber.trim() };
  });
  const found = tokens.filter(
    (one) => one.label === token && (serial === null || one.serial === serial),
  );
  if (found.length === 0) throw new TokenFault(`no token is labelled ${token}`);
  if (found.length > 1) throw new TokenFault(`several tokens are labelled ${token}: give serial`);
  return found[0]!;
}

function perform(pkcs11: PKCS11, session: Handle, serial: string, task: TokenTask): TokenAnswer {
  const keys = keysOf(pkcs11, session, task.label);
  if (task.task === "destroy") {
    for (const key of keys) pkcs11.C_DestroyObject(session, key);
    if (keysOf(pkcs11, session, task.label).length > 0)
      throw new TokenFault("the token destroyed the key and still has it");
    return { destroyed: keys.length };
  }
  if (task.task === "wrap") {
    // Of an attempt that nothing came of: no epoch key was ever kept under it.
    for (const key of keys) pkcs11.C_DestroyObject(session, key);
    const wrapping = generate(pkcs11, session, task.label);
    const key = pkcs11.C_CreateObject(session, [
      ...epochKeyTemplate(),
      { type: CKA_VALUE, value: Buffer.from(task.epochKey) },
    ]);
    // Room for any padding: the token says how much it used.
    const room = Buffer.alloc(KEY_BYTES * 2);
    const wrapped = pkcs11.C_WrapKey(session, WRAPPING, wrapping, key, room);
    pkcs11.C_DestroyObject(session, key);
    // A slot that does not open what it was given is found out while there is another way.
    if (!unwrap(pkcs11, session, wrapping, wrapped).equals(task.epochKey))
      throw new TokenFault("the token unwraps something else than it wrapped");
    return { bytes: new Uint8Array(wrapped), serial };
  }
  if (keys.length !== 1)
    throw new TokenFault(`the token has ${keys.length} wrapping keys of this slot`);
  const bytes = unwrap(pkcs11, session, keys[0]!, Buffer.from(task.wrapped));
  return { bytes: new Uint8Array(bytes), serial };
}

function unwrap(pkcs11: PKCS11, session: Handle, wrapping: Handle, wrapped: Buffer): Buffer {
  const key = pkcs11.C_UnwrapKey(session, WRAPPING, wrapping, wrapped, epochKeyTemplate());
  const [value] = pkcs11.C_GetAttributeValue(session, key, [{ type: CKA_VALUE }]);
  pkcs11.C_DestroyObject(session, key);
  return value!.value;
}

function keysOf(pkcs11: PKCS11, session: Handle, label: string): Handle[] {
  pkcs11.C_FindObjectsInit(session, [
    { type: CKA_CLASS, value: CKO_SECRET_KEY },
    { type: CKA_LABEL, value: label },
  ]);
  try {
    return pkcs11.C_FindObjects(session, FOUND_AT_ONCE);
  } finally {
    pkcs11.C_FindObjectsFinal(session);
  }
}

/** The session's object that an epoch key is for as long as it is in the token. */
function epochKeyTemplate(): Template {
  return [
    { type: CKA_CLASS, value: CKO_SECRET_KEY },
    { type: CKA_KEY_TYPE, value: CKK_GENERIC_SECRET },
    { type: CKA_TOKEN, value: false },
    { type: CKA_SENSITIVE, value: false },
    { type: CKA_EXTRACTABLE, value: true },
  ];
}

/** @throws TokenFault for a token that does not give what it was asked for */
function generate(pkcs11: PKCS11, session: Handle, label: string): Handle {
  const key = pkcs11.C_GenerateKey(session, { mechanism: CKM_AES_KEY_GEN }, [
    { type: CKA_CLASS, value: CKO_SECRET_KEY },
    { type: CKA_KEY_TYPE, value: CKK_AES },
    { type: CKA_VALUE_LEN, value: KEY_BYTES },
    { type: CKA_LABEL, value: label },
    { type: CKA_TOKEN, value: true },
    { type: CKA_PRIVATE, value: true },
    { type: CKA_SENSITIVE, value: true },
    { type: CKA_EXTRACTABLE, value: false },
    { type: CKA_ENCRYPT, value: false },
    { type: CKA_DECRYPT, value: false },
    { type: CKA_WRAP, value: true },
    { type: CKA_UNWRAP, value: true },
  ]);
  const wanted = new Map([
    [CKA_SENSITIVE, true],
    [CKA_ALWAYS_SENSITIVE, true],
    [CKA_EXTRACTABLE, false],
    [CKA_NEVER_EXTRACTABLE, true],
    [CKA_LOCAL, true],
  ]);
  const types = [...wanted.keys()].map((type) => ({ type }));
  const is = pkcs11.C_GetAttributeValue(session, key, types);
  if (is.some(({ type, value }) => (value[0] === 1) !== wanted.get(type))) {
    pkcs11.C_DestroyObject(session, key);
    throw new TokenFault("the token made a wrapping key that could leave it");
  }
  return key;
}

/** PKCS#11 2.40 11.1: what the usual return values mean to whoever runs the service. */
const MEANINGS: Readonly<Record<string, string>> = {
  CKR_PIN_INCORRECT: "the PIN is wrong; a token locks itself after a few",
  CKR_PIN_LOCKED: "the PIN is locked: its security officer has to set it anew",
  CKR_TOKEN_NOT_PRESENT: "the token is not there",
  CKR_DEVICE_REMOVED: "the token was removed",
  CKR_MECHANISM_INVALID: "the token has no AES key wrap (CKM_AES_KEY_WRAP)",
  CKR_WRAPPED_KEY_INVALID: "what is stored was not wrapped by this token's key",
};

function faultOf(error: unknown): string {
  if (error instanceof TokenFault) return error.message;
  const { message = "", code } = error as { message?: string; code?: unknown };
  const name = /\bCKR_[A-Z0-9_]+\b/.exec(message)?.[0];
  if (name !== undefined) return `${MEANINGS[name] ?? "the token refused"} (${name})`;
  // The loader's own words name the library, and what it misses.
  return typeof code === "number" ? `the token refused (${code})` : "the library cannot be loaded";
}
