import { spawn } from "node:child_process";
import { once } from "node:events";
import type { ServiceSnapshot } from "../src/port/snapshot.ts";
import { type Ratio, ratioOf } from "./ratio.ts";
import {
  collectGarbage,
  INSPECTED,
  residentMegabytes,
  type Server,
  withService,
} from "./server.ts";

/*
 * Resident memory after gigabytes were streamed to clients that read slowly, against after the first
 * of them, when the estimate of the source's min-entropy has run once: it stays in memory. How many bytes: SPRINGHOUSE_BENCH_SLOW_BYTES; the goal is told of 10 GB, which take 80 s.
 */

const READER = new URL("slowReader.ts", import.meta.url).pathname;
const BYTES = Number(process.env["SPRINGHOUSE_BENCH_SLOW_BYTES"] ?? 4e9);
const WARM_UP_BYTES = 2e8;
const LOOK_MILLISECONDS = 100;

/** The most that was resident meanwhile, in MB. */
async function stream({ pid, url, token }: Server, bytes: number): Promise<number> {
  const reader = spawn(process.execPath, [READER, url, token, String(bytes)], { stdio: "inherit" });
  let most = 0;
  const look = setInterval(
    () => (most = Math.max(most, residentMegabytes(pid))),
    LOOK_MILLISECONDS,
  );
  const [code] = (await once(reader, "exit")) as [number | null];
  clearInterval(look);
  if (code !== 0) throw new Error(`the slow clients ended with ${code}`);
  return most;
}

/** Whether every source's min-entropy was estimated once. */
async function isEstimated({ url, token }: Server): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const status = await (await fetch(`${url}/v1/status`, { headers })).json();
  const { sources } = status as Pick<ServiceSnapshot, "sources">;
  return sources.every(({ live }) => (live?.windows.estimated ?? 1) > 0);
}

export function run(): Promise<readonly Ratio[]> {
  return withService(async (server, service) => {
    const collected = async (): Promise<number> => {
      await collectGarbage(service);
      return residentMegabytes(server.pid);
    };
    do await stream(server, WARM_UP_BYTES);
    while (!(await isEstimated(server)));
    const before = await collected();
    const begin = performance.now();
    const most = await stream(server, BYTES);
    const seconds = (performance.now() - begin) / 1000;
    const after = await collected();
    const what = `memory after ${BYTES / 1e9} GB to 64 slow clients`;
    const baseline = "after the first of them";
    const figure =
      `${before.toFixed(0)} MB, then ${after.toFixed(0)} MB (collected), at most ` +
      `${most.toFixed(0)} MB meanwhile; ${(BYTES / 1e6 / seconds).toFixed(0)} MB/s`;
    const naming = { what, baseline, goal: 10, figure } as const;
    return [ratioOf({ ...naming, unit: "MB", better: "less" }, [after - before])];
  }, INSPECTED);
}
