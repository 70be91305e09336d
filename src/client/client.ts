import type { Command, CustodianDescription, IntentDescription } from "../port/approval.ts";
import type { DestructionDescription, DestructionReceipt } from "../port/destruction.ts";
import type { BackupDescription } from "../port/backup.ts";
import type { DrillAnswer, DrillReport } from "../port/drill.ts";
import type { KeptEvent } from "../port/event.ts";
import type { Diagnosis } from "../port/finding.ts";
import type { OutputStory, Requirement } from "../port/lineage.ts";
import type { Quota, Role } from "../port/principal.ts";
import type { ComplianceReport } from "../port/compliance.ts";
import type { RecallLine, RecallOrder } from "../port/recall.ts";
import type { Rotation, SlotDescription, SlotKind, VaultState } from "../port/seal.ts";
import type { SourceTestReport } from "../port/service.ts";
import type { SelfTestSnapshot, ServiceSnapshot, SourceSnapshot } from "../port/snapshot.ts";
import { jsonLines } from "./lines.ts";
import { ManagedKeys } from "./managedKeys.ts";
import type {
  ChangedKey,
  KeyContext,
  ManagedKey,
  ManagedKeyOrder,
  PolicyOrder,
  PolicyTerms,
} from "./managedKeys.ts";
import { CutShortError, RefusalError } from "./refusalError.ts";
import { Transport, unexpected } from "./transport.ts";
import type { TransportOptions } from "./transport.ts";

export { CutShortError, RefusalError };
export type SpringhouseClientOptions = TransportOptions;
export type {
  BackupDescription,
  Command,
  CustodianDescription,
  DestructionDescription,
  DestructionReceipt,
  Diagnosis,
  DrillAnswer,
  DrillReport,
  IntentDescription,
  ChangedKey,
  KeptEvent,
  KeyContext,
  ManagedKey,
  ManagedKeyOrder,
  ManagedKeys,
  OutputStory,
  PolicyOrder,
  PolicyTerms,
  Quota,
  Requirement,
  Role,
  Rotation,
  SelfTestSnapshot,
  ServiceSnapshot,
  SlotDescription,
  SlotKind,
  SourceSnapshot,
  SourceTestReport,
  VaultState,
};

export interface DrawnBytes {
  /** Overwrite them after use. */
  readonly bytes: Uint8Array;
  /** Id of the (last) output: `client.output(id)` tells the noise behind it. */
  readonly output: string;
  /** Every output: more than one for a large request, which the service splits. */
  readonly outputs: readonly string[];
  readonly seed: string;
}

/** A proof in the transparency log, for `springhouse verify`; and what opens its commitment. */
export interface Receipted {
  /** Holds no secret, and can be shown to anybody. */
  readonly receipt: object;
  /** 32 bytes, base64. Keep it with the value. */
  readonly salt: string;
}

export interface KeyOrder {
  /** `aes-256`, `ed25519`, `rsa-4096`, ...: see the service's /openapi.json. */
  readonly type: string;
  /** `jwk` (default where it exists), `pem` or `raw`. */
  readonly format?: "jwk" | "pem" | "raw";
  readonly requirement?: Requirement;
  /** With each key its receipt. */
  readonly receipt?: boolean;
}

export interface AnsweredKey extends Partial<Receipted> {
  readonly type: string;
  readonly format: string;
  readonly key: Readonly<Record<string, string>> | string;
  readonly publicKey?: Readonly<Record<string, string>> | string;
  readonly output: string;
  readonly seed: string;
}

export interface TokenOrder {
  readonly name: string;
  readonly roles: readonly Role[];
  /** What is left out is as the service is configured; null is unlimited. */
  readonly quota?: Partial<Quota>;
  readonly expiresInSeconds?: number;
}

export interface SlotOrder {
  readonly kind: SlotKind;
  readonly name: string;
  /** Of a passphrase slot: 12 to 1,024 characters. */
  readonly passphrase?: string;
  /** Of the other kinds: what stands behind it, by its name in the service's configuration. */
  readonly place?: string;
  /** Only of `addSlot`: it opens with an approved intent alone. */
  readonly recovery?: boolean;
}

export interface IntentOrder {
  readonly command: Command;
  readonly reason?: string;
  /** The key's; left out, it is for how the key is when it is asked for. */
  readonly ifRevision?: number;
  /** 60 to 2,592,000; default a day. */
  readonly expiresInSeconds?: number;
}

