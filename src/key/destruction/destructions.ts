import { Turns } from "../../drbg/turns.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { Signer } from "../../log/signer.ts";
import type { Inclusion } from "../../log/transparencyLog.ts";
import type { Cancel, Clock } from "../../port/clock.ts";
import type {
  DestructionDescription,
  DestructionReceipt,
  EndedSlot,
} from "../../port/destruction.ts";
import { refuse, type Refusal, SpringhouseError } from "../../port/errors.ts";
import type { EventKind, ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Approved, CommandKeepers } from "../approval/commandKeeper.ts";
import { lookAt } from "../managed/keyCommands.ts";
import type { KeyDescription, KeyReader } from "../managed/keyReader.ts";
import type { Asker } from "../managed/asker.ts";
import type { KeyService } from "../managed/keyService.ts";
import { materialRemoval } from "../seal/rows.ts";
import {
  backupsSince,
  cancelWrite,
  completeWrite,
  describeDestruction,
  type Destruction,
  removedSlots,
  removeWrite,
  scheduleWrite,
  toDestruction,
} from "./rows.ts";
import { signStatement } from "./statement.ts";

/** A new epoch of the vault, and what became of the old one. */
export interface EndedEpoch {
  readonly from: number;
  readonly epoch: number;
  readonly retired: readonly EndedSlot[];
  readonly writeAheadLogEmptied: boolean;
}

export interface DestructionTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly signer: Signer;
  readonly service: Pick<KeyService, "transit" | "now">;
  readonly reader: Pick<KeyReader, "get">;
  readonly seal: {
    state(): { readonly sealed: boolean; readonly epoch: number | null };
    rotate(actor: string, reason: string | null): Promise<EndedEpoch | Refusal>;
  };
  readonly log: {
    append(
      leaf: Leaf,
      writes: readonly Write[] | ((id: string) => readonly Write[]),
      commit: (batch: readonly Write[]) => Promise<void>,
    ): Promise<string>;
    inclusion(id: string): Promise<Inclusion | undefined>;
    readonly handovers: readonly string[];
  };
  readonly record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>;
  /** For how long each can be called off. */
  readonly windowMilliseconds: number;
  /** A destruction that is due and could not be done; it is tried again. */
  readonly failed: (detail: string) => void;
  /** An epoch was ended for what was due. */
  readonly batched: () => void;
}

/** How often what is due is looked for; what is due by then shares one epoch's end. */
const EVERY_MILLISECONDS = 60_000;
const SYSTEM: Asker = { id: "springhouse", anyKey: true };
const REVISION_ATTEMPTS = 5;
const WAITING = 64;
const NO_DESTRUCTION = refuse("not_found", "No such destruction.", {
  remedy: "See `GET /v1/destructions`; its id is that of the intent.",
});

/**
 * Destruction: approved, then waiting for a while in which it can be called off, then done in batches.
 * The material's row is removed, and the epoch whose key wrapped it ended: without that a copy of the
 * database would still open.
 */
export class Destructions {
  readonly #terms: DestructionTerms;
  readonly #turns = new Turns(WAITING);
  #cancel: Cancel = () => {};
  #running = false;

  constructor(terms: DestructionTerms) {
    this.#terms = terms;
  }

