import { createHash, randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { AssessmentDesk } from "../../../src/assess/desk.ts";
import { DrillDesk } from "../../../src/assess/drill/desk.ts";
import { Access } from "../../../src/access/access.ts";
import { Certificates, type CertificateRule } from "../../../src/access/certificates.ts";
import { Sessions } from "../../../src/access/sessions.ts";
import { Quotas } from "../../../src/access/quotas.ts";
import { TokenBook } from "../../../src/access/tokenBook.ts";
import { buildApi } from "../../../src/api/app.ts";
import { LOOPBACK_NAMES } from "../../../src/api/hosts.ts";
import { createLogger } from "../../../src/platform/logger.ts";
import type { ApiOptions, ApiPorts } from "../../../src/api/ports.ts";
import { CustodyTally } from "../../../src/key/custodyTally.ts";
import type { KeyRoom } from "../../../src/key/managed/keyRoom.ts";
import { KeyTally } from "../../../src/key/managed/tally.ts";
import type { Clock } from "../../../src/port/clock.ts";
import type { Drawn, DrawRequest, RandomSupply } from "../../../src/port/draw.ts";
import { refuse, type Refusal } from "../../../src/port/errors.ts";
import type { KeptEvent, ServiceEvent } from "../../../src/port/event.ts";
import type { OutputStory } from "../../../src/port/lineage.ts";
import { ROLES, type Quota, type Role } from "../../../src/port/principal.ts";
import type {
  EventJournal,
  GlimpseReader,
  LineageLine,
  RestartOrder,
  RestartTap,
  SourceControl,
  Tap,
} from "../../../src/port/service.ts";
import type { DeviceDescription } from "../../../src/port/source.ts";
import type { ServiceSnapshot, SourceSnapshot } from "../../../src/port/snapshot.ts";
import { attestWith } from "../../../src/log/statement.ts";
import { drillFacts } from "../../../src/verify/drillFacts.ts";
import { reportFacts } from "../../../src/verify/verifyAttested.ts";
import { SigningKey } from "../../../src/log/signingKey.ts";
import { signerOf } from "../../../src/log/signer.ts";
import { lockedMemory } from "../../../src/key/seal/lockedMemory.ts";
import { drawFrom } from "../../../src/key/seal/epochKey.ts";
import { openSealKeeper } from "../../../src/key/seal/sealKeeper.ts";
import { pkcs11Slots } from "../../../src/key/seal/pkcs11Slot.ts";
import { tpmSlots } from "../../../src/key/seal/tpmSlot.ts";
import { keyFileSlots, passphraseSlots } from "../../../src/key/seal/secretSlot.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openDistribution } from "../../../src/service/distribution.ts";
import { complianceReport } from "../../../src/key/compliance/complianceReport.ts";
import { openPage } from "../../../src/console/pageFiles.ts";
import { RequestTally } from "../../../src/telemetry/requestTally.ts";
import { openRig, TWO } from "../key/approval/rig.ts";
import { MemoryTokens, UNLIMITED } from "../access/memory.ts";

/** Signs the status list. */
export const STATUS_SIGNER = signerOf("log.example/house", new Uint8Array(32).fill(7));

export const STREAM_CHUNK_BYTES = 16_384;

/**
 * Bytes that say which output they are of: the SHA-256 of its id, over and over. An answer whose
 * bytes are not those of the id in its own headers has somebody else's.
 */
export function bytesOf(output: string, length: number): Uint8Array {
  const block = createHash("sha256").update(output).digest();
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = block[at % 32]!;
  return bytes;
}

class TaggedSupply implements RandomSupply {
  readonly requests: Omit<DrawRequest, "bytes">[] = [];
  /** What was handed out, to see whether it was overwritten. */
  readonly given: Uint8Array[] = [];
  refusal: Refusal | null = null;
  /** Milliseconds until a draw answers; 0: at once. */
  delayMilliseconds = 0;
  /** Splits as 16 KiB a generate does. */
  split = false;
  streamEndsAfter = Infinity;
  chunks = 0;
  streamsOpen = 0;
  #count = 0;

  #make(length: number): Drawn {
    const output = `s-0123456789abcdef-1.${++this.#count}`;
    const bytes = bytesOf(output, length);
    this.given.push(bytes);
    const parts = this.split ? Math.ceil(length / 16_384) : 1;
    const outputs = Array.from({ length: parts - 1 }, () => `s-0123456789abcdef-0.${this.#count}`);
    return { ok: true, bytes, outputs: [...outputs, output], seed: "s-0123456789abcdef-1" };
  }

  draw(request: DrawRequest): ReturnType<RandomSupply["draw"]> {
    this.requests.push(request);
    if (this.refusal) return this.refusal;
    if (this.delayMilliseconds === 0) return this.#make(request.bytes);
    return new Promise((resolve) => {
      setTimeout(() => resolve(this.#make(request.bytes)), this.delayMilliseconds);
    });
  }

  async *stream(
    request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
    signal: AbortSignal,
  ): AsyncGenerator<Drawn, Refusal | undefined> {
    this.requests.push(request);
    this.streamsOpen++;
    try {
      if (this.refusal) return this.refusal;
      let left = request.bytes ?? Infinity;
      for (let count = 0; left > 0 && !signal.aborted; count++) {
        if (count >= this.streamEndsAfter) return refuse("pool_exhausted", "It is spent.");
        const length = Math.min(STREAM_CHUNK_BYTES, left);
        left -= length;
        this.chunks++;
        yield this.#make(length);
      }
      return undefined;
    } finally {
      this.streamsOpen--;
    }
  }
}

export const DEVICE = {
  location: "/dev/ttyACM0",
  vendorId: "04d8",
  productId: "f5fe",
  serialNumber: "1",
  firmware: null,
  mode: "RAW_BIN",
  rawConfirmed: false,
  caveats: [],
};

export const SOURCE: SourceSnapshot = {
  id: "rng-1",
  kind: "serial-generic",
  physical: true,
  bitsPerSample: 8,
  state: "healthy",
  cause: null,
  detail: "",
  remedy: null,
  sinceMilliseconds: 1,
  device: null,
  testedEntropy: 1,
  assessedEntropy: 0,
  assessedEvidence: null,
  compliantEntropy: 0,
  credited: false,
  tapped: false,
  samplesTotal: 1,
  droppedSamplesTotal: 0,
  divertedSamplesTotal: 0,
  discardedSamplesTotal: 0,
  conditionedSamplesTotal: 0,
  gapsTotal: 0,
  creditedBitsTotal: 0,
  lastSampleMilliseconds: null,
  tests: [],
  alarms: [],
  expectedFalseAlarmsPerYear: 0,
  poolBlocks: 0,
  live: null,
};

/** What a source's tests are computed from, where one is drilled. */
const DRILLED = {
  bitsPerSample: 8,
  minEntropyPerSample: 4,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 50_000,
  silenceMilliseconds: 2000,
} as const;

/** Signs what this house attests. */
export const SIGNER = signerOf("log.example/house", new Uint8Array(32).fill(7));

const NO_FIGURES = new CustodyTally({ read: () => Promise.resolve([]) }, () => {}).figures();

export const SNAPSHOT: ServiceSnapshot = {
  version: "0",
  startedMilliseconds: 1,
  atMilliseconds: 2,
  shape: "RBGC",
  validated: false,
  reasons: ["no certificate"],
  ready: true,
  unready: [],
  configurationVersion: "0123456789abcdef",
  quorum: { sources: 1, withoutBest: 0, met: false, available: 0 },
  sources: [SOURCE],
  instances: [],
  selfTests: [{ name: "HMAC_DRBG", passed: true, atMilliseconds: 1 }],
  drills: [],
  store: { ok: true, detail: "" },
  vault: {
    initialised: false,
    sealed: true,
    cause: "The vault was never initialised.",
    epoch: null,
    slots: [],
    refusedTotal: 0,
    lockedMemory: { ok: true, bytes: 0, detail: "" },
  },
  keys: new KeyTally().figures(),
  custody: NO_FIGURES,
  log: {
    origin: "log.example/house",
    verifierKey: "log.example/house+00000000+AAAA",
    leaves: 1,
    checkpointMilliseconds: null,
    behindMilliseconds: 0,
    failuresTotal: 0,
    witnesses: [],
  },
  disk: null,
  outlets: { configured: 1, answering: 1, lostTotal: 0 },
  tlsCertificates: [],
};

const STORY = {
  id: "s-0123456789abcdef-1.1",
  seed: { id: "s-0123456789abcdef-1" },
  counter: 1,
  blocks: [],
  windows: [],
  output: { id: "s-0123456789abcdef-1.1", principal: "somebody-else" },
} as unknown as OutputStory;

class MemoryJournal implements EventJournal {
  readonly kept: KeptEvent[] = [];
  readonly listeners = new Set<(event: KeptEvent) => void>();

  async since(since: number, limit: number): Promise<readonly KeptEvent[]> {
    return this.kept.filter((event) => event.sequence > since).slice(0, limit);
  }

  subscribe(listener: (event: KeptEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async record(event: ServiceEvent): Promise<void> {
    this.push(event);
  }

  event(event: ServiceEvent): void {
    this.push(event);
  }

  push(event: ServiceEvent): void {
    const kept = { ...event, sequence: this.kept.length + 1 };
    this.kept.push(kept);
    for (const listener of this.listeners) listener(kept);
  }
}

export const EVENT: ServiceEvent = {
  kind: "reseed",
  atMilliseconds: 1,
  source: null,
  severity: "info",
  actor: null,
  reason: null,
  detail: "",
  data: {},
};

/** A source that can be made to gap, and to take its time. */
class MemorySources implements SourceControl {
  gapAfter = Infinity;
  isSlow = false;
  device: DeviceDescription | null = null;
  open = 0;
  reader: GlimpseReader | null = null;
  readonly acts: string[] = [];

  tap(source: string, samples: number | null): Tap | Refusal {
    this.open++;
    const { gapAfter, isSlow } = this;
    let closed = false;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      const wanted = samples ?? Infinity;
      for (let at = 0; at < wanted && !closed; at += 1000) {
        if (at >= gapAfter) throw new Error("gap");
        if (isSlow) await new Promise((resolve) => setTimeout(resolve, 5));
        yield new Uint8Array(Math.min(1000, wanted - at)).fill((at / 1000) & 0xff);
      }
    }
    return {
      source,
      bitsPerSample: 8,
      device: this.device,
      firstSequence: 4711,
      chunks: chunks(),
      close: () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
  }

  restarts(source: string, order: RestartOrder): RestartTap | Refusal {
    const tap = this.tap(source, order.restarts * order.samplesPerRestart);
    return "ok" in tap ? tap : { ...tap, restart: "reopen", settleBytes: 4096 };
  }

  glimpse(_source: string, _actor: string, reader: GlimpseReader): { close(): void } {
    this.open++;
    this.reader = reader;
    return {
      close: () => {
        this.open--;
      },
    };
  }

  async test(source: string, actor: string) {
    this.acts.push(`test ${source} ${actor}`);
    return {
      source,
      passed: true,
      samples: 1024,
      state: "healthy" as const,
      tests: [],
      detail: "passed",
    };
  }

  mayReset(source: string): Refusal | null {
    return source === SOURCE.id ? null : refuse("not_found", "There is no such source.");
  }

  reset(source: string): Refusal | null {
    this.acts.push(`reset ${source}`);
    return null;
  }
}

export interface House {
  readonly app: FastifyInstance;
  readonly supply: TaggedSupply;
  readonly access: Access;
  readonly journal: MemoryJournal;
  readonly sources: MemorySources;
  readonly managed: KeyRoom;
  readonly log: string[];
  /** Answers counted by door and status, and the bytes counted with them. */
  readonly answered: { door: string; code: number; bytes: number }[];
  readonly snapshot: { value: ServiceSnapshot };
  readonly tokens: Readonly<Record<Role, string>>;
  bearer(role: Role): { authorization: string };
  issue(roles: readonly Role[], quota?: Quota): Promise<string>;
}

export interface HouseOptions extends Partial<ApiOptions> {
  readonly clock?: Clock;
  readonly certificates?: readonly CertificateRule[];
  readonly defaultQuota?: Quota;
  readonly ports?: Partial<ApiPorts>;
}

/** The front doors over small in-memory rooms, with a token of every role. */
export async function buildHouse(options: HouseOptions = {}): Promise<House> {
  const { clock = systemClock(), certificates = [], ports = {}, ...more } = options;
  const { defaultQuota = UNLIMITED, ...apiOptions } = more;
  const supply = new TaggedSupply();
  const journal = new MemoryJournal();
  const sources = new MemorySources();
  const log: string[] = [];
  const logger = createLogger("debug", { write: (line) => log.push(line) });
  const answered: House["answered"] = [];
  const snapshot = { value: SNAPSHOT };
  const book = new TokenBook({
    clock,
    random: supply,
    repository: new MemoryTokens(),
    defaultQuota,
  });
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const draw = drawFrom(supply);
  const seal = await openSealKeeper({
    clock,
    store,
    random: supply,
    memory: lockedMemory(true),
    keepers: {
      passphrase: passphraseSlots(draw, { memoryKiB: 8192, passes: 1, lanes: 1 }),
      "key-file": keyFileSlots(draw, async () => refuse("slot_refused", "There is no key file.")),
      pkcs11: pkcs11Slots([], null, clock),
      tpm2: tpmSlots([]),
    },
    record: async (event, writes) => {
      await store.write(writes);
      await journal.record(event);
    },
  });
  const { keys, approvals, destructions, backups } = await openRig();
  const sessions = new Sessions({
    clock,
    tokens: book,
    osRandom: (length) => new Uint8Array(randomBytes(length)),
    observer: journal,
  });
  const access = new Access(
    book,
    sessions,
    new Certificates(clock, certificates),
    new Quotas(clock),
  );
  const { revoked: _revoked, ...distribution } = await openDistribution(
    { store: keys.store, clock, signer: new SigningKey(STATUS_SIGNER), log: logger },
    keys.supply,
    keys.room,
    keys.port,
    keys.journal,
    async (event, writes, leaf) => {
      await keys.log.append(leaf, writes, (batch) => keys.journal.record(event, batch));
    },
  );
  const app = buildApi(
    {
      clock,
      random: supply,
      seal,
      keys: {
        seedBytes: () => 32,
        async generate({ type, format = "jwk", count = 1 }) {
          const key = {
            type,
            format,
            key: { kty: "oct", k: "AAAA" },
            output: "s-0-1.1",
            seed: "s-0-1",
          };
          return { keys: Array.from({ length: count }, () => key), pending: [] };
        },
      },
      managed: keys.room,
      ...distribution,
      compliance: () =>
        complianceReport({
          store: keys.store,
          snapshot: () => SNAPSHOT,
          custodians: () => approvals.custodians(),
          required: TWO,
          now: () => keys.room.service.now(),
        }),
      approvals,
      destructions,
      backups,
      sources,
      assessments: new AssessmentDesk({
        clock,
        sources,
        introspection: { snapshot: () => snapshot.value },
        host: "house.example",
        events: journal,
        version: "0",
        attest: (report) => attestWith(SIGNER)("assessment", reportFacts(report)),
        atOnce: 1,
        threads: 1,
        maximumSeconds: 60,
        maximumSamples: 100_000,
      }),
      doctor: async () => ({
        atMilliseconds: 1,
        findings: [{ check: "disk", level: "ok", cause: "c", evidence: "e", remedy: null }],
      }),
      drills: new DrillDesk(
        {
          clock,
          introspection: { snapshot: () => snapshot.value },
          options: () => DRILLED,
          version: "0",
          build: "0".repeat(64),
          attest: (report) => attestWith(SIGNER)("drill", drillFacts(report)),
          keep: (event) => journal.record(event),
          failed: () => {},
          intervalMilliseconds: null,
        },
        [],
      ),
      events: journal,
      lineage: {
        output: async (id) => (id === STORY.id ? STORY : undefined),
        async *lines(from) {
          for (let at = 0; at < 1000; at++)
            yield { record: "seed", id: `s-${from}-${at}` } as unknown as LineageLine;
        },
      },
      introspection: { snapshot: () => snapshot.value },
      attest: attestWith(SIGNER),
      logKey: {
        rotate: async (actor, reason) => ({ verifierKey: `${actor} ${reason}`, handover: "" }),
      },
      transparency: {
        verifierKey: SNAPSHOT.log.verifierKey,
        checkpoint: () => ({ note: "log.example/house\n1\n" }),
        cosigned: { all: [{ note: "log.example/house\n1\n" }] },
        handovers: ["a hand-over\n"],
        tile: async (level, index, width) =>
          level === 0 && index === 0 && width === 1 ? new Uint8Array(32).fill(1) : null,
        entries: async (index, width) => (index === 0 && width === 1 ? ["{}"] : null),
      },
      recall: {
        async *run({ order }) {
          const none = { outputs: 0, failing: 0, suspended: 0, unsuspended: 0 };
          yield { record: "recall", ...order, ...none };
        },
      },
      receipts: {
        unavailable: () => null,
        receiptOf: async (id, mine) =>
          mine === null && id === "lf-0123456789abcdef-1" ? { format: "a receipt" } : undefined,
        issue: async (orders) =>
          orders.map(({ pending: { outputs } }) => ({
            receipt: { outputs: outputs.map(({ id }) => id) },
            salt: new Uint8Array(32),
          })),
      },
      selfTest: { run: () => SNAPSHOT.selfTests },
      metrics: {
        contentType: "text/plain; version=0.0.4",
        render: async () => "springhouse_ready 1\n",
      },
      access,
      page: openPage(),
      tally: {
        doors: new RequestTally().doors,
        answered: (door, code, _seconds, bytes) => answered.push({ door, code, bytes }),
        refused: () => {},
      },
      log: logger,
      ...ports,
    },
    { version: "0", hosts: LOOPBACK_NAMES, origins: [], publicProbes: true, ...apiOptions },
  );
  const issue = async (roles: readonly Role[], quota: Quota = UNLIMITED): Promise<string> => {
    const created = await book.create({ name: roles.join("+"), roles, quota }, "test");
    if (!created.ok) throw new Error(created.detail);
    return created.token;
  };
  const tokens = {} as Record<Role, string>;
  for (const role of ROLES) tokens[role] = await issue([role]);
  supply.requests.length = 0;
  supply.given.length = 0;
  const bearer = (role: Role) => ({ authorization: `Bearer ${tokens[role]}` });
  const { room: managed } = keys;
  const rooms = { app, supply, access, journal, sources, managed };
  return { ...rooms, log, answered, snapshot, tokens, bearer, issue };
}
