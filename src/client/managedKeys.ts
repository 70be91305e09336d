import type {
  KeyAlgorithm,
  KeyPurpose,
  KeyState,
  KeySummary,
  KeyTransition,
  KeyUsage,
  KeyVersionDescription,
  ManagedType,
} from "../port/key.ts";
import type { Requirement } from "../port/lineage.ts";
import type { Transport } from "./transport.ts";

export interface RotationTerms {
  readonly everyDays: number | null;
  readonly maximumOperations: number | null;
  readonly maximumBytes: number | null;
  readonly overlapDays: number;
  readonly keepVersions: number | null;
}

/** Null is unbounded. Times are Unix milliseconds. */
export interface PolicyTerms {
  readonly notBeforeMilliseconds: number | null;
  readonly notAfterMilliseconds: number | null;
  readonly maximumOperations: number | null;
  readonly maximumBytes: number | null;
  readonly processSuspended: boolean;
  readonly rotation: RotationTerms;
}

/** What is left out is as it was, or the default. */
export type PolicyOrder = Partial<Omit<PolicyTerms, "rotation">> & {
  readonly rotation?: Partial<RotationTerms>;
};

export interface ManagedKey extends KeySummary {
  readonly policy: PolicyTerms;
  readonly versions: readonly KeyVersionDescription[];
}

export interface ChangedKey extends ManagedKey {
  /** Id of the leaf of the change in the transparency log. */
  readonly leaf: string;
}

export interface ManagedKeyOrder {
  readonly type: ManagedType;
  readonly purpose?: KeyPurpose;
  readonly usages?: readonly KeyUsage[];
  readonly algorithms?: readonly KeyAlgorithm[];
  readonly name?: string;
  readonly principals?: readonly string[];
  readonly exportable?: boolean;
  readonly activate?: boolean;
  readonly policy?: PolicyOrder;
}

/** Changes only what has this revision; else a RefusalError `revision_changed`. */
interface IfRevision {
  readonly ifRevision?: number;
}

/** Names and values that a ciphertext is bound to. */
export type KeyContext = Readonly<Record<string, string>>;

interface DoneWith {
  readonly version: number;
  readonly algorithm: KeyAlgorithm;
}

/** Bytes in, bytes out; base64 is the wire's affair. */
const BASE64_FIELDS = new Set([
  "plaintext",
  "ciphertext",
  "message",
  "mac",
  "signature",
  "key",
  "wrapped",
  "peer",
  "salt",
  "info",
  "shared",
]);

