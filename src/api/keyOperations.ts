import type { FastifyInstance } from "fastify";
import { Type, type TProperties } from "typebox";
import type { DoneWith } from "../key/managed/keyOperations.ts";
import type { Asker } from "../key/managed/asker.ts";
import type { Refusal } from "../port/errors.ts";
import { KEY_ALGORITHMS } from "../port/key.ts";
import type { Role } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { addDirect, type Answer } from "./direct.ts";
import { overQuota } from "./guard.ts";
import { asAsker, base64, BASE64, KEY_ID, STRICT, toBytes, toText, VERSION } from "./keyRequest.ts";
import { choice } from "./schemas.ts";

/** Who may use keys of others. */
const OVER: readonly Role[] = ["admin"];
/** As much as one draw gives; more is for a data key, and a cipher of the client's own. */
const MESSAGE_BYTES = 65_536;
/** Base64 of it, a context, and JSON around them. */
const BODY_LIMIT_BYTES = 131_072;
/** Headers of a ciphertext, a signature and a shared secret are far below it. */
const SMALL_BYTES = 8_192;
const CIPHERTEXT_BYTES = MESSAGE_BYTES + 128;

const CONTEXT = Type.Optional(
  Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
    minProperties: 1,
    maxProperties: 32,
    description: "What the ciphertext is bound to: it opens with the same names and values only.",
  }),
);
const ALGORITHM = Type.Optional(choice(KEY_ALGORITHMS, "Default: the key's first."));
const MESSAGE = base64(MESSAGE_BYTES);

interface Body {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly message?: string;
  readonly mac?: string;
  readonly signature?: string;
  readonly key?: string;
  readonly wrapped?: string;
  readonly peer?: string;
  readonly salt?: string;
  readonly info?: string;
  readonly bytes?: number;
  readonly context?: Readonly<Record<string, string>>;
  readonly algorithm?: string;
  readonly version?: number;
}

type Result = DoneWith | Refusal;

interface OperationRoute {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly body: TProperties;
  readonly answer: TProperties;
  /** Random bytes that leave: they count against the quota. */
  readonly draws?: (body: Body) => number;
  readonly run: (id: string, asker: Asker, body: Body) => Result | Promise<Result>;
}

