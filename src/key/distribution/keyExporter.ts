import { SALT_BYTES } from "../../log/commitment.ts";
import type { Leaf } from "../../log/leaf.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { KeyRecord } from "../lifecycle/record.ts";
import { bindingOf } from "../managed/versionMaterial.ts";
import { NO_SUCH_KEY } from "../managed/asker.ts";
import type { Asker } from "../managed/asker.ts";
import { isRefusal } from "../managed/keyUser.ts";
import type { Shelf } from "../managed/shelf.ts";
import { mayLeave } from "../policy/export.ts";
import { readMaterial } from "../seal/rows.ts";
import type { Vault } from "../seal/vault.ts";
import { payloadOf } from "./payload.ts";
import type { Recipient } from "./recipient.ts";
import { sealTo } from "./seal.ts";
import type { SealedKey } from "./seal.ts";

export interface KeyExporterTerms {
  readonly store: Store;
  readonly shelf: Shelf;
  readonly vault: Vault;
  readonly random: RandomSupply;
  readonly now: () => number;
  /** Keeps an event with what it tells of and its leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
}

export interface ExportOrder {
  readonly key: string;
  readonly version: number;
  readonly recipient: Recipient;
  /** What custodians approved: its digest, for which revision, and what uses it up. */
  readonly intent: {
    readonly digest: string;
    readonly revision: number | null;
    readonly writes: readonly Write[];
  };
}

/**
 * The one way out for the material of a managed key. It is sealed to its recipient first, its leaf is
 * durable second, and it is answered last: without a leaf nothing leaves.
 */
export class KeyExporter {
  readonly #terms: KeyExporterTerms;

  constructor(terms: KeyExporterTerms) {
    this.#terms = terms;
  }

  /**
   * @returns a Refusal as `mayLeave`, `busy`, `sealed`, `material_damaged`, or that of the sealing
   * @throws SpringhouseError `store_failed`: nothing left
   */
  async export(order: ExportOrder, { id: actor, anyKey }: Asker): Promise<SealedKey | Refusal> {
    const { key, version, recipient, intent } = order;
    const asked = { version, principal: actor, anyKey, revision: intent.revision };
    const { shelf, random } = this.#terms;
    const result = await shelf.with(key, async (held): Promise<SealedKey | Refusal> => {
      if (held.turns.full)
        return refuse("busy", "As many changes of this key as are allowed wait.");
      // In the key's turn: whoever suspends it meanwhile is before this, or after it, in the log too.
      return held.turns.run(async () => {
        await shelf.refresh(held);
        const judged = mayLeave(held.record, asked);
        if ("ok" in judged) return judged;
        const payload = await this.#payload(held.record, version);
        if (isRefusal(payload)) return payload;
        try {
          const sealed = await sealTo(recipient, payload, { key, version }, random);
          if (!isRefusal(sealed)) await this.#keep(order, actor);
          return sealed;
        } finally {
          payload.fill(0);
        }
      });
    });
    return result ?? NO_SUCH_KEY;
  }

  async #payload(record: KeyRecord, version: number): Promise<Uint8Array | Refusal> {
    const { store, vault } = this.#terms;
    const { id: key, type } = record;
    const material = await readMaterial(store, key, version);
    if (!material)
      return refuse("material_damaged", `Version ${version} of ${key} has no material.`);
    return vault.open(bindingOf(record, version), material, (bytes) => {
      const [salt, secret] = [bytes.subarray(0, SALT_BYTES), bytes.subarray(SALT_BYTES)];
      return payloadOf({ key, version, type, secret, salt });
    });
  }

  async #keep({ key, version, recipient, intent }: ExportOrder, actor: string): Promise<void> {
    const at = this.#terms.now();
    const { scheme, digest } = recipient;
    const event: ServiceEvent = {
      kind: "key_exported",
      atMilliseconds: at,
      source: null,
      severity: "warning",
      actor,
      reason: null,
      detail: `version ${version} of ${key} left, sealed by ${scheme} to ${digest.slice(0, 16)}`,
      data: { key, version, scheme, recipient: digest },
    };
    await this.#terms.record(event, intent.writes, {
      v: 1,
      kind: "export",
      at,
      actor,
      of: "key",
      keys: [key],
      version,
      scheme,
      recipient: digest,
      intent: intent.digest,
    });
  }
}
