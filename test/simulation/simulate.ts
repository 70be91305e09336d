import { wordlist } from "@scure/bip39/wordlists/english.js";
import { StoreTokenRepository } from "../../src/access/storeTokenRepository.ts";
import { digestToken, formatToken } from "../../src/access/tokenText.ts";
import type { DrbgSupply } from "../../src/drbg/randomSupply.ts";
import type { LineageLine } from "../../src/port/service.ts";
import type { Role } from "../../src/port/principal.ts";
import { createService, type Service } from "../../src/service/service.ts";
import type { Log } from "../../src/service/ports.ts";
import { FakeClock, settled } from "../support/fakeClock.ts";
import { Callers, type Tokens } from "./client.ts";
import { SimulatedDevice } from "./device.ts";
import { SimulatedDisk } from "./disk.ts";
import { Generator } from "./generator.ts";
import { WorldTimers } from "./worldTimers.ts";
import { noticedWithin, QuorumOracle } from "./quorumOracle.ts";
import type { FaultPlan, Scenario } from "./scenario.ts";
import type { Trace } from "./trace.ts";

/** A device is opened again after 30 s at the latest, and then has its startup test to pass. */
const RECOVERY_MILLISECONDS = 90_000;
const RECOVERY_STEP_MILLISECONDS = 2_500;

