import { Agent, get } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpringhouseClient } from "../src/client/client.ts";
import { makeState, removeState } from "../test/support/springhouse.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { load, type Server, withService } from "./server.ts";

/*
 * Managed keys over HTTP, 32 clients at once: keys made, each durable with its leaf, beside a bare
 * SQLite commit of the same disk; encryptions of 1 kB beside GET /v1/random of the same service; and
 * 100,000 keys listed and looked up.
 */

const PASSPHRASE = "only for as long as this runs";
const ROUNDS = 5;
const KEYS = 4_000;
const DRAWS = 20_000;
const MANY = 100_000;
const LOOKS = 1_000;
const COMMIT_MILLISECONDS = 500;
const WARM_UP = 100;

/** Requests a second of 32 clients. */
const rate = (server: Server, path: string, requests: number, body?: object): number =>
  requests / load(server, { path, connections: 32, requests, ...(body ? { body } : {}) });

/** Durable commits a second of one small row each, on the same disk: what one at a time would give. */
function bareCommits(state: string): number {
  const database = new DatabaseSync(join(state, "bare.db"));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS row (n)",
  );
  const insert = database.prepare("INSERT INTO row VALUES (?)");
  const begin = performance.now();
  let commits = 0;
  for (; performance.now() - begin < COMMIT_MILLISECONDS; commits++) insert.run(commits);
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
  { url, token }: Server,
  pathOf: (n: number) => string,
): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${token}` };
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

async function compare(server: Server, state: string): Promise<Ratio[]> {
  const client = new SpringhouseClient({ url: server.url, token: server.token });
  await client.seal.initialise({ kind: "passphrase", name: "bench", passphrase: PASSPHRASE });
  const order = { type: "aes-256" } as const;
  rate(server, "/v1/keys", 500, order);
  const { id } = await client.managedKeys.create(order);
  const plaintext = Buffer.alloc(1024, 7).toString("base64");
  const [made, bare, encrypted, drawn]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    made.push(rate(server, "/v1/keys", KEYS, order));
    bare.push(bareCommits(state));
    encrypted.push(rate(server, `/v1/keys/${id}/encrypt`, DRAWS, { plaintext }));
    drawn.push(rate(server, "/v1/random?bytes=32", DRAWS));
  }
  const text = (values: readonly number[]): string => median(values).toFixed(0);
  return [
    ratioOf(
      {
        what: "managed AES-256 keys, each durable with its leaf, 32 connections",
        baseline: "bare SQLite commits one by one",
        goal: null,
        figure: `${text(made)} a second (to be >= 2,000); theirs ${text(bare)}`,
      },
      quotients(made, bare),
    ),
    ratioOf(
      {
        what: "encryptions of 1 kB, 32 connections",
        baseline: "GET /v1/random?bytes=32",
        goal: 0.3,
        figure: `${text(encrypted)} a second; ${text(drawn)} draws`,
      },
      quotients(encrypted, drawn),
    ),
  ];
}

async function look(server: Server): Promise<void> {
  const id = (n: number): string => `k-${(n * 89 + 1).toString(16).padStart(16, "0")}-1`;
  const page = await milliseconds(server, (n) => `/v1/keys?limit=100&after=${id(n)}`);
  console.log(`  of ${MANY}, a page of 100: ${page} (goal: < 10)`);
  const one = await milliseconds(server, (n) => `/v1/keys/${id(n)}`);
  console.log(`  one, not in memory: ${one} (goal: < 10)`);
  const health = await milliseconds(server, () => "/healthz");
  console.log(`  /healthz beside it, which looks nothing up: ${health}`);
}

export async function run(): Promise<readonly Ratio[]> {
  const state = await makeState();
  try {
    const ratios = await withService((server) => compare(server, state), { state });
    multiply(state, MANY);
    await withService(look, { state });
    return ratios;
  } finally {
    await removeState(state);
  }
}
