import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CATALOGUE } from "../../src/telemetry/catalogue.ts";
import { expressions } from "../../src/telemetry/dashboard.ts";
import { startSpringhouse, until } from "../support/springhouse.ts";

const DASHBOARDS = new URL("../../dashboards/", import.meta.url).pathname;

function has(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.skipIf(!has("promtool"))(
  "promtool accepts the rules, their tests, and the exposition",
  async () => {
    for (const args of [
      ["check", "rules", "rules.yml"],
      ["test", "rules", "rules.test.yml"],
    ])
      execFileSync("promtool", args, { cwd: DASHBOARDS, stdio: "pipe" });
    const service = await startSpringhouse();
    onTestFinished(async () => void (await service.stop()));
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const out = execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect(out).toBe("");
  },
);

test.skipIf(!has("prometheus"))(
  "a real Prometheus scrapes every metric, and every panel of the dashboard has data",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "springhouse-prometheus-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const service = await startSpringhouse({
      configuration: `transparency: { witnesses: [{ name: kept, file: ${folder}/kept }] }`,
    });
    onTestFinished(async () => void (await service.stop()));
    await fetch(`${service.url}/v1/random?bytes=32`, { headers: service.authorization });
    await fetch(`${service.url}/v1/random?bytes=32&sources=1`, { headers: service.authorization });
    const port = await freePort();
    const target = service.url.replace("http://", "");
    await writeFile(
      join(folder, "prometheus.yml"),
      `global: { scrape_interval: 500ms }
rule_files: [${DASHBOARDS}rules.yml]
scrape_configs: [{ job_name: springhouse, static_configs: [{ targets: ["${target}"] }] }]
`,
    );
    const prometheus = spawn(
      "prometheus",
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const gone = new Promise((resolve) => prometheus.once("exit", resolve));
    onTestFinished(async () => {
      prometheus.kill("SIGKILL");
      await gone;
    });
    const query = async (expression: string): Promise<unknown[]> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const answer = (await (await fetch(url)).json()) as {
        status: string;
        error?: string;
        data?: { result: unknown[] };
      };
      expect(answer.status, `${expression}: ${answer.error}`).toBe("success");
      return answer.data!.result;
    };
    await until("three scrapes", async () => {
      const seen = await query("count_over_time(springhouse_ready[1m]) >= 3").catch(() => []);
      return seen.length > 0;
    });
    // The OS RNG, at 2048 samples a second, fills a window in 32 s.
    await until(
      "a live estimate",
      async () => (await query("springhouse_source_live_entropy_ratio")).length > 0,
      90_000,
    );
    for (const { name } of CATALOGUE)
      if (name !== "health_cutoff_permanent")
        expect(await query(`springhouse_${name}`), name).not.toEqual([]);
    expect(
      await query("count by (exported_instance) (springhouse_drbg_output_bytes_since_seed)"),
    ).not.toHaveLength(1);
    for (const expression of expressions()) {
      const filled = expression
        .replaceAll("$instance", ".*")
        .replaceAll("$__rate_interval", "10s")
        .replaceAll("[1d]", "[10s]");
      expect(await query(filled), expression).not.toEqual([]);
    }
  },
);
