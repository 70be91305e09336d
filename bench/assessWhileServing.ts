import { type Running, until } from "../test/support/springhouse.ts";
import { pacedLoad } from "./paced.ts";
import type { LoadResult } from "./pacedLoad.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { serverOf, withService } from "./server.ts";

/*
 * What an assessment by the API costs clients of the same service: they ask at half the rate that was
 * its most just before, and the non-IID track runs on an upload beside them. Rounds with and without
 * take turns.
 */

const SECONDS = 4;
const ROUNDS = 3;
const SAMPLES = 1_000_000;

const load = (service: Running, rate: number): Promise<LoadResult> =>
  pacedLoad(serverOf(service), "/v1/random?bytes=32", SECONDS, rate);

/** Bytes that keep the estimators as busy as a good source does. */
function samples(): Uint8Array {
  const bytes = new Uint8Array(SAMPLES);
  for (let at = 0; at < SAMPLES; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(SAMPLES, at + 65_536)));
  return bytes;
}

interface Status {
  readonly id: string;
  readonly state: string;
}

async function beginAssessment({ url, authorization }: Running): Promise<string> {
  const response = await fetch(`${url}/v1/assessments?bits=8`, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/octet-stream" },
    body: samples(),
  });
  if (response.status !== 201) throw new Error(await response.text());
  return ((await response.json()) as Status).id;
}

async function stateOf({ url, authorization }: Running, id: string): Promise<string> {
  const response = await fetch(`${url}/v1/assessments/${id}`, { headers: authorization });
  return ((await response.json()) as Status).state;
}

/** One after the other until the clients are done, so that there is one at every moment. */
async function assessDuring<T>(service: Running, work: Promise<T>): Promise<T> {
  const end = new AbortController();
  const isDone = (): boolean => end.signal.aborted;
  const done = work.finally(() => end.abort());
  const assessing = (async () => {
    while (!isDone()) {
      const id = await beginAssessment(service);
      const state = await until(
        "an assessment's end",
        async () => {
          const now = await stateOf(service, id);
          return isDone() || now !== "running" ? now : false;
        },
        120_000,
      );
      if (state === "failed") throw new Error("the assessment failed");
      const { url, authorization } = service;
      if (isDone())
        await fetch(`${url}/v1/assessments/${id}`, { method: "DELETE", headers: authorization });
    }
  })();
  const result = await done;
  await assessing;
  return result;
}

const text = (results: readonly LoadResult[]): string => {
  const rate = median(results.map((one) => one.requestsPerSecond)).toFixed(0);
  const p50 = median(results.map((one) => one.p50Milliseconds)).toFixed(2);
  const p99 = median(results.map((one) => one.p99Milliseconds)).toFixed(2);
  return `${rate} requests/s, p50 ${p50} ms, p99 ${p99} ms`;
};

export function run(): Promise<readonly Ratio[]> {
  return withService(async (_server, service) => {
    await load(service, 0);
    const most = (await load(service, 0)).requestsPerSecond;
    const without: LoadResult[] = [];
    const during: LoadResult[] = [];
    for (let round = rounds(ROUNDS); round > 0; round--) {
      without.push(await load(service, most / 2));
      during.push(await assessDuring(service, load(service, most / 2)));
    }
    console.log(`  at most ${most.toFixed(0)} requests/s, asked at half of it`);
    console.log(`  without an assessment: ${text(without)}`);
    console.log(`  beside an assessment:  ${text(during)} (medians of ${during.length})`);
    const rates = (results: readonly LoadResult[]) => results.map((one) => one.requestsPerSecond);
    const what = "requests beside an assessment, at half of the most";
    const naming = { what, baseline: "without one", goal: 0.8, figure: text(during) };
    return [ratioOf(naming, quotients(rates(during), rates(without)))];
  });
}
