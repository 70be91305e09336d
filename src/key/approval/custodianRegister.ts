import type { Store } from "../../store/store.ts";
import type { ApprovalJournal, CustodianAct } from "./approvalJournal.ts";
import type { CustodianKey } from "./custodian.ts";
import { readCustodians } from "./rows.ts";

/** The custodians, as the database has them: read once, and again after each change that was tried. */
export class CustodianRegister {
  readonly #store: Pick<Store, "read">;
  readonly #journal: ApprovalJournal;
  #keys: readonly CustodianKey[] | null = null;

  constructor(store: Pick<Store, "read">, journal: ApprovalJournal) {
    this.#store = store;
    this.#journal = journal;
  }

  /** Those who were let go are among them. @throws SpringhouseError `store_failed`, as `keep` */
  async all(): Promise<readonly CustodianKey[]> {
    this.#keys ??= await readCustodians(this.#store);
    return this.#keys;
  }

  async keep(keys: readonly CustodianKey[], act: CustodianAct): Promise<void> {
    try {
      await this.#journal.custodians(keys, act);
    } finally {
      // Whatever became of it, the register is what the database says.
      this.#keys = null;
    }
  }
}
