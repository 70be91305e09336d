import type { Store } from "../store/store.ts";
import { parseTokenRecord, type TokenRecord, type TokenRepository } from "./tokenRecord.ts";

const COLLECTION = "token";

/** Tokens as documents of the store. Revoked ones stay: their ids stand in the lineage. */
export class StoreTokenRepository implements TokenRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  put(record: TokenRecord): Promise<void> {
    return this.#store.write([
      {
        statement: "document.put",
        parameters: [COLLECTION, record.id, JSON.stringify(record), record.createdMilliseconds],
      },
    ]);
  }

  /** @throws Error when a stored record cannot be read, since it might be a revocation */
  async all(): Promise<readonly TokenRecord[]> {
    const rows = await this.#store.read("document.all", [COLLECTION]);
    return rows.map((row) => {
      const record = parseTokenRecord(JSON.parse(String(row["body"])));
      if (!record) throw new Error(`the stored token ${String(row["id"])} cannot be read`);
      return record;
    });
  }
}
