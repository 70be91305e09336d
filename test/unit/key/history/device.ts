import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { SlotKeeper, SlotTerms } from "../../../../src/key/seal/slot.ts";
import { refuse } from "../../../../src/port/errors.ts";

/**
 * A device as a token is one, for histories by the hundred: it wraps under keys that never leave it, one
 * for each epoch of each slot, and what it is told to destroy is gone. `SoftHSM` and `swtpm` are tried by
 * fewer of them.
 */
export function device(): SlotKeeper {
  const keys = new Map<string, Buffer>();
  const nameOf = ({ vault, id, epoch }: SlotTerms): string => `${vault} ${id} ${epoch}`;
  const wrap: SlotKeeper["renew"] = async (terms, _slot, epochKey) => {
    const key = randomBytes(32);
    keys.set(nameOf(terms), key);
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const sealed = epochKey.use((bytes) => cipher.update(bytes));
    return {
      ok: true,
      parameters: "{}",
      sealed: Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]),
    };
  };
  return {
    opensByItself: true,
    create: (terms, _wanted, epochKey) => wrap(terms, null as never, epochKey),
    renew: wrap,
    async open(terms, { sealed }) {
      const key = keys.get(nameOf(terms));
      if (!key) return refuse("slot_refused", "The device has no such key.");
      const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
      cipher.setAuthTag(sealed.subarray(-16));
      return {
        ok: true,
        epochKey: Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]),
      };
    },
    async retire(terms) {
      keys.delete(nameOf(terms));
      return { assurance: "hardware", detail: "The device has destroyed its key." };
    },
  };
}
