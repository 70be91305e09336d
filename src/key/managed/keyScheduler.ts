import type { Cancel, Clock } from "../../port/clock.ts";
import type { Refusal } from "../../port/errors.ts";
import { refuse, SpringhouseError } from "../../port/errors.ts";
import type { Store } from "../../store/store.ts";
import type { KeyRecord } from "../lifecycle/record.ts";
import { dueMilliseconds, dueNow } from "../policy/due.ts";
import type { Due } from "../policy/due.ts";
import type { Amount } from "../policy/limits.ts";
import type { Asker } from "./asker.ts";
import type { Changed } from "./keyChanges.ts";
import type { KeyService } from "./keyService.ts";
import { counterOf } from "./shelf.ts";
import type { Held, Shelf } from "./shelf.ts";

export interface KeySchedulerTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly shelf: Shelf;
  readonly service: KeyService;
  /** An act that could not be done, for the log: why, and never a value. */
  readonly failed: (key: string, act: string, detail: string) => void;
}

/** A clock may jump forward without anybody's telling: nothing is overdue for longer than this. */
const LONGEST_MILLISECONDS = 60_000;
/** After something could not be done (a sealed vault, a full disk): not at once again. */
const RETRY_MILLISECONDS = 5_000;
const KEYS_IN_PAGE = 64;
const BY_ITSELF: Asker = { id: "springhouse", anyKey: true };
const NOT_DUE = refuse("conflict", "It is not due any more.");

/**
 * Does what policies ask for by themselves: rotations, the end of overlaps and of validity. What is due
 * stands in the database and is looked up from there, so that a crash forgets nothing; each act is one
 * transaction and is judged again in its turn, so that none is done twice.
 */
export class KeyScheduler {
  readonly #terms: KeySchedulerTerms;
  #cancel: Cancel | null = null;
  #wakesAt = Infinity;
  #working: Promise<void> | null = null;
  #stopped = false;
  #failedSteps = 0;
  readonly #asked = new Set<string>();

  constructor(terms: KeySchedulerTerms) {
    this.#terms = terms;
  }

  start(): void {
    this.#wakeIn(0);
  }

  /** A key changed: it may be due sooner than what was waited for. */
  changed(record: KeyRecord): void {
    const now = this.#terms.service.now();
    const due = dueMilliseconds(record, now);
    if (due !== null) this.#wakeIn(Math.max(due - now, 0));
  }

  /** A version has done what its policy allows it between two rotations. */
  look(key: string): void {
    this.#asked.add(key);
    this.#wakeIn(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#working;
  }

  #wakeIn(milliseconds: number): void {
    if (this.#stopped) return;
    const at = this.#terms.clock.monotonicMilliseconds() + milliseconds;
    if (at >= this.#wakesAt) return;
    this.#cancel?.();
    this.#wakesAt = at;
    this.#cancel = this.#terms.clock.schedule(milliseconds, () => {
      this.#wakesAt = Infinity;
      this.#working ??= this.#work().finally(() => (this.#working = null));
    });
  }

  async #work(): Promise<void> {
    let wait: number;
    try {
      wait = await this.#step();
    } catch {
      // The store's health says why.
      wait = this.#retryMilliseconds();
    }
    this.#wakeIn(wait);
  }

  /** @returns milliseconds until the next look */
  async #step(): Promise<number> {
    const { store, service } = this.#terms;
    let failures = 0;
    for (const key of this.#asked) {
      this.#asked.delete(key);
      if (!(await this.#settle(key))) failures++;
    }
    const now = service.now();
    // By pages, so that what cannot be done now (a rotation under a seal) holds up nothing behind it.
    for (let after: readonly [number, string] = [-Infinity, ""]; ;) {
      const rows = await store.read("managedKey.due", [...after, now, KEYS_IN_PAGE]);
      for (const { id } of rows) {
        if (this.#stopped) return LONGEST_MILLISECONDS;
        if (!(await this.#settle(String(id)))) failures++;
      }
      const last = rows.at(-1);
      if (!last || rows.length < KEYS_IN_PAGE) break;
      after = [Number(last["due_ms"]), String(last["id"])];
    }
    if (failures > 0) return this.#retryMilliseconds();
    this.#failedSteps = 0;
    const [row] = await store.read("managedKey.nextDue", [now]);
    const next = row?.["next"];
    return typeof next === "number"
      ? Math.min(Math.max(next - service.now(), 0), LONGEST_MILLISECONDS)
      : LONGEST_MILLISECONDS;
  }

  #retryMilliseconds(): number {
    return Math.min(RETRY_MILLISECONDS * 2 ** this.#failedSteps++, LONGEST_MILLISECONDS);
  }

  /** Everything that is due for a key, one act after the other. False when one could not be done. */
  async #settle(key: string): Promise<boolean> {
    for (;;) {
      const due = await this.#dueFor(key);
      if (!due || this.#stopped) return true;
      const done = await this.#do(key, due).catch(couldNot);
      if (!("ok" in done)) continue;
      if (done === NOT_DUE) continue;
      this.#terms.failed(key, due.act, done.detail);
      return false;
    }
  }

  async #dueFor(key: string): Promise<Due | null> {
    const { shelf, service } = this.#terms;
    return shelf.with(key, async (held) => dueNow(held.record, primaryUse(held), service.now()));
  }

  #do(key: string, due: Due): Promise<Changed | Refusal> {
    const { service } = this.#terms;
    // Judged again when it is the key's turn: somebody may have rotated it meanwhile.
    const check = (held: Held): Refusal | null => {
      const again = dueNow(held.record, primaryUse(held), service.now());
      return JSON.stringify(again) === JSON.stringify(due) ? null : NOT_DUE;
    };
    const reason = due.act === "activate" ? "validity" : due.reason;
    if (due.act === "rotate") return service.rotate(key, { reason }, BY_ITSELF, check);
    const order = {
      transition: due.act,
      version: due.version,
      reason,
      occurredMilliseconds: null,
      approval: null,
    };
    return service.transit(key, order, BY_ITSELF, null, check);
  }
}

/** One key's own, such as a thread that ended over its pair: nothing behind it is held up. */
function couldNot(error: unknown): Refusal {
  // The store's, whose health says why, are everybody's.
  if (error instanceof SpringhouseError) throw error;
  return refuse("internal", "An unexpected error; it is tried again.");
}

const primaryUse = (held: Held): Amount => counterOf(held, held.record.primary).used;
