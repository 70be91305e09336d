import { overQuota } from "../api/guard.ts";
import type { InstanceSnapshot } from "../port/snapshot.ts";
import { wipeSeed } from "../drbg/preparedSeed.ts";
import type { StoreFailure } from "../drbg/seedMaker.ts";
import type { Cancel } from "../port/clock.ts";
import type { EventKind, ServiceEvent } from "../port/event.ts";
import { Backoff } from "../source/backoff.ts";
import { Board, countSince, figuresSince, NOTHING_COUNTED, type SlotCount } from "./board.ts";
import { ConduitSocket } from "./conduit.ts";
import type { OutletsAddress, OutletsTerms } from "./outlets.ts";
import type {
  ConduitMessage,
  Lent,
  LentSeed,
  OutletThread,
  OutletTls,
  SeedOrder,
  ToHouse,
  ToOutlet,
} from "./protocol.ts";

/** What an outlet is told of a seed that cannot be had: a draw, or news of the pool, asks again. */
const RETRY_MILLISECONDS = 1000;

interface Slot {
  /** Null: what is refused is counted there. */
  readonly seed: string | null;
  readonly principal: string;
  /** What was taken over already. */
  taken: SlotCount;
}

/** The house's end of one outlet: its board for as long as the service lives, its threads one after the other. */
export class OutletLine {
  readonly board = new Board();
  readonly #name: string;
  readonly #terms: OutletsTerms;
  readonly #backoff = new Backoff();
  #address: OutletsAddress | null = null;
  #thread: OutletThread | null = null;
  #startedMilliseconds = 0;
  #cancelStart: Cancel = () => {};
  #isStopping = false;
  #isOpen = false;
  #lost = 0;
  #instance: InstanceSnapshot | null = null;
  /** A seed was asked for and could not be had. */
  #wants = false;
  #slots = new Map<number, Slot>();
  #conduits = new Map<number, ConduitSocket>();
  #answered = this.board.figures();

  constructor(name: string, terms: OutletsTerms) {
    this.#name = name;
    this.#terms = terms;
  }

  get instance(): InstanceSnapshot | null {
    return this.#instance;
  }

  /** Its thread listens. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Threads that ended by themselves. */
  get lost(): number {
    return this.#lost;
  }

  open(address: OutletsAddress): void {
    this.#address = address;
    this.#start();
  }

  tell(message: ToOutlet, transfer?: readonly ArrayBuffer[]): void {
    this.#thread?.tell(message, transfer);
  }

  /** For the thread that comes after this one, too. */
  reloadTls(tls: OutletTls): void {
    if (this.#address) this.#address = { ...this.#address, tls };
    this.tell({ tls });
  }

  refill(): void {
    if (!this.#wants) return;
    this.#wants = false;
    this.tell({ refill: true });
  }

  close(): void {
    this.#isStopping = true;
    this.#isOpen = false;
    this.#cancelStart();
    this.tell({ close: true });
  }

  async stop(): Promise<void> {
    this.close();
    this.board.stop();
    await this.#thread?.stop();
    this.#ended();
  }

  /** Takes over what the thread counted since the last time. */
  fold(): void {
    const before = this.#answered;
    const now = this.board.figures();
    this.#answered = now;
    this.#terms.tally.absorb("http", figuresSince(before, now));
    for (const number of this.#slots.keys()) this.#foldSlot(number);
  }

  #foldSlot(number: number): void {
    const slot = this.#slots.get(number);
    if (slot === undefined) return;
    const { seed, principal, taken } = slot;
    const now = this.board.counted(number);
    slot.taken = now;
    const news = countSince(taken, now);
    const { pieces, bytes, untold } = news;
    const { outputs, quotas } = this.#terms;
    // The outlet may be counting at this moment: what is not there yet comes the next time, alone.
    if (seed !== null && pieces + bytes > 0)
      outputs.count(seed, principal, "http", "random", bytes, pieces);
    quotas.used(principal, news);
    if (untold === 0) return;
    // Its detail is that of one of them.
    const refusal = overQuota(news.refusedBytes > 0 ? "bytes" : "requests", 0);
    this.#address!.notes.suppressed(refusal, principal, untold);
  }

  #start(): void {
    const { address, tls } = this.#address!;
    const { clock, startThread, clockOrigin, quotas, hosts, origins, instance } = this.#terms;
    this.#startedMilliseconds = clock.monotonicMilliseconds();
    this.#thread = startThread(
      {
        instance: this.#name,
        board: this.board.shared,
        buckets: quotas.shared,
        clockOrigin,
        address,
        tls,
        hosts,
        origins,
        drbg: instance,
      },
      { told: (message) => this.#told(message), lost: (cause) => this.#lostThread(cause) },
    );
  }

  #lostThread(cause: string | null): void {
    this.#ended();
    if (this.#isStopping) return;
    this.#lost++;
    this.#event(
      "outlet_lost",
      "warning",
      `the outlet ${this.#name} ended${cause === null ? "" : ` (${cause})`}; its connections with it`,
    );
    const { clock } = this.#terms;
    const lived = clock.monotonicMilliseconds() - this.#startedMilliseconds;
    this.#cancelStart = clock.schedule(this.#backoff.ended(lived), () => this.#start());
  }

