import { execFileSync } from "node:child_process";
import type { KeyType } from "../src/key/types.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { PAIR_DERIVATIONS, type PairType } from "../src/key/derive/derivePair.ts";
import { makePair } from "../src/key/pair/makePair.ts";
import {
  load,
  type RequestCost,
  requestCost,
  type Server,
  withBareServer,
  withService,
} from "./server.ts";

/*
 * POST /v1/keys/generate by 32 clients, against GET /v1/random?bytes=32 of the same service, and the
 * cheapest type against a bare node:http server, too; of a pair it is told what making and testing it
 * alone takes. And by one client, a key at a time, against `openssl genpkey`, a process for each key, as its users have it.
 * How much of that is the process's start is told.
 */

const ROUNDS = 5;
const DRAWS = 40_000;
const CLIENTS = 32;
/** So many share a flush of the disk. */
const MANY_CLIENTS = 128;
const STARTS = 10;
const PAIRS = 500;
const DRAW = "/v1/random?bytes=32";
const BARE = "a GET of a bare node:http server";

interface Rate {
  readonly type: KeyType;
  readonly keys: number;
  readonly goal: number | null;
}

const RATES: readonly Rate[] = [
  { type: "aes-256", keys: 20_000, goal: 0.5 },
  { type: "ed25519", keys: 8_000, goal: 0.25 },
  { type: "p-256", keys: 4_000, goal: 0.25 },
];

const secondsOf = (costs: readonly RequestCost[]): number[] => costs.map(({ seconds }) => seconds);

function costText(costs: readonly RequestCost[]): string {
  const microseconds = median(costs.map(({ cpuMicroseconds }) => cpuMicroseconds));
  return `${(1 / median(secondsOf(costs))).toFixed(0)} a second, ${microseconds.toFixed(0)} us CPU each`;
}

/** Processor time of a pair and its test, with nothing around them, in microseconds. */
function pairMicroseconds(type: PairType): number {
  const make = (count: number): number => {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++)
      makePair(type, new Uint8Array(PAIR_DERIVATIONS[type].seedBytes()));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  };
  make(PAIRS);
  return median(Array.from({ length: rounds(ROUNDS) }, () => make(PAIRS)));
}

const isPair = (type: KeyType): type is PairType => type in PAIR_DERIVATIONS;

function compareRates(
  server: Server,
  baseline: string,
  connections: number,
  rates: readonly Rate[],
  against: Server = server,
): Ratio[] {
  const own = rates.map((): RequestCost[] => []);
  const theirs: RequestCost[] = [];
  const drawn = { path: DRAW, connections, requests: DRAWS };
  const keyCost = ({ type, keys }: Rate): RequestCost => {
    const work = { path: "/v1/keys/generate", connections, requests: keys };
    return requestCost(server, { ...work, body: { type } });
  };
  // What is first asked for compiles.
  load(against, drawn);
  rates.forEach(keyCost);
  for (let round = rounds(ROUNDS); round > 0; round--) {
    theirs.push(requestCost(against, drawn));
    for (const [i, rate] of rates.entries()) own[i]!.push(keyCost(rate));
  }
  return rates.map(({ type, goal }, i) => {
    const alone = isPair(type)
      ? `, ${pairMicroseconds(type).toFixed(0)} of them the pair and its test`
      : "";
    const figure = `${costText(own[i]!)}${alone}; theirs ${costText(theirs)}`;
    const what = `${type} keys, ${connections} connections`;
    const naming = { what, goal, baseline, figure };
    return ratioOf(naming, quotients(secondsOf(theirs), secondsOf(own[i]!)));
  });
}

interface Rival {
  readonly type: KeyType;
  readonly args: readonly string[];
  /** A round; the search for an RSA key's primes takes now long, now short. */
  readonly keys: number;
}

const rsa = (bits: 2048 | 3072, keys: number): Rival => ({
  type: `rsa-${bits}`,
  args: ["genpkey", "-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`],
  keys,
});
const curve = (name: "P-256" | "P-384"): Rival => ({
  type: name === "P-256" ? "p-256" : "p-384",
  args: ["genpkey", "-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${name}`],
  keys: 40,
});
const algorithm = (type: KeyType, name: string): Rival => ({
  type,
  args: ["genpkey", "-algorithm", name],
  keys: 40,
});

const RIVALS: readonly Rival[] = [
  { type: "aes-256", args: ["rand", "-hex", "32"], keys: 40 },
  algorithm("ed25519", "ED25519"),
  algorithm("x25519", "X25519"),
  curve("P-256"),
  curve("P-384"),
  rsa(2048, 8),
  rsa(3072, 3),
  // OpenSSL has these from 3.5 on.
  algorithm("ml-kem-768", "ML-KEM-768"),
  algorithm("ml-kem-1024", "ML-KEM-1024"),
  algorithm("ml-dsa-65", "ML-DSA-65"),
  algorithm("ml-dsa-87", "ML-DSA-87"),
];

/** Milliseconds a process. */
function processMilliseconds(args: readonly string[], times: number): number {
  const begin = performance.now();
  for (let i = 0; i < times; i++) execFileSync("openssl", args, { stdio: "pipe" });
  return (performance.now() - begin) / times;
}

function hasOpenSsl({ args }: Rival): boolean {
  try {
    processMilliseconds(args, 1);
    return true;
  } catch {
    return false;
  }
}

function compareProcess(server: Server, rival: Rival): Ratio {
  const { type, args, keys } = rival;
  const work = { path: "/v1/keys/generate", connections: 1, requests: keys, body: { type } };
  const [own, theirs, start]: [number[], number[], number[]] = [[], [], []];
  load(server, work);
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push((load(server, work) * 1000) / keys);
    theirs.push(processMilliseconds(args, keys));
    start.push(processMilliseconds(["version"], STARTS));
  }
  const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
  const figure =
    `${milliseconds(median(own))} ms a key; theirs ${milliseconds(median(theirs))} ms, ` +
    `of which ${milliseconds(median(start))} ms for a process that only starts`;
  const what = `${type}, a key at a time`;
  const baseline = `a process \`openssl ${type === "aes-256" ? "rand" : "genpkey"}\` each`;
  return ratioOf({ what, baseline, goal: null, figure }, quotients(theirs, own));
}

export function run(): Promise<readonly Ratio[]> {
  return withService((server) =>
    withBareServer((bare) => {
      const there = RIVALS.filter(hasOpenSsl);
      const absent = RIVALS.filter((rival) => !there.includes(rival)).map(({ type }) => type);
      if (absent.length > 0) console.log(`  this OpenSSL makes no ${absent.join(", ")}`);
      const cheapest = RATES[0]!;
      return [
        ...compareRates(server, `GET ${DRAW}`, CLIENTS, RATES),
        ...compareRates(server, `GET ${DRAW}`, MANY_CLIENTS, [cheapest]),
        ...compareRates(server, BARE, CLIENTS, [{ ...cheapest, goal: null }], bare),
        ...there.map((rival) => compareProcess(server, rival)),
      ];
    }),
  );
}
