import type { Ratio } from "./ratio.ts";

type Ratios = readonly Ratio[];

interface Bench {
  readonly title: string;
  /** What bounds a figure that misses its goal, as far as a profile or another figure shows it. */
  readonly bound?: string;
  readonly load: () => Promise<{ readonly run: () => Ratios | Promise<Ratios> }>;
}

/** By name, in their order. Loaded when its turn comes, so that none has another's code in its memory. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  drbg: {
    title: "HMAC_DRBG with SHA-256, processor time",
    load: () => import("./drbg.ts"),
  },
  http: {
    title: "32 bytes over HTTP, with token, quota, lineage and metrics",
    load: () => import("./http.ts"),
  },
  outlets: { title: "Two threads that answer", load: () => import("./outlets.ts") },
  stream: { title: "Streams, two cores", load: () => import("./stream.ts") },
  reseed: { title: "Latency under reseeds", load: () => import("./reseed.ts") },
  generateKeys: {
    title: "Keys that are not kept",
    bound:
      "A draw costs little more than the write of its answer, two thirds of its processor time in a profile, and leaves its record as a count. A key has a record of its own on the disk before it is answered: with 32 connections one flush serves about 16 of them, and the processor waits for it; more connections share it. A pair and its test alone take as long as several draws: a key, a signature and its verification by libsodium or OpenSSL, and each pair is tested. More cores go past it (each further one has a thread for pairs, up to four), or verifying many signatures in one go, which neither library offers.",
    load: () => import("./generateKeys.ts"),
  },
  keys: { title: "Managed keys", load: () => import("./keys.ts") },
  start: { title: "Start-up", load: () => import("./start.ts") },
  memory: { title: "Memory over many requests", load: () => import("./memory.ts") },
  slowClients: { title: "Memory over slow clients", load: () => import("./slowClients.ts") },
  health: { title: "Health tests, samples a second", load: () => import("./health.ts") },
  log: { title: "Transparency log", load: () => import("./log.ts") },
  seal: { title: "The seal", load: () => import("./seal.ts") },
  assess: {
    title: "Assessments, a process with its start, processor time",
    load: () => import("./assess.ts"),
  },
  assessWhileServing: {
    title: "Requests beside an assessment",
    load: () => import("./assessWhileServing.ts"),
  },
};