/** Managed keys: they stay in the service, and what is done with them is done there. */
export class ManagedKeys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  create({
    requirement = {},
    ...order
  }: ManagedKeyOrder & { readonly requirement?: Requirement }): Promise<ChangedKey> {
    const { maxSeedAgeSeconds, ...rest } = requirement;
    const age = maxSeedAgeSeconds === undefined ? {} : { max_seed_age: maxSeedAgeSeconds };
    return this.#post("/v1/keys", { ...order, ...rest, ...age });
  }

  /** @param material the raw key; overwrite it afterwards */
  import(order: ManagedKeyOrder, material: Uint8Array): Promise<ChangedKey> {
    return this.#post("/v1/keys/import", { ...order, material: toBase64(material) });
  }

  get(id: string): Promise<ManagedKey> {
    return this.#transport.json({ path: pathOf(id), repeatable: true });
  }

  /** Every key that may be seen, page by page. */
  async *list(query: { readonly state?: KeyState } = {}): AsyncGenerator<KeySummary, void> {
    for (let after: string | undefined; ;) {
      const page = await this.#transport.json<{
        readonly keys: readonly KeySummary[];
        readonly next: string | null;
      }>({ path: "/v1/keys", query: { ...query, limit: 1000, after }, repeatable: true });
      yield* page.keys;
      if (page.next === null) return;
      after = page.next;
    }
  }

  rotate(
    id: string,
    {
      ifRevision,
      ...order
    }: IfRevision & { readonly activate?: boolean; readonly reason?: string } = {},
  ): Promise<ChangedKey> {
    return this.#post(`${pathOf(id)}/rotate`, order, ifRevision);
  }

  /** `suspend`, `compromise` and the other transitions of SP 800-57; of the primary version by default. */
  transit(
    id: string,
    transition: KeyTransition,
    {
      ifRevision,
      ...order
    }: IfRevision & {
      readonly version?: number;
      readonly reason?: string;
      readonly occurredMilliseconds?: number;
    } = {},
  ): Promise<ChangedKey> {
    return this.#post(`${pathOf(id)}/${transition}`, order, ifRevision);
  }

  setPolicy(
    id: string,
    {
      ifRevision,
      ...order
    }: IfRevision & { readonly policy?: PolicyOrder; readonly principals?: readonly string[] },
  ): Promise<ChangedKey> {
    return this.#post(`${pathOf(id)}/policy`, order, ifRevision);
  }

  encrypt(
    id: string,
    plaintext: Uint8Array,
    context?: KeyContext,
  ): Promise<DoneWith & { readonly ciphertext: Uint8Array }> {
    return this.operate(id, "encrypt", { plaintext, context });
  }

  decrypt(
    id: string,
    ciphertext: Uint8Array,
    context?: KeyContext,
  ): Promise<DoneWith & { readonly plaintext: Uint8Array }> {
    return this.operate(id, "decrypt", { ciphertext, context });
  }

  rewrap(
    id: string,
    ciphertext: Uint8Array,
    context?: KeyContext,
  ): Promise<DoneWith & { readonly ciphertext: Uint8Array }> {
    return this.operate(id, "rewrap", { ciphertext, context });
  }

  dataKey(
    id: string,
    { bytes, context }: { readonly bytes?: number; readonly context?: KeyContext } = {},
  ): Promise<
    DoneWith & {
      readonly plaintext: Uint8Array;
      readonly ciphertext: Uint8Array;
      readonly output: string;
    }
  > {
    return this.operate(id, "data-key", { bytes, context });
  }

  mac(id: string, message: Uint8Array): Promise<DoneWith & { readonly mac: Uint8Array }> {
    return this.operate(id, "mac", { message });
  }

  verifyMac(
    id: string,
    message: Uint8Array,
    mac: Uint8Array,
    version?: number,
  ): Promise<DoneWith & { readonly valid: boolean }> {
    return this.operate(id, "verify-mac", { message, mac, version });
  }

  sign(id: string, message: Uint8Array): Promise<DoneWith & { readonly signature: Uint8Array }> {
    return this.operate(id, "sign", { message });
  }

  verify(
    id: string,
    message: Uint8Array,
    signature: Uint8Array,
    version?: number,
  ): Promise<DoneWith & { readonly valid: boolean }> {
    return this.operate(id, "verify", { message, signature, version });
  }

  derive(
    id: string,
    how: {
      readonly peer: Uint8Array;
      readonly salt?: Uint8Array;
      readonly info?: Uint8Array;
      readonly bytes?: number;
    },
  ): Promise<DoneWith & { readonly key: Uint8Array }> {
    return this.operate(id, "derive", { ...how });
  }

  wrap(
    id: string,
    key: Uint8Array,
    algorithm?: KeyAlgorithm,
  ): Promise<DoneWith & { readonly wrapped: Uint8Array }> {
    return this.operate(id, "wrap", { key, algorithm });
  }

  unwrap(
    id: string,
    wrapped: Uint8Array,
    how: { readonly algorithm?: KeyAlgorithm; readonly version?: number } = {},
  ): Promise<DoneWith & { readonly key: Uint8Array }> {
    return this.operate(id, "unwrap", { wrapped, ...how });
  }

  encapsulate(
    id: string,
  ): Promise<DoneWith & { readonly ciphertext: Uint8Array; readonly shared: Uint8Array }> {
    return this.operate(id, "encapsulate", {});
  }

  decapsulate(
    id: string,
    ciphertext: Uint8Array,
    version?: number,
  ): Promise<DoneWith & { readonly shared: Uint8Array }> {
    return this.operate(id, "decapsulate", { ciphertext, version });
  }

  /** An operation by its name: the methods above are this with types. */
  async operate<Result>(
    id: string,
    name: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Result> {
    const sent = Object.entries(body)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, value instanceof Uint8Array ? toBase64(value) : value]);
    const answer = await this.#post<Record<string, unknown>>(
      `${pathOf(id)}/${name}`,
      Object.fromEntries(sent),
    );
    const read = Object.entries(answer).map(([field, value]) => [
      field,
      BASE64_FIELDS.has(field) ? new Uint8Array(Buffer.from(String(value), "base64")) : value,
    ]);
    return Object.fromEntries(read) as Result;
  }

  #post<Answer>(path: string, body: unknown, ifRevision?: number): Promise<Answer> {
    const headers = ifRevision === undefined ? {} : { "if-match": `"${ifRevision}"` };
    return this.#transport.json({ method: "POST", path, body, headers, repeatable: false });
  }
}

const pathOf = (id: string): string => `/v1/keys/${encodeURIComponent(id)}`;
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