  /** What is left of a thread that is not any more. */
  #ended(): void {
    this.#thread = null;
    this.#isOpen = false;
    this.#instance = null;
    this.#wants = false;
    this.fold();
    for (const slot of this.#slots.keys()) this.board.clear(slot);
    this.#slots = new Map();
    const conduits = [...this.#conduits.values()];
    this.#conduits = new Map();
    for (const conduit of conduits) conduit.destroy();
  }

  #told(message: ToHouse): void {
    if ("conduit" in message) this.#toldConduit(message);
    else if ("seedNumber" in message) void this.#lend(message.seedNumber, message.order);
    else if ("who" in message) this.#introduce(message.who);
    else if ("slot" in message) {
      const { slot, seed, principal } = message;
      this.#slots.set(slot, { seed, principal, taken: NOTHING_COUNTED });
    } else if ("refused" in message)
      this.#address!.notes.refused(message.refused, message.id, message.principal);
    else if ("defect" in message) this.#address!.notes.defect(message.defect, message.id);
    else if ("full" in message) this.#free(message.full);
    else if ("snapshot" in message) this.#instance = message.snapshot;
    else if ("event" in message) this.#terms.observer.event(message.event);
    else if ("selfTestFailed" in message) this.#terms.drbg.selfTestFailed(message.selfTestFailed);
    else {
      this.#isOpen = true;
      this.#event("outlet_opened", "info", `the outlet ${this.#name} answers`);
    }
  }

  #free(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#foldSlot(slot);
      this.#slots.delete(slot);
      this.board.clear(slot);
    }
    this.tell({ free: slots });
  }

  #introduce(digest: string): void {
    // Before the look: what is revoked after it is forgotten by its epoch.
    const epoch = this.board.accessEpoch;
    const known = this.#terms.tokens.lend(digest);
    const cells = known && this.#terms.quotas.lend(known.principal);
    const lent: Lent | null = known && cells && { ...known, cells };
    this.tell({ digest, lent, epoch });
  }

  async #lend(seedNumber: number, { kind, reason }: SeedOrder): Promise<void> {
    const thread = this.#thread;
    // Before the material is taken: what is dropped after it is seen by its epoch.
    const epoch = this.board.dropEpoch;
    const made = await this.#terms.drbg.lend(this.#name, kind, reason);
    if (made?.type === "dropped") {
      thread?.tell({ seedNumber, seed: made });
      return;
    }
    if (made === null || made.type !== "prepared") {
      this.#wants = true;
      const failure: StoreFailure =
        made?.type === "store_failed"
          ? made
          : { type: "store_failed", retryMilliseconds: RETRY_MILLISECONDS };
      thread?.tell({ seedNumber, seed: failure });
      return;
    }
    if (thread === null || thread !== this.#thread) {
      wipeSeed(made);
      return;
    }
    // Of their own memory, which goes along and is nowhere else then.
    const entropyInput = new Uint8Array(made.entropyInput);
    const additionalInput = new Uint8Array(made.additionalInput);
    wipeSeed(made);
    const seed: LentSeed = { ...made, entropyInput, additionalInput, epoch };
    thread.tell({ seedNumber, seed }, [entropyInput.buffer, additionalInput.buffer]);
  }

  #toldConduit(message: ConduitMessage): void {
    const { conduit } = message;
    if ("open" in message) {
      const tell = (answer: ConduitMessage, transfer?: readonly ArrayBuffer[]): void =>
        this.tell(answer, transfer);
      const socket = new ConduitSocket(conduit, message.open, this.#terms.clock, tell);
      this.#conduits.set(conduit, socket);
      socket.once("close", () => this.#conduits.delete(conduit));
      this.#address!.accept(socket);
    } else {
      this.#conduits.get(conduit)?.told(message);
    }
  }

  #event(kind: EventKind, severity: ServiceEvent["severity"], detail: string): void {
    this.#terms.observer.event({
      kind,
      atMilliseconds: this.#terms.clock.wallMilliseconds(),
      source: null,
      severity,
      actor: null,
      reason: null,
      detail,
      data: { instance: this.#name },
    });
  }
}