export interface CustodianOrder {
  /** Lower case: letters, digits, `.`, `_` and `-`. */
  readonly person: string;
  /** `TYPE BASE64`, as OpenSSH writes it. */
  readonly publicKey: string;
  readonly principals?: readonly string[];
}

export interface TokenDescription {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly quota: Quota;
  readonly createdMilliseconds: number;
  readonly createdBy: string;
  readonly expiresMilliseconds: number | null;
  readonly lastUsedDay: string | null;
  readonly revokedMilliseconds: number | null;
}

/** The one time that a token's text is told. */
export interface CreatedToken extends TokenDescription {
  readonly token: string;
}

export interface StreamOptions {
  /** How many bytes; without it there is no end. */
  readonly bytes?: number;
  /** A stream outlives its first seed, so it cannot be asked for fresh entropy. */
  readonly requirement?: Omit<Requirement, "fresh">;
  readonly signal?: AbortSignal;
}

export interface SampleTap {
  readonly source: string;
  readonly bitsPerSample: number;
  /** Number of the first sample, counted over the life of the service. */
  readonly firstSequence: number;
  /**
   * One symbol a byte, consecutive and in order. Throws a CutShortError when the service stopped (a
   * gap, or this reader was too slow): it never skips.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /**
   * What the service signed of these samples: a C2SP note with their SHA-256, or null where it signs
   * none. Ask when all have come; before that it throws a RefusalError `not_found`.
   */
  attestation(): Promise<string | null>;
}

/** The first samples after each restart, row after row. */
export interface RestartTap extends SampleTap {
  /** Its device was opened again, which is no restart in the sense of SP 800-90B 3.1.4. */
  readonly restart: "reopen";
  /** Thrown away in the source after each open, before the first sample. */
  readonly settleBytes: number;
}

export interface RestartOrder {
  readonly restarts: number;
  readonly samplesPerRestart: number;
}

interface IntentPage {
  readonly intents: readonly IntentDescription[];
  readonly next: string | null;
}

interface DestructionPage {
  readonly destructions: readonly DestructionDescription[];
  readonly next: string | null;
}

interface CustodianPage {
  readonly custodians: CustodianDescription[];
}

interface Aborting {
  readonly signal?: AbortSignal;
}

function requirementQuery(
  requirement: Requirement = {},
): Record<string, string | number | boolean | undefined> {
  return {
    strength: requirement.strength,
    sources: requirement.sources,
    max_seed_age: requirement.maxSeedAgeSeconds,
    fresh: requirement.fresh,
  };
}

function numberHeader(response: Response, name: string): number {
  const text = response.headers.get(name);
  if (text === null || !/^\d+$/.test(text)) throw new Error(`the answer has no header ${name}`);
  return Number(text);
}

/**
 * Bytes that name no output may come from anywhere (a proxy's page), and would be taken for a key.
 * @throws RefusalError `unexpected_answer`
 */
function proofOf(response: Response): { readonly outputs: string[]; readonly seed: string } {
  const outputs = response.headers.get("springhouse-output")?.split(", ");
  const seed = response.headers.get("springhouse-seed");
  if (!outputs || seed === null) throw unexpected(response, "The bytes name no output.");
  return { outputs, seed };
}

/**
 * A client of a running springhouse.
 *
 * Every method throws a RefusalError when the service says no, and waits as long as the service asks
 * before trying again, up to `retries` times and `maximumWaitSeconds` each, where a repetition does
 * no harm: never for making a token, resetting a source or testing one.
 */