  /** What approved intents do here. */
  commands(): CommandKeepers {
    return {
      "key.destroy": {
        look: async ({ key, version }, requester) => {
          const looked = await lookAt(this.#terms, key, version, "destroy", requester);
          if ("ok" in looked) return looked;
          const live = await this.#terms.store.read("destruction.live", [key, version]);
          if (live.length === 0) return { revision: looked.revision };
          return refuse("conflict", "The destruction of this version is under way.");
        },
        execute: ({ key, version }, approved, { id }) =>
          this.#schedule(key, version, approved, id).then(() => null, changedMeanwhile),
      },
    };
  }

  /** In the order of their ids, after one of them. */
  async list(after: string, limit: number): Promise<readonly DestructionDescription[]> {
    const rows = await this.#terms.store.read("destruction.page", [after, limit]);
    return rows.map((row) => describeDestruction(toDestruction(row)));
  }

  async get(id: string): Promise<DestructionDescription | Refusal> {
    const found = await this.#read(id);
    return found ? describeDestruction(found) : NO_DESTRUCTION;
  }

  /** The safe direction: needs nobody's leave, as long as it is only scheduled. */
  cancel(
    id: string,
    reason: string | null,
    asker: Asker,
  ): Promise<DestructionDescription | Refusal> {
    return this.#turn(async () => {
      const found = await this.#read(id);
      if (!found) return NO_DESTRUCTION;
      const key = await this.#terms.reader.get(found.key, asker);
      if ("ok" in key) return NO_DESTRUCTION;
      if (found.state !== "scheduled")
        return refuse("conflict", `It is ${found.state}, and cannot be called off.`);
      await this.#cancelled(found, reason, asker.id);
      return describeDestruction((await this.#read(id))!);
    });
  }

  /** @returns `conflict` for one that is not done yet; waits for the log's next checkpoint */
  async receipt(id: string): Promise<DestructionReceipt | Refusal> {
    const found = await this.#read(id);
    if (!found) return NO_DESTRUCTION;
    const { note, leaf, state } = found;
    const inclusion = leaf === null ? undefined : await this.#terms.log.inclusion(leaf);
    if (note === null || !inclusion)
      return refuse("conflict", `It is ${state}: there is no receipt before it is destroyed.`);
    const { entry, position, proof, checkpoint } = inclusion;
    const { handovers } = this.#terms.log;
    return {
      v: 1,
      kind: "destruction-receipt",
      note,
      entry,
      position,
      proof: proof.map((hash) => Buffer.from(hash).toString("base64")),
      checkpoint: checkpoint.note,
      ...(handovers.length > 0 ? { handovers } : {}),
    };
  }

  /** Does what is due, and ends what an earlier run left half done. */
  runDue(): Promise<void | Refusal> {
    return this.#turn(async () => {
      const { store, service, seal } = this.#terms;
      const due = await store.read("destruction.due", [service.now()]);
      const left = await store.read("destruction.removed", []);
      if (due.length + left.length === 0) return;
      const { sealed } = seal.state();
      if (sealed) return this.#terms.failed("The vault is sealed, so its epoch cannot end.");
      for (const row of due) await this.#remove(toDestruction(row));
      const removed = (await store.read("destruction.removed", [])).map(toDestruction);
      if (removed.length === 0) return;
      const ended = await seal.rotate(SYSTEM.id, `destruction of ${removed.length} key versions`);
      if ("ok" in ended) return this.#terms.failed(ended.detail);
      this.#terms.batched();
      for (const one of removed) await this.#complete(one, ended);
    });
  }

  start(): void {
    this.#running = true;
    this.#wakeIn(EVERY_MILLISECONDS);
  }

  /** Instead of the time that was set before. */
  #wakeIn(milliseconds: number): void {
    const tick = async (): Promise<void> => {
      try {
        await this.runDue();
      } catch (error) {
        this.#terms.failed(error instanceof Error ? error.message : "unknown");
      }
      this.#wakeIn(EVERY_MILLISECONDS);
    };
    this.#cancel();
    if (this.#running) this.#cancel = this.#terms.clock.schedule(milliseconds, () => void tick());
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancel();
    await this.#turns.run(() => Promise.resolve());
  }

  async #schedule(key: string, version: number, approved: Approved, actor: string): Promise<void> {
    const { document, digest, people, writes } = approved;
    const now = this.#terms.service.now();
    const one = {
      id: document.id,
      key,
      version,
      digest,
      requester: document.requester,
      approvers: people,
      scheduledMilliseconds: now,
      dueMilliseconds: now + this.#terms.windowMilliseconds,
      changedMilliseconds: now,
    };
    const more = { due: one.dueMilliseconds };
    const both = [...writes, scheduleWrite(one)];
    await this.#append("schedule", one, actor, () => both, more, document.reason);
    // Who configured no window to speak of does not wait for the next look either.
    const { windowMilliseconds } = this.#terms;
    if (windowMilliseconds < EVERY_MILLISECONDS) this.#wakeIn(windowMilliseconds);
  }

  /** Takes one version's material away; its state may have changed since it was scheduled. */
  async #remove(one: Destruction): Promise<void> {
    const { id, key, version, digest } = one;
    for (let attempt = 1; ; attempt++) {
      const found = (await this.#terms.reader.get(key, SYSTEM)) as KeyDescription;
      const { revision } = found;
      const epoch = this.#terms.seal.state().epoch!;
      const changed = await this.#terms.service.transit(
        key,
        {
          transition: "destroy",
          version,
          reason: null,
          occurredMilliseconds: null,
          approval: { digest, key, version, transition: "destroy", revision },
        },
        SYSTEM,
        revision,
        () => null,
        [materialRemoval(key, version), removeWrite(id, epoch, this.#terms.service.now())],
      );
      if (!("ok" in changed)) return;
      if (changed.code === "conflict")
        return this.#cancelled(one, changed.detail.slice(0, 500), SYSTEM.id);
      if (changed.code === "revision_changed" && attempt < REVISION_ATTEMPTS) continue;
      return this.#terms.failed(changed.detail);
    }
  }

  /** Signs what was done, and puts it into the log. */
  async #complete(one: Destruction, ended: EndedEpoch): Promise<void> {
    const { store, signer, service, reader } = this.#terms;
    const { id, key, version } = one;
    const found = (await reader.get(key, SYSTEM)) as KeyDescription;
    const own = found.versions[version - 1]!;
    const now = service.now();
    // A run that ended between removal and receipt: nobody wrote down how its epoch's slots ended.
    const unknown: EndedSlot = {
      slot: "-",
      name: "-",
      kind: "-",
      epoch: one.epoch!,
      assurance: "best-effort",
      detail:
        "The service was interrupted; the log's `slot` leaves say how this epoch's slots ended.",
    };
    const signed = signStatement(
      {
        deployment: signer.verifier.name,
        key,
        version,
        type: found.type,
        to: own.state,
        requester: one.requester,
        approvers: one.approvers,
        intent: one.digest,
        scheduled: one.scheduledMilliseconds,
        completed: now,
        epochs: [one.epoch!, ended.epoch],
        slots: [
          ...(ended.from === one.epoch ? [] : [unknown]),
          ...ended.retired.map(({ slot, name, kind, epoch, assurance, detail }) => ({
            slot,
            name,
            kind,
            epoch,
            assurance,
            detail,
          })),
          ...(await removedSlots(store, one.epoch!)),
        ],
        backups: await backupsSince(store, own.createdMilliseconds),
        writeAheadLogEmptied: ended.writeAheadLogEmptied,
      },
      signer,
    );
    const { note, digest: statement } = signed;
    const more = { statement, epoch: ended.epoch };
    const writes = (leaf: string) => [completeWrite(id, { note, leaf }, now)];
    await this.#append("receipt", one, SYSTEM.id, writes, more, null);
  }

  #cancelled(one: Destruction, reason: string | null, actor: string): Promise<void> {
    const writes = [cancelWrite(one.id, this.#terms.service.now())];
    return this.#append("cancel", one, actor, () => writes, {}, reason);
  }

  async #append(
    op: LeafOf<"destruction">["op"],
    { key, version, digest, id }: Pick<Destruction, "key" | "version" | "digest" | "id">,
    actor: string,
    writes: (leaf: string) => readonly Write[],
    more: Partial<LeafOf<"destruction">>,
    reason: string | null,
  ): Promise<void> {
    const at = this.#terms.service.now();
    const event: ServiceEvent = {
      kind: KINDS[op],
      atMilliseconds: at,
      source: null,
      severity: op === "cancel" ? "info" : "warning",
      actor: actor === SYSTEM.id ? null : actor,
      reason,
      detail: `${op} of the destruction of version ${version} of ${key}`,
      data: { destruction: id, key, version },
    };
    const leaf: LeafOf<"destruction"> = {
      v: 1,
      kind: "destruction",
      at,
      actor,
      op,
      key,
      version,
      intent: digest,
      ...more,
      ...(reason === null ? {} : { reason }),
    };
    await this.#terms.log.append(leaf, writes, (batch) => this.#terms.record(event, batch));
  }

  async #read(id: string): Promise<Destruction | undefined> {
    const [row] = await this.#terms.store.read("destruction.one", [id]);
    return row && toDestruction(row);
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on destructions is under way.");
    return this.#turns.run(work);
  }
}

/** The database takes a schedule only for the key as it was approved. */
function changedMeanwhile(error: unknown): Refusal {
  if (error instanceof SpringhouseError && error.code === "internal")
    return refuse("revision_changed", "The key was changed while this was being scheduled.", {
      remedy: "Look at what changed, and make another intent for how things are.",
    });
  throw error;
}

const KINDS: Readonly<Record<LeafOf<"destruction">["op"], EventKind>> = {
  schedule: "destruction_scheduled",
  cancel: "destruction_cancelled",
  receipt: "destruction_completed",
};
