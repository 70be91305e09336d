import { execFileSync, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

export function has(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What one series of an answer is worth: NaN for none. */
export interface Answered {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** @param atSeconds Unix time; now by default. Throws what Prometheus calls an error. */
  query(expression: string, atSeconds?: number): Promise<Answered[]>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts Debian's Prometheus on a free port.
 * @param folder for its configuration and data
 * @param configuration YAML
 */
export async function startPrometheus(folder: string, configuration: string): Promise<Prometheus> {
  const port = await freePort();
  const file = join(folder, "prometheus.yml");
  await writeFile(file, configuration);
  const child = spawn(
    "prometheus",
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  const gone = new Promise((resolve) => child.once("exit", resolve));
  return {
    async query(expression, atSeconds) {
      const parameters = new URLSearchParams({ query: expression });
      if (atSeconds !== undefined) parameters.set("time", String(atSeconds));
      const answer = (await (
        await fetch(`http://127.0.0.1:${port}/api/v1/query?${parameters.toString()}`)
      ).json()) as {
        status: string;
        error?: string;
        data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (answer.status !== "success") throw new Error(`${expression}: ${answer.error}`);
      return answer.data!.result.map(({ metric, value }) => ({
        labels: metric,
        value: Number(value[1]),
      }));
    },
    async stop() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
