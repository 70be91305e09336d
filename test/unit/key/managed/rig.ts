import { KeyGenerator } from "../../../../src/key/keyGenerator.ts";
import type { PairMaker } from "../../../../src/key/pair/pairMaker.ts";
import { replay } from "../../../../src/key/lifecycle/replay.ts";
import type { ReplayedKey, ReplayedLeaf } from "../../../../src/key/lifecycle/replay.ts";
import { openKeyRoom } from "../../../../src/key/managed/keyRoom.ts";
import type { KeyRoom } from "../../../../src/key/managed/keyRoom.ts";
import type { Asker } from "../../../../src/key/managed/asker.ts";
import { EpochVault } from "../../../../src/key/seal/epochVault.ts";
import { lockedMemory } from "../../../../src/key/seal/lockedMemory.ts";
import type { RecordAct } from "../../../../src/key/seal/sealActs.ts";
import type { SealKeeper } from "../../../../src/key/seal/sealKeeper.ts";
import type { Vault } from "../../../../src/key/seal/vault.ts";
import { openEventJournal, type StoredEvents } from "../../../../src/lineage/eventJournal.ts";
import { StoredLineage } from "../../../../src/lineage/lineageReader.ts";
import { StoredOutputs } from "../../../../src/lineage/outputRecorder.ts";
import { createSeedRecorder } from "../../../../src/lineage/seedRecorder.ts";
import type { TransparencyLog } from "../../../../src/log/transparencyLog.ts";
import { decodeLeaf } from "../../../../src/log/leaf.ts";
import type { LeafOf } from "../../../../src/log/leaf.ts";
import type { DrawRequest, Drawn, RandomSupply } from "../../../../src/port/draw.ts";
import type { Refusal } from "../../../../src/port/errors.ts";
import { openSqliteStore } from "../../../../src/store/sqliteStore.ts";
import { IN_MEMORY } from "../../../../src/store/sqliteEngine.ts";
import type { Store, Write } from "../../../../src/store/store.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { material } from "../../lineage/records.ts";
import { openLog } from "../../log/logs.ts";
import { WORDS, predictable } from "../supply.ts";
import { pairsInThisThread } from "../../../support/pairsInThisThread.ts";

export const OWNER: Asker = { id: "p-owner", anyKey: false };
export const OTHER: Asker = { id: "p-other", anyKey: false };
export const ADMIN: Asker = { id: "p-admin", anyKey: true };

/** Bytes that a test can predict, of one seed that the store knows, each recorded where that is asked. */
class RecordedSupply implements RandomSupply {
  readonly #outputs: StoredOutputs;
  readonly seed: string;
  refusal: Refusal | null = null;
  /** What a draw's record says before it is kept. */
  overtaken: Refusal | null = null;
  readonly given: Uint8Array[] = [];
  /** What each of them was for. */
  readonly purposes: string[] = [];
  #counter: number;

  constructor(outputs: StoredOutputs, seed: string, counter: number) {
    this.#outputs = outputs;
    this.seed = seed;
    this.#counter = counter;
  }

  async draw(request: DrawRequest): Promise<Drawn | Refusal> {
    if (this.refusal) return this.refusal;
    const counter = ++this.#counter;
    const { seed } = this;
    const bytes = predictable(counter, request.bytes);
    this.given.push(bytes.slice());
    this.purposes.push(request.purpose);
    const id = `${seed}.${counter}`;
    const { principal, door, purpose, requirement } = request;
    const output = {
      id,
      seed,
      instance: "keys",
      counter,
      principal,
      door,
      purpose,
      bytes: request.bytes,
      requirement,
      atMilliseconds: 1,
    };
    if (request.recorded === true) await this.#outputs.record(output);
    const pending = { outputs: [output], refusal: () => this.overtaken };
    const drawn = { ok: true, bytes, outputs: [id], seed } as const;
    return request.recorded === "pending" ? { ...drawn, pending } : drawn;
  }

  // eslint-disable-next-line require-yield
  async *stream(): AsyncGenerator<never, undefined> {
    return undefined;
  }
}

export interface Rig extends AsyncDisposable {
  readonly room: KeyRoom;
  readonly log: TransparencyLog;
  readonly journal: StoredEvents;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly supply: RecordedSupply;
  readonly vault: EpochVault;
  /** As the rooms are given it. */
  readonly port: Vault;
  readonly failures: string[];
  openVault(): void;
  /** Every batch that was written, for what a test wants to see or to spoil. */
  spoil: ((batch: readonly Write[]) => Promise<void>) | null;
  leaves(): Promise<LeafOf<"key">[]>;
  /** What the database says, in the words of a replayed log. */
  stored(): Promise<Map<string, ReplayedKey>>;
  replayed(): Promise<Map<string, ReplayedKey>>;
  kinds(): Promise<string[]>;
}

let starts = 0;

export interface SealParts {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly random: RandomSupply;
  readonly record: RecordAct;
}