export class SpringhouseClient {
  readonly #transport: Transport;
  readonly keys: {
    /** One key. The service does not keep it. */
    generate(order: KeyOrder, aborting?: Aborting): Promise<AnsweredKey>;
    /** Several keys of one type: all of them or a RefusalError. */
    generateMany(count: number, order: KeyOrder, aborting?: Aborting): Promise<AnsweredKey[]>;
  };
  /** Keys that stay in the service. */
  readonly managedKeys: ManagedKeys;
  /** The vault of kept keys. */
  readonly seal: {
    state(): Promise<VaultState>;
    initialise(order: SlotOrder): Promise<SlotDescription>;
    /** Without a passphrase by a slot that opens by itself; a refusal counts against the next try. */
    open(opening: {
      readonly slot?: string;
      readonly passphrase?: string;
      /** Of an approved `seal.recover`, for the recovery slot that it names. */
      readonly intent?: string;
    }): Promise<SlotDescription>;
    close(reason?: string): Promise<void>;
    /** A new epoch: see the service's README for what that ends. */
    rotate(reason?: string): Promise<Rotation>;
    addSlot(order: SlotOrder): Promise<SlotDescription>;
    removeSlot(id: string): Promise<void>;
  };
  /** Dual control: what is done only with the leave of several people. */
  readonly intents: {
    create(order: IntentOrder): Promise<IntentDescription>;
    get(id: string): Promise<IntentDescription>;
    list(): Promise<IntentDescription[]>;
    /** @param signature what `ssh-keygen -Y sign` wrote over the intent's document */
    approve(id: string, signature: string): Promise<IntentDescription>;
    withdraw(id: string, reason?: string): Promise<IntentDescription>;
    execute(id: string): Promise<IntentDescription>;
  };
  /** What becomes of approved destructions. */
  readonly destructions: {
    list(): Promise<DestructionDescription[]>;
    cancel(id: string, reason?: string): Promise<DestructionDescription>;
    /** Waits for the log's next checkpoint. */
    receipt(id: string): Promise<DestructionReceipt>;
  };
  /** Copies of everything, for recovery recipients alone. */
  readonly backups: {
    /** An age file, chunk by chunk; one that was cut off does not open. */
    create(): Promise<{ readonly id: string; readonly chunks: AsyncIterable<Uint8Array> }>;
    list(): Promise<BackupDescription[]>;
    /** Says that a drill restored it whole. */
    drilled(id: string): Promise<void>;
    /** Says that no copy of it is left. */
    discard(id: string): Promise<void>;
  };
  /** People who approve. */
  readonly custodians: {
    list(): Promise<CustodianDescription[]>;
    /** The first ones, while there are none. */
    bootstrap(custodians: readonly CustodianOrder[]): Promise<CustodianDescription[]>;
  };
  readonly tokens: {
    create(order: TokenOrder): Promise<CreatedToken>;
    list(): Promise<TokenDescription[]>;
    revoke(id: string): Promise<void>;
  };