function operationRoutes(managed: Context["ports"]["managed"]): readonly OperationRoute[] {
  return [
    {
      name: "encrypt",
      summary: "Encrypts with the primary version, AES-256-GCM",
      description:
        "The nonce is a counter's, reserved durably before it is used. The ciphertext names its key and version.",
      body: { plaintext: MESSAGE, context: CONTEXT },
      answer: { ciphertext: BASE64 },
      run: (id, asker, { plaintext, context = {} }) =>
        managed.operations.encrypt(id, asker, toBytes(plaintext), context),
    },
    {
      name: "decrypt",
      summary: "Decrypts what any version that may still process has encrypted",
      body: { ciphertext: base64(CIPHERTEXT_BYTES), context: CONTEXT },
      answer: { plaintext: BASE64 },
      run: (id, asker, { ciphertext, context = {} }) =>
        managed.operations.decrypt(id, asker, toBytes(ciphertext), context),
    },
    {
      name: "rewrap",
      summary: "Encrypts a ciphertext anew with the primary version; the plaintext does not leave",
      body: { ciphertext: base64(CIPHERTEXT_BYTES), context: CONTEXT },
      answer: { ciphertext: BASE64 },
      run: (id, asker, { ciphertext, context = {} }) =>
        managed.operations.rewrap(id, asker, toBytes(ciphertext), context),
    },
    {
      name: "data-key",
      summary: "A key for use elsewhere, plain and encrypted",
      body: {
        bytes: Type.Optional(Type.Integer({ minimum: 16, maximum: 64, default: 32 })),
        context: CONTEXT,
      },
      answer: { plaintext: BASE64, ciphertext: BASE64, output: Type.String() },
      draws: ({ bytes = 32 }) => bytes,
      run: (id, asker, { bytes = 32, context = {} }) =>
        managed.operations.dataKey(id, asker, bytes, context),
    },
    {
      name: "mac",
      summary: "HMAC of a message",
      body: { message: MESSAGE },
      answer: { mac: BASE64 },
      run: (id, asker, { message }) => managed.operations.mac(id, asker, toBytes(message)),
    },
    {
      name: "verify-mac",
      summary: "Whether it is the HMAC of a message",
      body: { message: MESSAGE, mac: base64(64), version: VERSION },
      answer: { valid: Type.Boolean() },
      run: (id, asker, { message, mac, version = null }) =>
        managed.operations.verifyMac(id, asker, toBytes(message), toBytes(mac), version),
    },
    {
      name: "sign",
      summary: "Signs a message: Ed25519, ECDSA (DER) or ML-DSA",
      body: { message: MESSAGE },
      answer: { signature: BASE64 },
      run: (id, asker, { message }) => managed.operations.sign(id, asker, toBytes(message)),
    },
    {
      name: "verify",
      summary: "Whether it is a signature of a message",
      body: { message: MESSAGE, signature: base64(SMALL_BYTES), version: VERSION },
      answer: { valid: Type.Boolean() },
      run: (id, asker, { message, signature, version = null }) =>
        managed.operations.verify(id, asker, toBytes(message), toBytes(signature), version),
    },
    {
      name: "derive",
      summary: "A key agreed with a peer: X25519 or P-256, then HKDF-SHA-256",
      body: {
        peer: base64(65, "The peer's raw public key: 32 bytes, or the uncompressed point."),
        salt: Type.Optional(base64(1024)),
        info: Type.Optional(base64(1024, "What the key is for.")),
        bytes: Type.Optional(Type.Integer({ minimum: 16, maximum: 1024, default: 32 })),
      },
      answer: { key: BASE64 },
      run: (id, asker, { peer, salt, info, bytes = 32 }) =>
        managed.operations.derive(id, asker, {
          peer: toBytes(peer),
          salt: toBytes(salt),
          info: toBytes(info),
          bytes,
        }),
    },
    {
      name: "wrap",
      summary: "Wraps a key: AES-256-KWP (RFC 5649), or AES-256-KW (RFC 3394)",
      body: { key: base64(SMALL_BYTES), algorithm: ALGORITHM },
      answer: { wrapped: BASE64 },
      run: (id, asker, { key, algorithm = null }) =>
        managed.operations.wrap(id, asker, toBytes(key), algorithm),
    },
    {
      name: "unwrap",
      summary: "Unwraps a key",
      body: { wrapped: base64(SMALL_BYTES + 16), algorithm: ALGORITHM, version: VERSION },
      answer: { key: BASE64 },
      run: (id, asker, { wrapped, algorithm = null, version = null }) =>
        managed.operations.unwrap(id, asker, toBytes(wrapped), { algorithm, version }),
    },
    {
      name: "encapsulate",
      summary: "A shared secret and its ciphertext, ML-KEM",
      body: {},
      answer: { ciphertext: BASE64, shared: BASE64 },
      draws: () => 32,
      run: (id, asker) => managed.operations.encapsulate(id, asker),
    },
    {
      name: "decapsulate",
      summary: "The shared secret of a ciphertext, ML-KEM",
      body: { ciphertext: base64(SMALL_BYTES), version: VERSION },
      answer: { shared: BASE64 },
      run: (id, asker, { ciphertext, version = null }) =>
        managed.operations.decapsulate(id, asker, toBytes(ciphertext), version),
    },
  ];
}

/** What is done with a managed key: the key stays, only results leave. */
export function addKeyOperations(app: FastifyInstance, context: Context): void {
  const { access, managed } = context.ports;
  for (const { name, summary, description, body, answer, draws, run } of operationRoutes(managed))
    addDirect(app, context, {
      url: `/v1/keys/:id/${name}`,
      permission: "keys.use",
      tag: "keys",
      summary,
      ...(description === undefined ? {} : { description }),
      params: KEY_ID,
      body: Type.Object(body, STRICT),
      bodyLimitBytes: BODY_LIMIT_BYTES,
      success: {
        status: 200,
        description: "The result, with the version and the algorithm that it was done with.",
        content: {
          "application/json": Type.Object({
            ...answer,
            version: Type.Integer(),
            algorithm: choice(KEY_ALGORITHMS),
          }),
        },
      },
      errors: [409, 503],
      answer({ id, principal, body: given }) {
        const wait = draws ? access.quotas.admitBytes(principal, draws(given as Body)) : 0;
        if (wait > 0) return overQuota("bytes", wait);
        const result = run(id, asAsker(principal, OVER), given as Body);
        return result instanceof Promise
          ? context.durable(result).then(answerOf)
          : answerOf(result);
      },
    });
}

const answerOf = (result: Result): Answer | Refusal =>
  "ok" in result ? result : { json: toJson(result) };

/**
 * Bytes as base64, which needs no escape, everything else as JSON has it. Bytes are overwritten once
 * they are text, which cannot be.
 */
function toJson(result: DoneWith): string {
  let json = "";
  for (const [name, value] of Object.entries(result)) {
    const bytes = value instanceof Uint8Array ? value : null;
    json += `${json === "" ? "{" : ","}"${name}":`;
    json += bytes ? `"${toText(bytes)}"` : JSON.stringify(value);
    bytes?.fill(0);
  }
  return `${json}}`;
}