export interface RigOptions {
  readonly clock?: FakeClock;
  readonly directory?: string;
  readonly keysHeld?: number;
  readonly pairs?: PairMaker;
  /** A vault with slots; without it one whose key is fixed. */
  readonly openSeal?: (parts: SealParts) => Promise<SealKeeper>;
}

/** Managed keys over real SQLite, a real log and a real vault. */
export async function openRig({
  clock = new FakeClock(),
  directory = IN_MEMORY,
  keysHeld = 100,
  pairs = pairsInThisThread,
  openSeal,
}: RigOptions = {}): Promise<Rig> {
  const inner = openSqliteStore({ directory, maximumBytes: null }, clock);
  const state: { spoil: Rig["spoil"] } = { spoil: null };
  const store: Store = {
    ...inner,
    async write(batch) {
      await state.spoil?.(batch);
      await inner.write(batch);
    },
  };
  const start = ++starts;
  const made = material(start.toString(16).padStart(16, "0"), start);
  const seed = { ...made.seed, counterLimit: 1_000_000_000 };
  await createSeedRecorder(inner).record(seed, made.blocks, made.windows);
  const outputs = new StoredOutputs(inner, clock);
  const supply = new RecordedSupply(outputs, seed.id, start * 10_000);
  const journal = await openEventJournal(store, clock);
  const log = await openLog(store, clock);
  const vault = new EpochVault(lockedMemory(true), supply, clock);
  const record: RecordAct = async (event, writes, leaf) => {
    if (leaf === null) await journal.record(event, writes);
    else await log.append(leaf, writes, (batch) => journal.record(event, batch));
  };
  const keeper = await openSeal?.({ clock, store, random: supply, record });
  const [live] = await inner.read("sealEpoch.all", []);
  if (!live && !keeper)
    await inner.write([{ statement: "sealEpoch.insert", parameters: [1, "0".repeat(16), 1] }]);
  const openVault = (): void => {
    const key = lockedMemory(true).allocate(32);
    key.use((bytes) => bytes.fill(9));
    vault.load(1, key);
  };
  openVault();
  const port: Vault = {
    state: () => ({
      initialised: true,
      sealed: vault.cause !== null,
      cause: vault.cause,
      epoch: vault.epoch,
      slots: [],
      refusedTotal: 0,
      lockedMemory: { ok: true, bytes: 0, detail: "" },
    }),
    wrap: (binding, secret) => vault.wrap(binding, secret),
    open: (binding, wrapped, use) => vault.open(binding, wrapped, use),
    forget: (key) => vault.forget(key),
  };
  const failures: string[] = [];
  const room = await openKeyRoom({
    clock,
    store,
    random: supply,
    generator: new KeyGenerator({ random: supply, words: WORDS, pairs }),
    vault: keeper?.vault ?? port,
    log,
    record: (event, together) => journal.record(event, together),
    boot: start.toString(16).padStart(16, "0"),
    lineage: new StoredLineage(inner),
    maker: { configuration: "0123456789abcdef", build: "0".repeat(64) },
    failed: (key, act, detail) => void failures.push(`${act} ${key}: ${detail}`),
    keysHeld,
  });
  const leaves = async (): Promise<LeafOf<"key">[]> => {
    const rows = await inner.read("logLeaf.bodies", [0, 1e9]);
    return rows.flatMap(({ body }) => {
      const { leaf } = decodeLeaf(Buffer.from(String(body)));
      return leaf?.kind === "key" ? [leaf] : [];
    });
  };
  return {
    room,
    log,
    journal,
    store,
    clock,
    supply,
    vault,
    port,
    failures,
    openVault,
    get spoil() {
      return state.spoil;
    },
    set spoil(value) {
      state.spoil = value;
    },
    leaves,
    async stored() {
      const found = new Map<string, ReplayedKey>();
      for (const row of await inner.read("managedKey.page", ["", 10_000])) {
        const id = String(row["id"]);
        const versions = await inner.read("keyVersion.ofKey", [id]);
        found.set(id, {
          revision: Number(row["revision"]),
          primary: Number(row["primary_version"]),
          states: versions.map(({ state: is }) => is as ReplayedKey["states"][number]),
        });
      }
      return found;
    },
    async replayed() {
      const result = replay((await leaves()) as ReplayedLeaf[]);
      if (!result.ok) throw new Error(`leaf ${result.index}: ${result.detail}`);
      return new Map(result.keys);
    },
    kinds: async () => (await journal.since(0, 1_000)).map(({ kind }) => kind),
    async [Symbol.asyncDispose]() {
      state.spoil = null;
      await room.stop();
      vault.seal("the test is over");
      keeper?.seal("the test is over");
      await log.stop();
      await journal.stop();
      await inner.close();
    },
  };
}

/** The value, or an Error that says why not. */
export function given<Result>(result: Result | Refusal): Exclude<Result, Refusal> {
  if (typeof result === "object" && result !== null && (result as { ok?: unknown }).ok === false)
    throw new Error((result as Refusal).detail);
  return result as Exclude<Result, Refusal>;
}