  constructor(options: SpringhouseClientOptions) {
    this.#transport = new Transport(options);
    this.managedKeys = new ManagedKeys(this.#transport);
    this.keys = {
      generate: async (order, aborting) => (await this.#keys(undefined, order, aborting))[0]!,
      generateMany: (count, order, aborting) => this.#keys(count, order, aborting),
    };
    const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
      this.#transport.json({ method: "POST", path, body, repeatable: false });
    this.seal = {
      state: () => this.#get("/v1/seal"),
      initialise: (order) => post("/v1/seal/initialise", order),
      open: (opening) => post("/v1/seal/open", opening),
      close: (reason) => post("/v1/seal/close", reason === undefined ? {} : { reason }),
      rotate: (reason) => post("/v1/seal/rotate", reason === undefined ? {} : { reason }),
      addSlot: (order) => post("/v1/seal/slots", order),
      removeSlot: async (id) => {
        const path = `/v1/seal/slots/${encodeURIComponent(id)}`;
        await this.#transport.json({ method: "DELETE", path, repeatable: true });
      },
    };
    const intent = (id: string, act = "") => `/v1/intents/${encodeURIComponent(id)}${act}`;
    this.intents = {
      create: (order) => post("/v1/intents", order),
      get: (id) => this.#get(intent(id)),
      list: async () => {
        const all: IntentDescription[] = [];
        for (let after: string | null = ""; after !== null;) {
          const query = after === "" ? "" : `?after=${encodeURIComponent(after)}`;
          const page: IntentPage = await this.#get(`/v1/intents${query}`);
          all.push(...page.intents);
          after = page.next;
        }
        return all;
      },
      approve: (id, signature) => post(intent(id, "/approvals"), { signature }),
      withdraw: (id, reason) =>
        post(intent(id, "/withdraw"), reason === undefined ? {} : { reason }),
      execute: (id) => post(intent(id, "/execute"), {}),
    };
    const destruction = (id: string, act: string) =>
      `/v1/destructions/${encodeURIComponent(id)}/${act}`;
    this.destructions = {
      list: async () => {
        const all: DestructionDescription[] = [];
        for (let after: string | null = ""; after !== null;) {
          const query = after === "" ? "" : `?after=${encodeURIComponent(after)}`;
          const page: DestructionPage = await this.#get(`/v1/destructions${query}`);
          all.push(...page.destructions);
          after = page.next;
        }
        return all;
      },
      cancel: (id, reason) =>
        post(destruction(id, "cancel"), reason === undefined ? {} : { reason }),
      receipt: (id) => this.#get(destruction(id, "receipt")),
    };
    this.backups = {
      create: async () => {
        const call = { method: "POST" as const, path: "/v1/backups", body: {}, repeatable: false };
        const response = await this.#transport.send(call);
        const id = response.headers.get("springhouse-backup");
        if (id === null) throw unexpected(response, "The answer does not say which backup it is.");
        return { id, chunks: this.#transport.chunks(call, null, response) };
      },
      list: async () =>
        (await this.#get<{ readonly backups: BackupDescription[] }>("/v1/backups")).backups,
      drilled: (id) => post(`/v1/backups/${encodeURIComponent(id)}/drill`, {}),
      discard: async (id) => {
        const path = `/v1/backups/${encodeURIComponent(id)}`;
        await this.#transport.json({ method: "DELETE", path, repeatable: true });
      },
    };
    this.custodians = {
      list: async () => (await this.#get<CustodianPage>("/v1/custodians")).custodians,
      bootstrap: async (custodians) =>
        (await post<CustodianPage>("/v1/custodians/bootstrap", { custodians })).custodians,
    };
    this.tokens = {
      create: (body) =>
        this.#transport.json({ method: "POST", path: "/v1/tokens", body, repeatable: false }),
      list: async () => {
        const { tokens } = await this.#get<{ readonly tokens: TokenDescription[] }>("/v1/tokens");
        return tokens;
      },
      revoke: async (id) => {
        const path = `/v1/tokens/${encodeURIComponent(id)}`;
        await this.#transport.json({ method: "DELETE", path, repeatable: true });
      },
    };
  }

  /**
   * @param bytes 1 to 65,536
   * @param requirement met exactly, or a RefusalError whose `unmet` says which is not
   */
  async random(
    bytes: number,
    requirement: Requirement = {},
    aborting: Aborting = {},
  ): Promise<DrawnBytes> {
    const response = await this.#transport.send({
      path: "/v1/random",
      query: { bytes, ...requirementQuery(requirement) },
      repeatable: true,
      ...aborting,
    });
    const { outputs, seed } = proofOf(response);
    const drawn = new Uint8Array(await response.arrayBuffer());
    if (drawn.length !== bytes) throw new CutShortError(drawn.length);
    return { bytes: drawn, output: outputs.at(-1)!, outputs, seed };
  }

  /**
   * Bytes with a receipt; waits for the log's next checkpoint.
   * @param bytes 1 to 65,536
   */
  async receipted(
    bytes: number,
    requirement: Requirement = {},
    aborting: Aborting = {},
  ): Promise<DrawnBytes & Receipted> {
    const { bytes: text, ...drawn } = await this.#transport.json<
      Omit<DrawnBytes, "bytes"> & Receipted & { readonly bytes: string }
    >({
      method: "POST",
      path: "/v1/random/receipted",
      body: { bytes, ...requirementQuery(requirement) },
      // What was thrown away because its answer did not arrive does no harm.
      repeatable: true,
      ...aborting,
    });
    const value = Uint8Array.from(atob(text), (character) => character.codePointAt(0)!);
    if (value.length !== bytes) throw new CutShortError(value.length);
    return { ...drawn, bytes: value };
  }

  /**
   * Bytes at the pace of the noise, chunk by chunk. Throws a CutShortError when the service ends the
   * stream before `bytes` have come (without `bytes`: whenever it ends), and the signal's reason once
   * that fires. A loop that is left gives the connection up.
   */
  async *stream({ bytes, requirement, ...aborting }: StreamOptions = {}): AsyncGenerator<
    Uint8Array,
    void
  > {
    const query = { bytes, ...requirementQuery(requirement) };
    const call = { path: "/v1/stream", query, repeatable: true, ...aborting };
    const response = await this.#transport.send(call);
    proofOf(response);
    yield* this.#transport.chunks(call, bytes ?? Infinity, response);
  }

  /**
   * Raw samples of one source (role auditor). They are spent: the service never conditions them.
   * Resolves when the tap is open; whoever opens one reads it or aborts it.
   */
  async tap(source: string, samples: number, aborting: Aborting = {}): Promise<SampleTap> {
    const path = `/v1/sources/${encodeURIComponent(source)}/samples`;
    // Not repeated: samples that were lost on the way are spent all the same.
    const call = { path, query: { count: samples }, repeatable: false, ...aborting };
    const response = await this.#transport.send(call);
    return {
      source,
      bitsPerSample: numberHeader(response, "springhouse-bits-per-sample"),
      firstSequence: numberHeader(response, "springhouse-first-sequence"),
      chunks: this.#transport.chunks(call, samples, response),
      attestation: this.#attestation(response),
    };
  }

  /**
   * Restarts one source again and again, and takes the first samples after each (role auditor). Until
   * it ends the service conditions nothing of this source.
   */
  async restarts(
    source: string,
    { restarts, samplesPerRestart }: RestartOrder,
    aborting: Aborting = {},
  ): Promise<RestartTap> {
    const path = `/v1/sources/${encodeURIComponent(source)}/restarts`;
    const body = { restarts, samples: samplesPerRestart };
    const call = { method: "POST" as const, path, body, repeatable: false, ...aborting };
    const response = await this.#transport.send(call);
    const restart = response.headers.get("springhouse-restart");
    if (restart !== "reopen")
      throw unexpected(response, "The answer does not say what it restarted.");
    return {
      source,
      restart,
      settleBytes: numberHeader(response, "springhouse-settle-bytes"),
      bitsPerSample: numberHeader(response, "springhouse-bits-per-sample"),
      firstSequence: numberHeader(response, "springhouse-first-sequence"),
      chunks: this.#transport.chunks(call, restarts * samplesPerRestart, response),
      attestation: this.#attestation(response),
    };
  }

  /** The noise behind an output: its seed, blocks and sample windows. */
  output(id: string): Promise<OutputStory> {
    return this.#get(`/v1/outputs/${encodeURIComponent(id)}`);
  }

  status(): Promise<ServiceSnapshot> {
    return this.#get("/v1/status");
  }

  async sources(): Promise<SourceSnapshot[]> {
    return (await this.#get<{ readonly sources: SourceSnapshot[] }>("/v1/sources")).sources;
  }

  source(id: string): Promise<SourceSnapshot> {
    return this.#get(`/v1/sources/${encodeURIComponent(id)}`);
  }

  /**
   * Kept events with a sequence greater than `since`, oldest first, one page of them: the last one's
   * sequence is the next page's `since`.
   * @param limit 1 to 1,000
   */
  async events(since = 0, limit = 100): Promise<KeptEvent[]> {
    const query = { since, limit };
    return (await this.#get<{ readonly events: KeptEvent[] }>("/v1/events", query)).events;
  }

  /**
   * Keys and receipted outputs whose seed drew on noise that turned out bad, and last the summary (role
   * operator or auditor). That it was asked is kept in the log. Throws a CutShortError when the summary
   * does not come.
   * @param suspend each active managed key that no longer has its strength (role operator)
   */
  async *recall(
    { source, fromMilliseconds, toMilliseconds }: RecallOrder,
    { reason, suspend }: { readonly reason?: string; readonly suspend?: boolean } = {},
  ): AsyncGenerator<RecallLine, void> {
    const call = {
      method: "POST",
      path: "/v1/recall",
      body: { source, from: fromMilliseconds, to: toMilliseconds, reason, suspend },
      accept: "application/x-ndjson",
      repeatable: false,
    } as const;
    let last: RecallLine | null = null;
    for await (const line of jsonLines<RecallLine>(await this.#transport.send(call))) {
      last = line;
      yield line;
    }
    if (last?.record !== "recall") throw new CutShortError(0);
  }

  /** What an assessor of key management would ask about (role auditor or custodian). */
  compliance(): Promise<ComplianceReport> {
    return this.#get("/v1/compliance");
  }

  /** Which keys are not to be relied on: a signed JWT that is stale after two minutes. */
  keyStatusList(): Promise<string> {
    return this.#text("/v1/keys/status-list");
  }

  /** The transparency log's last checkpoint, a signed note (role auditor or custodian). */
  logCheckpoint(): Promise<string> {
    return this.#text("/v1/log/checkpoint");
  }

  /** The key that its checkpoints are checked with, one line. Trust one that you kept yourself more. */
  logKey(): Promise<string> {
    return this.#text("/v1/log/key");
  }

  /** The last checkpoints that witnesses have cosigned, signed notes, the newest first; or nothing. */
  logWitnessed(): Promise<string> {
    return this.#text("/v1/log/witnessed");
  }

  /** How the log came from one key to the next: signed notes, the oldest first; or nothing. */
  logHandovers(): Promise<string> {
    return this.#text("/v1/log/handovers");
  }

  /** Another key goes on with the log (role admin): its public form, and the note that hands over to it. */
  rotateLogKey(
    reason: string | null = null,
  ): Promise<{ readonly verifierKey: string; readonly handover: string }> {
    const body = reason === null ? {} : { reason };
    const path = "/v1/log/rotate-key";
    return this.#transport.json({ method: "POST", path, body, repeatable: false });
  }

  /** The receipt of a leaf (role client for one's own): `leaf` of the answer to what wrote it. */
  leafReceipt(leaf: string): Promise<object> {
    return this.#get(`/v1/log/leaves/${encodeURIComponent(leaf)}/receipt`);
  }

  /** @param path of C2SP tlog-tiles, such as `tile/0/000` */
  async logTile(path: string): Promise<Uint8Array> {
    const response = await this.#transport.send({ path: `/v1/log/${path}`, repeatable: true });
    return new Uint8Array(await response.arrayBuffer());
  }

  /**
   * Drives health tests to failure in a shadow of the live ones; for operators and auditors.
   * @param source left out: every source, and a refusal among the answers for one without its device
   */
  async drill(source?: string, aborting: Aborting = {}): Promise<readonly DrillAnswer[]> {
    const { drills } = await this.#transport.json<{ readonly drills: DrillAnswer[] }>({
      method: "POST",
      path: "/v1/drills",
      body: source === undefined ? {} : { source },
      repeatable: false,
      ...aborting,
    });
    return drills;
  }

  /** What is wrong with the service and its machine; for operators and auditors. */
  doctor(): Promise<Diagnosis> {
    return this.#get("/v1/doctor");
  }

  /** The last drill of each source. */
  async drills(): Promise<readonly DrillReport[]> {
    return (await this.#get<{ readonly drills: DrillReport[] }>("/v1/drills")).drills;
  }

  /** Runs the cryptographic self-tests now (role operator); one that fails stops every output. */
  selfTest(): Promise<{ readonly passed: boolean; readonly tests: SelfTestSnapshot[] }> {
    return this.#transport.json({ method: "POST", path: "/v1/selftest", repeatable: false });
  }

  /** On-demand startup test of a source (role operator). */
  test(source: string): Promise<SourceTestReport> {
    const path = `/v1/sources/${encodeURIComponent(source)}/test`;
    return this.#transport.json({ method: "POST", path, repeatable: false });
  }

  /** Takes a source whose failure latched back to `starting` (role operator). */
  reset(source: string, reason: string): Promise<SourceSnapshot> {
    const path = `/v1/sources/${encodeURIComponent(source)}/reset`;
    return this.#transport.json({ method: "POST", path, body: { reason }, repeatable: false });
  }

  #attestation(response: Response): SampleTap["attestation"] {
    const id = response.headers.get("springhouse-attestation");
    return async () =>
      id === null ? null : this.#text(`/v1/attestations/${encodeURIComponent(id)}`);
  }

  async #text(path: string): Promise<string> {
    const call = { path, accept: "text/plain", repeatable: true } as const;
    return (await this.#transport.send(call)).text();
  }

  #get<T>(path: string, query: Readonly<Record<string, number>> = {}): Promise<T> {
    return this.#transport.json({ path, query, repeatable: true });
  }

  async #keys(
    count: number | undefined,
    { requirement, ...order }: KeyOrder,
    aborting: Aborting = {},
  ): Promise<AnsweredKey[]> {
    const answer = await this.#transport.json<AnsweredKey | { readonly keys: AnsweredKey[] }>({
      method: "POST",
      path: "/v1/keys/generate",
      body: { ...order, ...requirementQuery(requirement), count },
      // A second key does no harm: the first was never kept.
      repeatable: true,
      ...aborting,
    });
    return "keys" in answer ? answer.keys : [answer];
  }
}
