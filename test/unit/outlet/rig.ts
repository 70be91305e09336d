import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";
import { listen, type Revoked } from "../../../src/api/listen.ts";
import type { TlsFiles } from "../../../src/api/tlsContext.ts";
import { preparedSeeds, type SeedLimits, seedLimits } from "../../../src/drbg/policy.ts";
import { DrbgSupply } from "../../../src/drbg/randomSupply.ts";
import { Outlets } from "../../../src/outlet/outlets.ts";
import type {
  OutletTerms,
  OutletThread,
  StartOutletThread,
  ToHouse,
  ToOutlet,
} from "../../../src/outlet/protocol.ts";
import { OUTLET_WORKER, threadOf } from "../../../src/outlet/thread.ts";
import { clockOrigin, systemClock } from "../../../src/platform/clock.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { Shape } from "../../../src/port/lineage.ts";
import { RequestTally } from "../../../src/telemetry/requestTally.ts";
import { type Answer, RawConnection } from "../../support/rawHttp.ts";
import { until } from "../../support/springhouse.ts";
import { buildHouse, type HouseOptions } from "../api/house.ts";
import { ScriptedSeedRecorder, ScriptedSeeds } from "../drbg/scripted.ts";

/** Of the outlets' seeds; the house's own answers are made up, and name another. */
export const BOOT = "fedcba9876543210";

/** The real thread, which can be told to go wrong once it listens. */
const FAILING = `
const { parentPort } = require("node:worker_threads");
const load = (name) => import(new URL("../" + name, ${JSON.stringify(OUTLET_WORKER.href)}).href);
import(${JSON.stringify(OUTLET_WORKER.href)}).then(() =>
  parentPort.on("message", async ({ goWrong }) => {
    if (goWrong === "draw") {
      const { OutletSupply: { prototype } } = await load("outlet/outletSupply.ts");
      const { draw } = prototype;
      prototype.draw = function (principal, bytes) {
        if (bytes === 13) throw new Error("sph_a_secret");
        if (bytes === 14) return Promise.reject(new Error("sph_a_secret"));
        return draw.call(this, principal, bytes);
      };
      parentPort.postMessage({ gone: "wrong" });
    }
    if (goWrong === "generate") {
      const { HmacDrbg: { prototype } } = await load("drbg/hmacDrbg.ts");
      prototype.generate = () => { throw new Error("sph_a_secret"); };
      parentPort.postMessage({ gone: "wrong" });
    }
    if (goWrong === "throw") setImmediate(() => { throw new Error("sph_a_secret"); });
    if (goWrong === "hang") for (;;);
    if (goWrong === "memory") for (const all = []; ; ) all.push(new Array(1e5).fill({}));
  }),
);
`;

export interface Started {
  readonly terms: OutletTerms;
  readonly worker: Worker;
  readonly said: ToHouse[];
  /** Called once it goes wrong. */
  wrong: () => void;
  /** As it arrived, and what the house still has of it. */
  readonly heard: ToOutlet[];
  readonly sent: ToOutlet[];
}

export interface RigOptions {
  /** Threads beside the house. Default 1. */
  readonly threads?: number;
  readonly shape?: Shape;
  readonly limits?: Partial<SeedLimits>;
  readonly tls?: TlsFiles;
  readonly revoked?: Revoked;
  readonly house?: HouseOptions;
  /** Where the outlets listen. Default a free port. */
  readonly port?: number;
  /** Return before any of them listens. */
  readonly unready?: boolean;
}

