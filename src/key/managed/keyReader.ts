import type { KeyState, KeySummary, KeyVersionDescription } from "../../port/key.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Store } from "../../store/store.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";
import { versionOf } from "../lifecycle/record.ts";
import { allowedTransitions } from "../lifecycle/transition.ts";
import { publicPem } from "../operation/publicKey.ts";
import type { PublicAlgorithm } from "../operation/publicKey.ts";
import { isRetired, mayUse } from "../policy/decide.ts";
import type { KeyPolicy } from "../policy/policy.ts";
import { NO_SUCH_KEY } from "./asker.ts";
import type { Asker } from "./asker.ts";
import { toHead } from "./rows.ts";
import type { Held, Shelf } from "./shelf.ts";

export interface KeyDescription extends KeySummary {
  readonly policy: KeyPolicy;
  readonly versions: readonly KeyVersionDescription[];
}

export interface KeyPage {
  readonly keys: readonly KeySummary[];
  /** `after` for the next page; null where this is the last. */
  readonly next: string | null;
}

export interface KeyQuery {
  readonly after: string;
  /** 1 to 1000. */
  readonly limit: number;
  readonly state: KeyState | null;
}

/** What is shown of keys: metadata and public keys. */
export class KeyReader {
  readonly #store: Store;
  readonly #shelf: Shelf;

  constructor(store: Store, shelf: Shelf) {
    this.#store = store;
    this.#shelf = shelf;
  }

  /** @returns the key, or `not_found`; @throws SpringhouseError `store_failed` */
  async get(id: string, asker: Asker): Promise<KeyDescription | Refusal> {
    const found = await this.#shelf.with(id, async (held) => {
      await this.#shelf.refresh(held);
      const { record } = held;
      return mayUse(record, { anyKey: asker.anyKey, principal: asker.id }) ? describe(held) : null;
    });
    return found ?? NO_SUCH_KEY;
  }

  /** Keys by id: the asker's own, or all. */
  async list(asker: Asker, { after, limit, state }: KeyQuery): Promise<KeyPage> {
    const query = !asker.anyKey
      ? ({ statement: "managedKey.pageOfPrincipal", parameters: [asker.id, after, limit] } as const)
      : state === null
        ? ({ statement: "managedKey.page", parameters: [after, limit] } as const)
        : ({ statement: "managedKey.pageInState", parameters: [state, after, limit] } as const);
    const rows = await this.#store.read(query.statement, query.parameters);
    const keys = rows
      .map((row): KeySummary => {
        const { policy: _, ...summary } = toHead(row);
        return summary;
      })
      .filter((key) => state === null || key.state === state);
    const last = rows.at(-1)?.["id"];
    return { keys, next: rows.length === limit && typeof last === "string" ? last : null };
  }
}

export function describe(held: Held): KeyDescription {
  const { versions, ...record } = held.record;
  return {
    ...record,
    state: versionOf(held.record, record.primary)!.state,
    versions: versions.map((version) => describeVersion(held, version)),
  };
}

function describeVersion({ record, counters }: Held, version: KeyVersion): KeyVersionDescription {
  const { publicKey, ...rest } = version;
  const used = counters.get(version.version)?.used;
  return {
    ...rest,
    primary: version.version === record.primary,
    retired: isRetired(record, version.version),
    publicKey: publicKey && Buffer.from(publicKey).toString("base64"),
    publicKeyPem: publicKey && publicPem(PUBLIC[record.type]!, publicKey),
    operations: used?.operations ?? 0,
    bytes: used?.bytes ?? 0,
    transitions: allowedTransitions(version.state),
  };
}

const PUBLIC: Readonly<Partial<Record<KeyRecord["type"], PublicAlgorithm>>> = {
  ed25519: "Ed25519",
  x25519: "X25519",
  "p-256": "P-256",
  "ml-dsa-65": "ML-DSA-65",
  "ml-dsa-87": "ML-DSA-87",
  "ml-kem-768": "ML-KEM-768",
  "ml-kem-1024": "ML-KEM-1024",
};
