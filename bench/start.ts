import { execFileSync, spawn } from "node:child_process";
import { makeState, removeState, until } from "../test/support/springhouse.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";

/* From spawn to the first 200 of /readyz, on a state directory that is new, beside a node that does nothing. */

const BIN = new URL("../bin/springhouse", import.meta.url).pathname;
const STARTS = 7;

/** Milliseconds. */
async function timeToReady(): Promise<number> {
  const state = await makeState();
  const begin = performance.now();
  const child = spawn(BIN, ["serve", "--state", state, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  try {
    let log = "";
    const listening = new Promise<string>((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        const url = /"url":"(http:[^"]+)"/.exec(log)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
    const url = await Promise.race([listening, gone.then(() => Promise.reject(new Error(log)))]);
    await until("readiness", async () => (await fetch(`${url}/readyz`)).ok);
    return performance.now() - begin;
  } finally {
    child.kill();
    await gone;
    await removeState(state);
  }
}

export async function run(): Promise<readonly Ratio[]> {
  // The first start may be the one that compiles.
  const first = await timeToReady();
  const ready: number[] = [];
  const nothing: number[] = [];
  for (let start = rounds(STARTS); start > 0; start--) {
    ready.push(await timeToReady());
    const begin = performance.now();
    execFileSync(process.execPath, ["-e", "0"]);
    nothing.push(performance.now() - begin);
  }
  const figure =
    `ready after ${median(ready).toFixed(0)} ms (to be < 1000), the first ${first.toFixed(0)} ms; ` +
    `theirs ${median(nothing).toFixed(0)} ms`;
  const naming = { what: "start-up", baseline: "a node that does nothing", goal: null, figure };
  return [ratioOf({ ...naming, better: "less" }, quotients(ready, nothing))];
}