export interface Count {
  readonly seed: string;
  readonly principal: string;
  readonly bytes: number;
  readonly requests: number;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A house with outlets in real threads, on an address of their own: so one knows who answers. */
export async function openRig(options: RigOptions = {}) {
  const { threads = 1, shape = "RBGC", tls } = options;
  const limits = seedLimits(shape, options.limits);
  const clock = systemClock();
  const seeds = new ScriptedSeeds(clock, shape);
  const seedRecorder = new ScriptedSeedRecorder();
  const events: ServiceEvent[] = [];
  const observer = { event: (event: ServiceEvent) => void events.push(event) };
  const counts: Count[] = [];
  const outputs = {
    record: () => Promise.reject(new Error("nothing is recorded here")),
    count: (
      seed: string,
      principal: string,
      _door: string,
      _purpose: string,
      bytes: number,
      requests = 1,
    ) => void counts.push({ seed, principal, bytes, requests }),
  };
  const drbg = new DrbgSupply({
    clock,
    seeds,
    seedRecorder,
    outputRecorder: outputs,
    observer,
    shape,
    quorum: seeds.quorum,
    boot: BOOT,
    limits,
  });
  // Not started: what is taken is the outlets' alone.
  drbg.runSelfTests();
  const house = await buildHouse({ clock, ...options.house });
  const listening = await listen(house.app, {
    clock,
    address: { host: "127.0.0.1", port: 0 },
    ...(tls ? { tls } : {}),
    ...(options.revoked ? { revoked: options.revoked } : {}),
  });
  const tally = new RequestTally();
  const started: Started[] = [];
  const startThread: StartOutletThread = (terms, listener) => {
    const worker = new Worker(FAILING, {
      eval: true,
      workerData: terms,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    const one: Started = { terms, worker, said: [], heard: [], sent: [], wrong: () => {} };
    started.push(one);
    const thread: OutletThread = threadOf(worker, {
      told: (message) => {
        if ("gone" in message) return one.wrong();
        one.said.push(message);
        listener.told(message);
      },
      lost: (cause) => listener.lost(cause),
    });
    return {
      tell: (message, transfer) => {
        one.heard.push(structuredClone(message));
        one.sent.push(message);
        thread.tell(message, transfer);
      },
      stop: () => thread.stop(),
    };
  };
  const outlets = new Outlets({
    clock,
    count: 1 + threads,
    startThread,
    clockOrigin: clockOrigin(),
    drbg,
    instance: {
      shape,
      hash: "sha256",
      boot: BOOT,
      limits,
      ahead: preparedSeeds(shape, "http"),
      selfTestMilliseconds: 600_000,
    },
    hosts: ["localhost", "127.0.0.1"],
    origins: [],
    tokens: house.access.tokens,
    quotas: house.access.quotas,
    outputs,
    tally,
    observer,
  });
  const port = options.port ?? (await freePort());
  let isClosed = false;
  /** As the service stops. */
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    outlets.close();
    await listening.close();
    await outlets.stop();
  };
  onTestFinished(close);
  outlets.open({
    address: { host: "127.0.0.1", port },
    tls: tls ?? null,
    accept: (connection) => listening.accept(connection),
    notes: house.app.hotNotes,
  });

  const answering = () =>
    until("every outlet to answer", () => outlets.snapshot().answering === 1 + threads);
  /** For the outlets: the house's own instances are not told, unless something befalls them all. */
  const feed = (blocks: number): void => {
    seeds.add(blocks);
    outlets.poolChanged();
  };
  if (!options.unready) await answering();
  /** @param to another port than that of the outlets */
  const dial = (to = port): RawConnection => {
    const connection = new RawConnection({ port: to, host: "127.0.0.1" });
    onTestFinished(() => void connection.socket.destroy());
    return connection;
  };
  const headOf = (token: string, path: string, more = ""): string =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
  return {
    clock,
    seeds,
    seedRecorder,
    drbg,
    house,
    listening,
    outlets,
    tally,
    started,
    port,
    events,
    counts,
    answering,
    feed,
    dial,
    headOf,
    close,
    /** The thread that runs now. */
    thread: (): Started => started.at(-1)!,
    goWrong: (how: "throw" | "hang" | "memory"): void =>
      started.at(-1)!.worker.postMessage({ goWrong: how }),
    /** From then on draws of 13 and 14 bytes have a defect, or the DRBG has one. */
    breakDraws: async (how: "draw" | "generate"): Promise<void> => {
      const thread = started.at(-1)!;
      thread.worker.postMessage({ goWrong: how });
      await new Promise<void>((resolve) => (thread.wrong = resolve));
    },
    /** Ends the thread from outside; resolves when another answers. */
    async terminate(): Promise<void> {
      const { worker } = started.at(-1)!;
      const gone = once(worker, "exit");
      await worker.terminate();
      await gone;
    },
    ask: async (token: string, bytes = 32): Promise<Answer> => {
      const connection = dial();
      const answer = await connection.ask(headOf(token, `/v1/random?bytes=${bytes}`));
      connection.socket.destroy();
      if (answer === null) throw new Error("the connection closed");
      return answer;
    },
    /** Sums of what was counted, by principal. */
    counted(principal: string) {
      const mine = counts.filter((count) => count.principal === principal);
      return {
        requests: mine.reduce((sum, { requests }) => sum + requests, 0),
        bytes: mine.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
  };
}

export type Rig = Awaited<ReturnType<typeof openRig>>;

export function isOutlets(answer: Answer | null): boolean {
  return answer?.headers.get("springhouse-seed")?.startsWith(`s-${BOOT}-`) ?? false;
}

/** The token's principal. */
export function principalOf({ house }: Rig, token: string): string {
  return house.access.tokens.authenticate(token)!.id;
}
