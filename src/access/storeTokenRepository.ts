import type { StoredEvents } from "../lineage/eventJournal.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { Store, Write } from "../store/store.ts";
import { parseTokenRecord, type TokenRecord, type TokenRepository } from "./tokenRecord.ts";

const COLLECTION = "token";

function writeOf(record: TokenRecord): Write {
  return {
    statement: "document.put",
    parameters: [COLLECTION, record.id, JSON.stringify(record), record.createdMilliseconds],
  };
}

/** Tokens as documents of the store. Revoked ones stay: their ids stand in the lineage. */
export class StoreTokenRepository implements TokenRepository {
  readonly #store: Store;
  readonly #journal: Pick<StoredEvents, "record">;

  constructor(store: Store, journal: Pick<StoredEvents, "record">) {
    this.#store = store;
    this.#journal = journal;
  }

  put(record: TokenRecord): Promise<void> {
    return this.#store.write([writeOf(record)]);
  }

  putWithEvent(record: TokenRecord, event: ServiceEvent): Promise<void> {
    return this.#journal.record(event, [writeOf(record)]);
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
