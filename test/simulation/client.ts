import type { Server } from "node:http";
import { call, tornRequest, type Call, type CallTerms } from "./network.ts";
import type { WorldTimers } from "./worldTimers.ts";
import type { ActionPlan, DevicePlan } from "./scenario.ts";
import type { CallRecord, Trace } from "./trace.ts";

export interface Tokens {
  /** One for each client, in order; the principals' ids are in the trace. */
  readonly clients: readonly string[];
  readonly operator: string;
  readonly auditor: string;
}

interface OpenCall {
  readonly record: CallRecord;
  readonly call: Call;
}

/** Everybody who calls the service in one scenario. */
export class Callers {
  /** Null while no process listens. */
  #server: Server | null = null;
  #boot = "";
  readonly #clock: WorldTimers;
  readonly #tokens: Tokens;
  readonly #devices: readonly DevicePlan[];
  readonly #trace: Trace;
  readonly #open = new Set<OpenCall>();

  constructor(clock: WorldTimers, tokens: Tokens, devices: readonly DevicePlan[], trace: Trace) {
    this.#clock = clock;
    this.#tokens = tokens;
    this.#devices = devices;
    this.#trace = trace;
  }

  /** A process listens. */
  connectTo(server: Server, boot: string): void {
    this.#server = server;
    this.#boot = boot;
  }

  /** The process was killed: so are all connections. */
  disconnected(): void {
    this.#server = null;
    for (const { record, call: open } of this.#open) {
      record.left.value = true;
      open.hangUp();
    }
  }

  get open(): number {
    return this.#open.size;
  }

  /** Of streams that are open: bytes that their clients have read. */
  receivedByStreams(): number {
    let bytes = 0;
    for (const { record, call: open } of this.#open) {
      if (record.what === "stream") bytes += open.received();
    }
    return bytes;
  }

  hangUpTaps(): void {
    for (const { record, call: open } of this.#open) if (record.what === "tap") open.hangUp();
  }

  hangUpAll(): void {
    for (const { record, call: open } of this.#open) {
      // Whoever should have had an answer by now counts as hanging.
      if (record.takesItsTime) record.left.value = true;
      open.hangUp();
    }
  }

  act(action: ActionPlan): void {
    if (this.#server === null) return;
    const token = this.#tokens.clients[action.client]!;
    switch (action.what) {
      case "random":
        this.#client(action, { path: `/v1/random?${action.query}`, token, accept: action.accept });
        break;
      case "burst":
        for (let at = 0; at < action.requests; at++) {
          this.#client(action, { path: `/v1/random?bytes=${action.bytes}`, token });
        }
        break;
      case "stream":
        this.#stream(action, token);
        break;
      case "key":
        this.#client(action, {
          method: "POST",
          path: "/v1/keys/generate",
          token,
          body: { type: action.type, count: action.count },
        });
        break;
      case "tap":
        this.#tap(action.device, action.count);
        break;
      case "test":
      case "reset":
        this.operate(this.#devices[action.device]!.id, action.what);
        break;
      case "receipted":
        this.#client(action, {
          method: "POST",
          path: "/v1/random/receipted",
          token,
          body: { bytes: action.bytes },
        });
        break;
      case "status":
        this.#client(action, { path: "/v1/status", token });
        break;
      case "metrics":
        this.#client(action, { path: "/metrics", token });
        break;
      case "bad":
        this.#client(action, { path: "/v1/random?bytes=0", token });
        break;
      case "torn_request":
        tornRequest(this.#server, "/v1/random?bytes=32", token, action.bytes);
        break;
      case "hang_up": {
        const path = `/v1/random?bytes=${action.bytes}`;
        const open = this.#client(action, { path, token });
        this.#hangUpAfter(open, action.after);
        break;
      }
    }
  }

  operate(source: string, act: "test" | "reset"): OpenCall {
    return this.#start("operator", "operator", act === "test", {
      method: "POST",
      path: `/v1/sources/${source}/${act}`,
      token: this.#tokens.operator,
      body: { reason: "a simulation" },
    });
  }

  ask(path: string): OpenCall {
    return this.#start("question", "auditor", false, { path, token: this.#tokens.auditor });
  }

  draw(path: string): OpenCall {
    const token = this.#tokens.clients[0]!;
    return this.#start("random", this.#trace.principals[0]!, false, { path, token });
  }

  #stream(action: Extract<ActionPlan, { what: "stream" }>, token: string): void {
    const { bytes, pauseMilliseconds, hangUpAfter, client } = action;
    const pause =
      pauseMilliseconds === 0
        ? {}
        : {
            pause: () =>
              new Promise<void>((resolve) => {
                this.#clock.schedule(pauseMilliseconds, resolve);
              }),
          };
    const path = `/v1/stream?bytes=${bytes}`;
    const principal = this.#trace.principals[client]!;
    const open = this.#start("stream", principal, true, { path, token, ...pause });
    if (hangUpAfter !== null) this.#hangUpAfter(open, hangUpAfter);
  }

  #tap(device: number, count: number): void {
    const { id } = this.#devices[device]!;
    const path = `/v1/sources/${id}/samples?count=${count}`;
    const { record } = this.#start("tap", "auditor", true, { path, token: this.#tokens.auditor });
    this.#trace.taps.push({ device: id, boot: this.#boot, call: record });
  }

  #hangUpAfter(open: OpenCall, milliseconds: number): void {
    this.#clock.schedule(milliseconds, () => {
      if (open.record.endedAt !== null) return;
      open.record.left.value = true;
      open.call.hangUp();
    });
  }

  #client(action: ActionPlan, terms: CallTerms): OpenCall {
    return this.#start(action.what, this.#trace.principals[action.client]!, false, terms);
  }

  #start(what: string, principal: string, takesItsTime: boolean, terms: CallTerms): OpenCall {
    if (this.#server === null) throw new Error("nobody listens");
    const record: CallRecord = {
      what,
      principal,
      path: terms.path,
      startedAt: this.#clock.monotonicMilliseconds(),
      endedAt: null,
      answer: null,
      left: { value: false },
      takesItsTime,
    };
    const open = { record, call: call(this.#server, terms) };
    this.#trace.calls.push(record);
    this.#open.add(open);
    void open.call.answer.then((answer) => {
      record.answer = answer;
      record.endedAt = this.#clock.monotonicMilliseconds();
      this.#open.delete(open);
    });
    return open;
  }
}
