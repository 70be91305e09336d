import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { CATALOGUE } from "../../src/telemetry/catalogue.ts";
import { DASHBOARDS } from "../../src/telemetry/dashboards/dashboards.ts";
import { SOURCE_STATES } from "../../src/port/health.ts";
import { RECORDINGS } from "../../src/telemetry/rules/recordings.ts";
import { makeCertificate } from "../support/certificates.ts";
import { startEmulator, type EmulatorOptions } from "../support/emulator.ts";
import { type Answered, has, startPrometheus } from "../support/prometheus.ts";
import { startSpringhouse, until, type Running } from "../support/springhouse.ts";

const FOLDER = new URL("../../dashboards/", import.meta.url).pathname;

/** Each query of each panel, with the variables filled in as Grafana does. */
const QUERIES = DASHBOARDS.flatMap(({ title, rows }) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr, legend }) => ({
        panel: `${title}: ${panel.title}: ${legend}`,
        expr: expr
          .replaceAll("$instance", ".*")
          .replaceAll("$source", ".*")
          .replaceAll("$__rate_interval", "10s")
          .replaceAll(/\[(10m|1h|1d)\]/g, "[2m]"),
      })),
    ),
  ),
);

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "springhouse-prometheus-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test.skipIf(!has("promtool"))("promtool accepts the rules and what they were tried on", () => {
  for (const args of [
    ["check", "config", "prometheus.yml"],
    ["check", "rules", "rules.yml"],
    ["test", "rules", "rules.test.yml"],
  ])
    execFileSync("promtool", args, { cwd: FOLDER, stdio: "pipe" });
});

test.skipIf(!has("promtool"))("Prometheus' parser takes the query of every panel", async () => {
  const folder = await makeFolder();
  const rules = QUERIES.map(({ expr }, index) => ({ record: `panel:query:${index}`, expr }));
  const check = async (more: readonly object[]): Promise<string> => {
    const file = join(folder, "panels.yml");
    await writeFile(file, stringify({ groups: [{ name: "panels", rules: [...rules, ...more] }] }));
    return execFileSync("promtool", ["check", "rules", file], { encoding: "utf8", stdio: "pipe" });
  };
  expect(await check([])).toContain(`${QUERIES.length} rules found`);
  await expect(check([{ record: "panel:query:broken", expr: "sum by (a (b)" }])).rejects.toThrow();
});

/** A service over three emulated TRNGs, of which one fails and one loses samples. */
async function startHouse(folder: string): Promise<{ service: Running; doomed: Emulated }> {
  const emulated = async (options: EmulatorOptions): Promise<Emulated> => {
    const emulator = await startEmulator(options);
    onTestFinished(() => emulator.close());
    return emulator;
  };
  const noise = await emulated({ family: "truerngpro", rate: 50_000 });
  const torn = await emulated({ family: "generic", rate: 40_000, seed: 2 });
  const doomed = await emulated({ family: "generic", rate: 20_000, seed: 3 });
  const own = makeCertificate(folder, "authority", null);
  const vouched = `raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }`;
  const service = await startSpringhouse({
    configuration: `
tls: { certificate: ${own.certificatePath}, key: ${own.keyPath} }
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${noise.path}
    samplesPerSecond: 50000
    ${vouched}
  - id: torn
    kind: serial-generic
    path: ${torn.path}
    # Twice of it is taken, and what is more is dropped.
    samplesPerSecond: 15000
    ${vouched}
  - id: doomed
    kind: serial-generic
    path: ${doomed.path}
    samplesPerSecond: 20000
construction: { selfTestSeconds: 10 }
assess: { live: { intervalSeconds: 1 } }
transparency: { witnesses: [{ name: kept, file: ${folder}/kept }] }
`,
  });
  onTestFinished(async () => void (await service.stop()));
  return { service, doomed };
}

type Emulated = Awaited<ReturnType<typeof startEmulator>>;

interface Order {
  readonly method?: string;
  readonly body?: object;
  readonly token?: string;
}

/** Over the Unix socket, as local commands ask. @returns status and body */
function asking({ state, authorization }: Running) {
  return (path: string, { method = "GET", body, token }: Order = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        ...(token === undefined ? authorization : { authorization: `Bearer ${token}` }),
        ...(body ? { "content-type": "application/json" } : {}),
      };
      const socketPath = join(state, "springhouse.sock");
      const sent = request({ socketPath, path, method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.on("error", reject).end(body ? JSON.stringify(body) : undefined);
    });
}

function overWebSocket({ state, authorization }: Running, bytes: number): Promise<void> {
  const url = `ws+unix:${state}/springhouse.sock:/v1/stream?bytes=${bytes}`;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers: { ...authorization } });
    socket.on("error", reject).on("close", () => resolve());
  });
}

type Ask = ReturnType<typeof asking>;

/** Once around the house: every door, every cause of a reseed that a client has, refusals of each kind. */
async function useEverything(service: Running, ask: Ask, limited: string): Promise<void> {
  const paths = [
    "/v1/random?bytes=40000",
    "/v1/random?bytes=32&sources=1&max_seed_age=1",
    "/v1/random?bytes=32&fresh=true",
    "/v1/random?bytes=32&sources=9",
    "/v1/random?bytes=0",
    "/v1/stream?bytes=20000",
    "/v1/sources/trng/samples?count=2000",
  ];
  for (const path of paths) await ask(path);
  await ask("/v1/keys/generate", { method: "POST", body: { type: "aes-256" } });
  await ask("/v1/random", { token: `${limited.slice(0, -1)}x` });
  for (let n = 0; n < 8; n++) await ask("/v1/random?bytes=200", { token: limited });
  await overWebSocket(service, 5000);
}