export interface World {
  readonly clock: FakeClock;
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
  readonly #disk = new SimulatedDisk(this.#clock);
  readonly #devices: readonly SimulatedDevice[];
  readonly #oracle: QuorumOracle;
  readonly #trace: Trace;
  readonly #tokens: Tokens;
  readonly #records: { text: string; principal: string; role: Role }[] = [];
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
      deviceFaults: [],
      lineage: [],
      stories: new Map(),
      recovery: null,
      stopped: false,
    };
  }

  async run(plant: (world: World) => () => void): Promise<Trace> {
    await this.#keepTokens();
    const log = this.#log();
    const service = await this.#createService(log);
    await service.api.ready();
    this.#record(service.drbg);
    const unplant = plant({ clock: this.#clock, disk: this.#disk, log, service });
    try {
      await this.#play(service);
    } finally {
      unplant();
    }
    for (const device of this.#devices) this.#trace.sent.set(device.id, device.sent());
    return this.#trace;
  }

  async #play(service: Service): Promise<void> {
    const { server } = service.api;
    const { devices } = this.#scenario;
    const callers = new Callers(server, this.#timers, this.#tokens, devices, this.#trace);
    await this.#trouble(service, callers);
    await this.#recover(callers);
    callers.hangUpAll();
    await this.#clock.run(1000);
    await this.#audit(callers);
    await this.#stop(service);
  }

  #token(role: Role): string {
    const text = formatToken(this.#generator.overwrite(new Uint8Array(32)));
    const principal = `token-${this.#generator.word().toString(16).padStart(16, "0")}`;
    this.#records.push({ text, principal, role });
    return text;
  }

  async #keepTokens(): Promise<void> {
    const repository = new StoreTokenRepository(this.#disk.store);
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

  #createService(log: Log): Promise<Service> {
    return createService(this.#scenario.configuration, {
      clock: this.#clock,
      store: this.#disk.store,
      log,
      version: "0.0.0",
      boot: this.#scenario.seed.toString(16).padStart(16, "0"),
      words: wordlist,
      osRandom: (bytes) => this.#generator.overwrite(new Uint8Array(bytes)),
      osFill: (buffer, done) => {
        if (this.#osStuck) buffer.fill(0);
        else this.#generator.overwrite(buffer);
        done(null);
      },
      openSource: ({ id }) => this.#devices.find((device) => device.id === id)!,
      generation: () => this.#generation,
      adminTokenPath: null,
    });
  }

  #log(): Log {
    const keep = (level: string) => (fields: object, message: string) => {
      this.#trace.log.push(`${level} ${message} ${JSON.stringify(fields)}`);
      if ("err" in fields) this.#trace.errors.push(`${message}: ${String(fields.err)}`);
      if ("kind" in fields) {
        const monotonic = this.#clock.monotonicMilliseconds();
        this.#trace.events.push({ ...(fields as Trace["events"][number]), monotonic });
      }
    };
    return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
  }

  /** Every generate is copied on its way out of the DRBG room. */
  #record(drbg: DrbgSupply): void {
    const { draws } = this.#trace;
    let streams = 0;
    const draw = drbg.draw.bind(drbg);
    const stream = drbg.stream.bind(drbg);
    const note = (
      request: Parameters<typeof stream>[0],
      result: Awaited<ReturnType<typeof draw>>,
      streamNumber: number | null,
    ): void => {
      if (!result.ok) return;
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
      const number = streams++;
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
  async #trouble(service: Service, callers: Callers): Promise<void> {
    const { faults, actions, troubleMilliseconds } = this.#scenario;
    const timeline: { at: number; run: () => void }[] = [];
    for (const fault of faults) {
      timeline.push({ at: fault.from, run: () => this.#begin(fault) });
      timeline.push({ at: fault.to, run: () => this.#end(fault) });
    }
    for (const action of actions) {
      timeline.push({ at: action.at, run: () => callers.act(action) });
    }
    for (let at = 1000; at < troubleMilliseconds; at += 1000) {
      timeline.push({ at, run: () => this.#measure(service, callers) });
    }
    for (const { at, run } of timeline.toSorted((a, b) => a.at - b.at)) {
      const wait = at - this.#clock.monotonicMilliseconds();
      if (wait > 0) await this.#clock.run(wait);
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

  #measure(service: Service, callers: Callers): void {
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
      pendingTimers: this.#clock.pending - this.#timers.pending,
      openCalls: callers.open,
      unreadStreamBytes: drawn - closed - callers.receivedByStreams(),
    });
  }

  /** Everything is mended, and an operator resets what latched. Then all must come back by itself. */
  async #recover(callers: Callers): Promise<void> {
    for (const fault of this.#scenario.faults) this.#end(fault);
    // A source whose samples leave cannot fill the pool.
    callers.hangUpTaps();
    const since = this.#clock.monotonicMilliseconds();
    let detail = "";
    let ready = 0;
    while (this.#clock.monotonicMilliseconds() - since < RECOVERY_MILLISECONDS) {
      await this.#clock.run(RECOVERY_STEP_MILLISECONDS);
      const sources = await this.#question(callers, "/v1/sources");
      const states = (JSON.parse(sources) as { sources: { id: string; state: string }[] }).sources;
      detail = states.map(({ id, state }) => `${id} ${state}`).join(", ");
      for (const { id, state } of states) if (state === "failed") callers.operate(id, "reset");
      ready = await this.#status(callers, "/readyz");
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
  async #audit(callers: Callers): Promise<void> {
    const text = await this.#question(callers, "/v1/lineage");
    this.#trace.lineage = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LineageLine);
    for (const { answer } of this.#trace.calls) {
      const ids = answer?.headers["springhouse-output"];
      for (const id of ids === undefined ? [] : String(ids).split(", ")) {
        if (!this.#trace.stories.has(id)) {
          this.#trace.stories.set(id, await this.#status(callers, `/v1/outputs/${id}`));
        }
      }
    }
  }

  async #stop(service: Service): Promise<void> {
    let stopped = false;
    const stopping = service.api
      .close()
      .then(() => service.stop())
      .then(() => (stopped = true));
    await this.#clock.run(5_000);
    this.#trace.stopped = stopped && this.#clock.pending === this.#timers.pending;
    if (stopped) await stopping;
  }

  async #question(callers: Callers, path: string): Promise<string> {
    const { record } = callers.ask(path);
    for (let turn = 0; turn < 200 && record.answer === null; turn++) await settled();
    return record.answer?.body.toString("utf8") ?? "";
  }

  async #status(callers: Callers, path: string): Promise<number> {
    const { record } = callers.ask(path);
    for (let turn = 0; turn < 200 && record.answer === null; turn++) await settled();
    return record.answer?.status ?? 0;
  }
}
