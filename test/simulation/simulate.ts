import { wordlist } from "@scure/bip39/wordlists/english.js";
import { StoreTokenRepository } from "../../src/access/storeTokenRepository.ts";
import { digestToken, formatToken } from "../../src/access/tokenText.ts";
import { SpringhouseError } from "../../src/port/errors.ts";
import type { DrbgSupply } from "../../src/drbg/randomSupply.ts";
import { openCheckpoint } from "../../src/log/checkpoint.ts";
import { tilePath, tilesOf } from "../../src/log/tile.ts";
import { SigningKey } from "../../src/log/signingKey.ts";
import type { LineageLine } from "../../src/port/service.ts";
import type { Role } from "../../src/port/principal.ts";
import { createService, type Service } from "../../src/service/service.ts";
import type { Log } from "../../src/port/log.ts";
import { FakeClock, settled } from "../support/fakeClock.ts";
import { Callers, type Tokens } from "./client.ts";
import { SimulatedDevice } from "./device.ts";
import { SimulatedDisk } from "./disk.ts";
import { MortalClock } from "./mortalClock.ts";
import { Generator } from "./generator.ts";
import { WorldTimers } from "./worldTimers.ts";
import { noticedWithin, QuorumOracle } from "./quorumOracle.ts";
import type { FaultPlan, Scenario } from "./scenario.ts";
import { SIGNER } from "./signer.ts";
import type { Trace } from "./trace.ts";
import { pairsInThisThread } from "../support/pairsInThisThread.ts";

/** A device is opened again after 30 s at the latest, and then has its startup test to pass. */
const RECOVERY_MILLISECONDS = 90_000;
const RECOVERY_STEP_MILLISECONDS = 2_500;

interface Process {
  readonly boot: string;
  readonly clock: MortalClock;
  readonly service: Service;
  readonly log: Log;
}

/** The first process of a scenario, and its disk. */
export interface World {
  readonly clock: MortalClock;
  readonly disk: SimulatedDisk;
  readonly log: Log;
  readonly service: Service;
}

