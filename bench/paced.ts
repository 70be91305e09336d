import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { LoadResult } from "./pacedLoad.ts";
import type { Server } from "./server.ts";

const LOAD = new URL("pacedLoad.ts", import.meta.url).pathname;
const execFileAsync = promisify(execFile);

/** GETs by 32 clients at so many requests a second; with 0, as fast as they are answered. */
export async function pacedLoad(
  { url, token }: Server,
  path: string,
  seconds: number,
  rate: number,
): Promise<LoadResult> {
  const args = [LOAD, url + path, token, String(seconds), String(rate)];
  const { stdout } = await execFileAsync(process.execPath, args);
  return JSON.parse(stdout) as LoadResult;
}
