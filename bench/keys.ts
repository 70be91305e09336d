import { execFileSync } from "node:child_process";
import { Agent, get } from "node:http";
import { cpus } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpringhouseClient } from "../src/client/client.ts";
import {
  makeState,
  removeState,
  startSpringhouse,
  type Running,
} from "../test/support/springhouse.ts";

/*
 * Managed keys over HTTP, 32 clients at once: keys made, each durable with its leaf, beside a bare
 * SQLite commit of the same disk; encryptions of 1 kB beside GET /v1/random of the same service; and
 * 100,000 keys listed and looked up.
 */

const LOAD = new URL("httpLoad.ts", import.meta.url).pathname;
const PASSPHRASE = "only for as long as this runs";
const ROUNDS = 5;
const KEYS = 4_000;
const DRAWS = 20_000;
const MANY = 100_000;
const LOOKS = 1_000;
const WARM_UP = 100;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const tokenOf = ({ authorization }: Running): string =>
  authorization.authorization.slice("Bearer ".length);

/** Requests a second. The client's own start is taken off. */
function rate(service: Running, path: string, requests: number, body?: object): number {
  const args = (count: number): string[] => [
    LOAD,
    service.url + path,
    String(count),
    tokenOf(service),
    ...(body ? [JSON.stringify(body)] : []),
  ];
  const seconds = (count: number): number => {
    const begin = performance.now();
    execFileSync(process.execPath, args(count), { stdio: "inherit" });
    return (performance.now() - begin) / 1000;
  };
  return requests / Math.max(seconds(requests) - seconds(0), 0.001);
}

/** Durable commits a second of one small row each, on the same disk: what one at a time would give. */
function bareCommits(state: string): number {
  const database = new DatabaseSync(join(state, "bare.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (n)");
  const insert = database.prepare("INSERT INTO row VALUES (?)");
  const begin = performance.now();
  let commits = 0;
  for (; performance.now() - begin < 1000; commits++) insert.run(commits);
  const seconds = (performance.now() - begin) / 1000;
  database.close();
  return commits / seconds;
}

/** So many keys in all: copies of one that is there, without material, which no list looks at. */
function multiply(state: string, keys: number): void {
  const database = new DatabaseSync(join(state, "springhouse.db"));
  const columns = (table: string): string[] =>
    database
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => String(name));
  const id = "printf('k-%016x-1', n)";
  const copy = (table: string, replaced: Readonly<Record<string, string>>): void => {
    const names = columns(table);
    database.exec(`WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ${keys})
      INSERT INTO ${table} (${names.join(", ")})
      SELECT ${names.map((name) => replaced[name] ?? `one.${name}`).join(", ")}
      FROM count, (SELECT * FROM ${table} LIMIT 1) one`);
  };
  database.exec("BEGIN");
  copy("managed_key", { id });
  copy("key_version", { key: id, seed: "NULL", counter: "NULL", origin: "'imported'" });
  copy("key_principal", { key: id });
  database.exec("COMMIT");
  database.close();
}

/**
 * Of one connection, by hand: a client that parses what it gets has pauses of its own. What is first
 * asked for compiles its validator; that is no property of 100,000 keys.
 */
async function milliseconds(
  { url, authorization: headers }: Running,
  pathOf: (n: number) => string,
): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let n = -WARM_UP; n < LOOKS; n++) {
    const begin = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(url + pathOf(n + WARM_UP), { agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
        response.resume().on("end", resolve);
      }).on("error", reject);
    });
    if (n >= 0) times.push(performance.now() - begin);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  return `${median(times).toFixed(1)} ms at the median, ${times[Math.floor(LOOKS * 0.99)]!.toFixed(1)} at the 99th percentile`;
}

export async function run(): Promise<void> {
  console.log(`keys, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`);
  const state = await makeState();
  try {
    const service = await startSpringhouse({ state });
    try {
      const client = new SpringhouseClient({ url: service.url, token: tokenOf(service) });
      await client.seal.initialise({ kind: "passphrase", name: "bench", passphrase: PASSPHRASE });
      const order = { type: "aes-256" };
      rate(service, "/v1/keys", 500, order);
      const made = median(
        Array.from({ length: ROUNDS }, () => rate(service, "/v1/keys", KEYS, order)),
      );
      console.log(`keys: ${made.toFixed(0)} AES-256 keys a second with their leaves, 32 clients`);
      console.log(
        `keys: goal at least 2,000; bare commits one by one ${bareCommits(state).toFixed(0)}`,
      );
      const { id } = await client.managedKeys.create({ type: "aes-256" });
      const plaintext = Buffer.alloc(1024, 7).toString("base64");
      const rounds = Array.from({ length: ROUNDS }, () => {
        const encrypted = rate(service, `/v1/keys/${id}/encrypt`, DRAWS, { plaintext });
        return [encrypted, rate(service, "/v1/random?bytes=32", DRAWS)] as const;
      });
      const ratio = median(rounds.map(([encrypted, drawn]) => encrypted / drawn));
      console.log(
        `keys: ${median(rounds.map(([one]) => one)).toFixed(0)} encryptions of 1 kB a second, ` +
          `${median(rounds.map(([, other]) => other)).toFixed(0)} draws: ${ratio.toFixed(2)} (goal: at least 0.3)`,
      );
    } finally {
      await service.stop();
    }
    multiply(state, MANY);
    const again = await startSpringhouse({ state });
    try {
      const id = (n: number): string => `k-${(n * 89 + 1).toString(16).padStart(16, "0")}-1`;
      const page = await milliseconds(again, (n) => `/v1/keys?limit=100&after=${id(n)}`);
      console.log(`keys: of ${MANY}, a page of 100: ${page} (goal: < 10)`);
      const one = await milliseconds(again, (n) => `/v1/keys/${id(n)}`);
      console.log(`keys: one, not in memory: ${one} (goal: < 10)`);
      const health = await milliseconds(again, () => "/healthz");
      console.log(`keys: /healthz beside it, which looks nothing up: ${health}`);
    } finally {
      await again.stop();
    }
  } finally {
    await removeState(state);
  }
}

if (import.meta.main) await run();