/** @param plant called once the service stands and before it is used: breaks something on purpose */
export async function simulate(
  scenario: Scenario,
  plant: (world: World) => () => void = () => () => {},
): Promise<Trace> {
  return new Simulation(scenario).run(plant);
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #clock = new FakeClock();
  readonly #timers = new WorldTimers(this.#clock);
  readonly #generator: Generator;
  readonly #disk = new SimulatedDisk();
  readonly #devices: readonly SimulatedDevice[];
  readonly #oracle: QuorumOracle;
  readonly #trace: Trace;
  readonly #tokens: Tokens;
  readonly #records: { text: string; principal: string; role: Role }[] = [];
  readonly #callers: Callers;
  /** The running process; null between a kill and the start after it. */
  #process: Process | null = null;
  #boots = 0;
  #streams = 0;
  #osStuck = false;
  #generation = "1";
  #faultOf = new Map<string, FaultPlan>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#generator = new Generator(scenario.seed ^ 0x5eed);
    this.#oracle = new QuorumOracle(scenario);
    this.#devices = scenario.devices.map(
      ({ id, samplesPerSecond, wordsOf12Bits }) =>
        new SimulatedDevice({
          id,
          samplesPerSecond,
          wordsOf12Bits,
          clock: this.#clock,
          noise: this.#generator.fork(),
        }),
    );
    const clients = Array.from({ length: scenario.clients }, () => this.#token("client"));
    this.#tokens = { clients, operator: this.#token("operator"), auditor: this.#token("auditor") };
    this.#trace = {
      scenario,
      principals: this.#records.map(({ principal }) => principal),
      secrets: this.#records.map(({ text }) => text),
      draws: [],
      calls: [],
      taps: [],
      sizes: [],
      events: [],
      log: [],
      errors: [],
      sent: new Map(),
      restarts: [],
      deviceFaults: [],
      lineage: [],
      checkpoints: [],
      copy: null,
      stories: new Map(),
      recovery: null,
      stopped: false,
    };
    const { devices } = scenario;
    this.#callers = new Callers(this.#timers, this.#tokens, devices, this.#trace);
  }

  async run(plant: (world: World) => () => void): Promise<Trace> {
    await this.#keepTokens();
    const { service, log, clock } = await this.#start();
    const unplant = plant({ clock, disk: this.#disk, log, service });
    try {
      await this.#trouble();
      await this.#recover();
      this.#callers.hangUpAll();
      await this.#clock.run(1000);
      await this.#audit();
      await this.#stop();
    } finally {
      unplant();
    }
    this.#disk.close();
    return this.#trace;
  }

  async #start(): Promise<Process> {
    const boot = `${(++this.#boots).toString(16).padStart(8, "0")}${this.#scenario.seed.toString(16).padStart(8, "0")}`;
    const clock = new MortalClock(this.#clock);
    const log = this.#log(clock);
    const service = await this.#whileTimePasses(this.#createService(boot, clock, log));
    await service.api.ready();
    this.#record(service.drbg, clock);
    this.#process = { boot, clock, service, log };
    this.#callers.connectTo(service.api.server, boot);
    return this.#process;
  }

  async #whileTimePasses<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const settle = (): void => {
      over = true;
    };
    promise.then(settle, settle);
    await settled();
    while (!over) await this.#clock.run(10);
    return promise;
  }

  /** kill -9: no timer fires any more, nothing more is written, every connection is cut. */
  #kill(): void {
    const killed = this.#process;
    if (killed === null) return;
    const at = this.#clock.monotonicMilliseconds();
    this.#trace.restarts.push({ at, failed: this.#longFailed(killed.service) });
    killed.clock.kill();
    this.#callers.disconnected();
    this.#release(killed);
    this.#process = null;
  }

  /** What has been latched for a second, and on a disk that took it, must be latched after a start. */
  #longFailed(service: Service): string[] {
    const { sources, atMilliseconds, store } = service.snapshot();
    return sources
      .filter(({ state, sinceMilliseconds }) => {
        return store.ok && state === "failed" && atMilliseconds - sinceMilliseconds > 1000;
      })
      .map(({ id }) => id);
  }

  /** A supervisor starts it again; on a full disk it may have to try more than once. */
  async #supervise(): Promise<void> {
    if (this.#process !== null) return;
    try {
      await this.#start();
    } catch (error) {
      if (!(error instanceof SpringhouseError && error.code === "store_failed")) throw error;
    }
  }

  #release({ boot }: Process): void {
    for (const device of this.#devices)
      this.#trace.sent.set(`${boot}/${device.id}`, device.released());
  }

  #token(role: Role): string {
    const text = formatToken(this.#generator.overwrite(new Uint8Array(32)));
    const principal = `token-${this.#generator.word().toString(16).padStart(16, "0")}`;
    this.#records.push({ text, principal, role });
    return text;
  }

  async #keepTokens(): Promise<void> {
    // Put here without events, as if they had been made long ago.
    const store = this.#disk.open(new MortalClock(this.#clock));
    const repository = new StoreTokenRepository(store, { record: async () => {} });
    for (const { text, principal, role } of this.#records) {
      await repository.put({
        id: principal,
        name: role,
        roles: [role],
        quota: { requestsPerSecond: null, bytesPerSecond: null },
        digest: digestToken(text),
        createdMilliseconds: 0,
        createdBy: "simulation",
        expiresMilliseconds: null,
        lastUsedDay: null,
        revokedMilliseconds: null,
      });
    }
  }

  #createService(boot: string, clock: MortalClock, log: Log): Promise<Service> {
    return createService(this.#scenario.configuration, {
      clock,
      store: this.#disk.open(clock),
      log,
      version: "0.0.0",
      build: "0".repeat(64),
      signer: new SigningKey(SIGNER),
      boot,
      words: wordlist,
      pairs: pairsInThisThread,
      osRandom: (bytes) => this.#generator.overwrite(new Uint8Array(bytes)),
      osFill: (buffer, done) => {
        if (this.#osStuck) buffer.fill(0);
        else this.#generator.overwrite(buffer);
        done(null);
      },
      openSource: ({ id }) => this.#devices.find((device) => device.id === id)!,
      generation: () => this.#generation,
      credentialsDirectory: null,
      state: null,
      disk: null,
      tlsCertificates: () => [],
      adminTokenPath: null,
    });
  }

  #log(clock: MortalClock): Log {
    const keep = (level: string) => (fields: object, message: string) => {
      if (!clock.alive) return;
      this.#trace.log.push(`${level} ${message} ${JSON.stringify(fields)}`);
      if ("error" in fields) this.#trace.errors.push(`${message}: ${String(fields.error)}`);
      if ("data" in fields) {
        const monotonic = this.#clock.monotonicMilliseconds();
        this.#trace.events.push({ ...(fields as Trace["events"][number]), monotonic });
      }
    };
    return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  }

  /** Every generate is copied on its way out of the DRBG room. */
  #record(drbg: DrbgSupply, clock: MortalClock): void {
    const { draws } = this.#trace;
    const nextStream = (): number => this.#streams++;
    const draw = drbg.draw.bind(drbg);
    const stream = drbg.stream.bind(drbg);
    const note = (
      request: Parameters<typeof stream>[0],
      result: Awaited<ReturnType<typeof draw>>,
      streamNumber: number | null,
    ): void => {
      if (!result.ok || !clock.alive) return;
      const { bytes, outputs, seed } = result;
      const at = this.#clock.monotonicMilliseconds();
      const quorumLostSince = this.#oracle.lostSince(at);
      const copy = Buffer.from(bytes);
      draws.push({
        at,
        request,
        bytes: copy,
        outputs,
        seed,
        stream: streamNumber,
        quorumLostSince,
      });
    };
    drbg.draw = (request) => {
      const result = draw(request);
      if (!(result instanceof Promise)) {
        note(request, result, null);
        return result;
      }
      return result.then((later) => {
        note(request, later, null);
        return later;
      });
    };
    drbg.stream = async function* recorded(request, signal) {
      const number = nextStream();
      const inner = stream(request, signal);
      try {
        for (;;) {
          const next = await inner.next();
          if (next.done) return next.value;
          note(request, next.value, number);
          yield next.value;
        }
      } finally {
        await inner.return(undefined);
      }
    };
  }

  /** Faults and actions, each at its time. */
  async #trouble(): Promise<void> {
    const { faults, actions, troubleMilliseconds } = this.#scenario;
    const timeline: { at: number; run: () => void }[] = [];
    for (const fault of faults) {
      timeline.push({ at: fault.from, run: () => this.#begin(fault) });
      timeline.push({ at: fault.to, run: () => this.#end(fault) });
    }
    for (const action of actions) {
      timeline.push({ at: action.at, run: () => this.#callers.act(action) });
    }
    for (let at = 1000; at < troubleMilliseconds; at += 1000) {
      timeline.push({ at, run: () => this.#measure() });
    }
    for (const { at, run } of timeline.toSorted((a, b) => a.at - b.at)) {
      const wait = at - this.#clock.monotonicMilliseconds();
      if (wait > 0) await this.#clock.run(wait);
      await this.#supervise();
      run();
    }
    await this.#clock.run(troubleMilliseconds - this.#clock.monotonicMilliseconds());
  }

  #begin(fault: FaultPlan): void {
    const now = this.#clock.monotonicMilliseconds();
    switch (fault.what) {
      case "full_disk":
        this.#disk.full = true;
        break;
      case "slow_disk":
        this.#disk.latencyMilliseconds = fault.latencyMilliseconds;
        break;
      case "os_stuck":
        this.#osStuck = true;
        this.#oracle.begin("os", fault.what, now);
        break;
      case "clock_jump":
        this.#clock.jumpWall(fault.byMilliseconds);
        break;
      case "clone":
        this.#generation = `${fault.from}`;
        break;
      case "kill":
        this.#kill();
        break;
      default: {
        const device = this.#devices[fault.device]!;
        this.#faultOf.set(device.id, fault);
        const { what: kind, perSecond } = fault;
        device.fault =
          kind === "stuck"
            ? { kind, value: 0x11 }
            : kind === "drift"
              ? { kind, from: now, perSecond }
              : { kind };
        this.#oracle.begin(device.id, kind, now);
      }
    }
  }

  #end(fault: FaultPlan): void {
    const now = this.#clock.monotonicMilliseconds();
    if (fault.what === "full_disk") this.#disk.full = false;
    else if (fault.what === "slow_disk") this.#disk.latencyMilliseconds = 0;
    else if (fault.what === "os_stuck") {
      this.#osStuck = false;
      this.#oracle.end("os");
    } else if ("device" in fault) {
      const device = this.#devices[fault.device]!;
      if (this.#faultOf.get(device.id) !== fault) return;
      this.#faultOf.delete(device.id);
      device.fault = { kind: "none" };
      this.#oracle.end(device.id);
      if (noticedWithin(fault.what) !== null) {
        const { what, from } = fault;
        this.#trace.deviceFaults.push({ device: device.id, what, from, to: now });
      }
    }
  }

  #measure(): void {
    if (this.#process === null) return;
    const { service, clock } = this.#process;
    void this.#callers.ask("/v1/log/checkpoint").call.answer.then(({ status, body }) => {
      if (status === 200) this.#trace.checkpoints.push(body.toString("utf8"));
    });
    const { sources, instances } = service.snapshot();
    const streams = this.#trace.draws.filter(({ stream }) => stream !== null);
    const drawn = streams.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const closed = this.#trace.calls
      .filter(({ what, endedAt }) => what === "stream" && endedAt !== null)
      .reduce((sum, { answer }) => sum + (answer?.body.length ?? 0), 0);
    this.#trace.sizes.push({
      at: this.#clock.monotonicMilliseconds(),
      poolBlocks: Math.max(...sources.map(({ poolBlocks }) => poolBlocks)),
      preparedSeeds: Math.max(...instances.map(({ preparedSeeds }) => preparedSeeds)),
      pendingTimers: clock.pending,
      openCalls: this.#callers.open,
      unreadStreamBytes: drawn - closed - this.#callers.receivedByStreams(),
    });
  }

  /** Everything is mended, and an operator resets what latched. Then all must come back by itself. */
  async #recover(): Promise<void> {
    const callers = this.#callers;
    for (const fault of this.#scenario.faults) this.#end(fault);
    await this.#supervise();
    // A source whose samples leave cannot fill the pool.
    callers.hangUpTaps();
    const since = this.#clock.monotonicMilliseconds();
    let detail = "";
    let ready = 0;
    while (this.#clock.monotonicMilliseconds() - since < RECOVERY_MILLISECONDS) {
      await this.#clock.run(RECOVERY_STEP_MILLISECONDS);
      const sources = await this.#question("/v1/sources");
      const states = (JSON.parse(sources) as { sources: { id: string; state: string }[] }).sources;
      detail = states.map(({ id, state }) => `${id} ${state}`).join(", ");
      for (const { id, state } of states) if (state === "failed") callers.operate(id, "reset");
      ready = await this.#status("/readyz");
      if (ready === 200 && states.every(({ state }) => state === "healthy")) break;
    }
    let drawn = 0;
    for (let attempt = 0; attempt < 3 && drawn !== 200; attempt++) {
      const { record } = callers.draw("/v1/random?bytes=32");
      await this.#clock.run(1000);
      drawn = record.answer?.status ?? 0;
      // As a client does, which may find that a stream has just taken the last seed.
      await this.#clock.run(Number(record.answer?.headers["retry-after"] ?? 0) * 1000);
    }
    this.#trace.recovery = { ready, drawn, detail };
  }

  /** What an auditor would ask for afterwards. */
  async #audit(): Promise<void> {
    const text = await this.#question("/v1/lineage");
    this.#trace.lineage = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LineageLine);
    await this.#copyLog();
    for (const { answer } of this.#trace.calls) {
      const ids = answer?.headers["springhouse-output"];
      for (const id of ids === undefined ? [] : String(ids).split(", ")) {
        if (!this.#trace.stories.has(id)) {
          this.#trace.stories.set(id, await this.#status(`/v1/outputs/${id}`));
        }
      }
    }
  }

  /** The whole log, as `springhouse log export` takes it. */
  async #copyLog(): Promise<void> {
    const checkpoint = await this.#question("/v1/log/checkpoint");
    const files = new Map<string, Buffer>();
    for (const tile of tilesOf(openCheckpoint(checkpoint, SIGNER.verifier)?.size ?? 0)) {
      const path = tilePath(tile);
      const { record } = this.#callers.ask(`/v1/log/${path}`);
      for (let turn = 0; turn < 200 && record.answer === null; turn++) await settled();
      files.set(path, record.answer?.body ?? Buffer.alloc(0));
    }
    this.#trace.copy = { files, checkpoint };
  }

  async #stop(): Promise<void> {
    const last = this.#process!;
    const { service, clock } = last;
    let stopped = false;
    const stopping = service.api
      .close()
      .then(() => service.stop())
      .then((kept) => (stopped = kept));
    await this.#clock.run(5_000);
    this.#trace.stopped = stopped && clock.pending === 0;
    this.#release(last);
    if (stopped) await stopping;
  }

  async #question(path: string): Promise<string> {
    const { record } = this.#callers.ask(path);
    for (let turn = 0; turn < 200 && record.answer === null; turn++) await settled();
    return record.answer?.body.toString("utf8") ?? "";
  }

  async #status(path: string): Promise<number> {
    const { record } = this.#callers.ask(path);
    for (let turn = 0; turn < 200 && record.answer === null; turn++) await settled();
    return record.answer?.status ?? 0;
  }
}