/** A vault and a key in it, a drill, and a client with a small quota. @returns the client's token */
async function furnish(ask: Ask): Promise<string> {
  const slot = { kind: "passphrase", name: "first", passphrase: "correct horse battery staple" };
  const vault = await ask("/v1/seal/initialise", { method: "POST", body: slot });
  expect([200, 201], vault.text).toContain(vault.status);
  const drilled = await ask("/v1/drills", { method: "POST", body: {} });
  expect(drilled.status, drilled.text).toBe(200);
  const key = await ask("/v1/keys", { method: "POST", body: { type: "aes-256", name: "milk" } });
  expect(key.status, key.text).toBe(201);
  const quota = { requestsPerSecond: 4, bytesPerSecond: 500 };
  const made = await ask("/v1/tokens", {
    method: "POST",
    body: { name: "limited", roles: ["client"], quota },
  });
  expect(made.status, made.text).toBe(201);
  return (JSON.parse(made.text) as { token: string }).token;
}

/** Panels that a sound service has at 0. */
const MAY_BE_ZERO = /sealed|log_behind|witness_lag|intents_total|destructions_pending/;

test.skipIf(!has("prometheus"))(
  "a real Prometheus scrapes every metric, and every query of every panel shows what was done",
  async () => {
    const folder = await makeFolder();
    const { service, doomed } = await startHouse(folder);
    const ask = asking(service);
    const text = (await ask("/metrics")).text;
    if (has("promtool"))
      expect(
        execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" }),
      ).toBe("");
    const limited = await furnish(ask);
    const prometheus = await startPrometheus(
      folder,
      `
global: { scrape_interval: 500ms, evaluation_interval: 500ms }
rule_files: [${FOLDER}rules.yml]
scrape_configs:
  - job_name: springhouse
    scheme: https
    tls_config: { ca_file: ${folder}/authority.pem }
    static_configs: [{ targets: ["${service.url.replace("https://", "")}"] }]
`,
    );
    onTestFinished(() => prometheus.stop());
    await until("three scrapes", async () => {
      const seen = await prometheus
        .query("count_over_time(springhouse_ready[1m]) >= 3")
        .catch(() => []);
      return seen.length > 0;
    });
    await doomed.command("stuck 7");
    await until(
      "a live estimate, and an alert for what failed",
      async () => {
        await useEverything(service, ask, limited);
        const estimates = await prometheus.query(
          "increase(springhouse_source_live_windows_total[1m]) > 0",
        );
        const alerts = await prometheus.query('ALERTS{alertstate="firing",source="doomed"}');
        return estimates.length > 0 && alerts.length > 0;
      },
      120_000,
    );
    for (let round = 0; round < 3; round++) await useEverything(service, ask, limited);

    // A scrape that a busy machine gave too late leaves nothing until the next one.
    const patience = performance.now() + 60_000;
    const answered = async (expression: string): Promise<Answered[]> => {
      for (;;) {
        const found = await prometheus.query(expression);
        if (found.length > 0 || performance.now() > patience) return found;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const silent: string[] = [];
    for (const name of [
      ...CATALOGUE.map((one) => `springhouse_${one.name}`),
      ...RECORDINGS.map(({ name }) => name),
    ])
      if ((await answered(name)).length === 0) silent.push(name);
    expect(silent, "metrics without a series").toEqual([]);

    const empty: string[] = [];
    const still: string[] = [];
    for (const { panel, expr } of QUERIES) {
      if ((await answered(expr)).length === 0) empty.push(panel);
      const seen = await prometheus.query(`max_over_time((${expr})[5m:500ms])`);
      if (!MAY_BE_ZERO.test(expr) && !seen.some(({ value }) => value > 0)) still.push(panel);
    }
    expect(empty, "panels without data").toEqual([]);
    expect(still, "panels at 0 all the time").toEqual([]);

    const shown = async (title: string) => {
      const { expr } = QUERIES.find(({ panel }) => panel.includes(`: ${title}: `))!;
      return answered(expr);
    };
    const states = await shown("State of each source");
    const stateOf = (id: string) =>
      SOURCE_STATES[states.find(({ labels }) => labels["source"] === id)!.value];
    expect([stateOf("trng"), stateOf("os"), stateOf("doomed")]).toEqual([
      "healthy",
      "healthy",
      "failed",
    ]);
    // Two are credited, and the quorum asks for one.
    expect((await shown("Sources to spare")).map(({ value }) => value)).toEqual([1]);
    const limits = await answered("springhouse_drbg_output_limit_bytes");
    expect(new Set(limits.map(({ value }) => value))).toEqual(new Set([16_384]));
    const left = (await shown("Certificate ends in"))[0]!.value / 86_400;
    expect(left).toBeGreaterThan(1.9);
    expect(left).toBeLessThan(2);

    // A Prometheus that has nothing yet: no data is no error.
    for (const { expr } of QUERIES) expect(await prometheus.query(expr, 1000), expr).toEqual([]);
  },
);
