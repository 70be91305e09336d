import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { AssessmentStatus } from "../../src/assess/desk.ts";
import type { KeptEvent } from "../../src/port/event.ts";
import {
  makeState,
  removeState,
  type Running,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

/** What the service promises from SIGTERM to its end. */
const STOP_MILLISECONDS = 5000;

/**
 * Samples that each depend on the one before, so that they fail the IID track, which takes all of its
 * 10,000 permutations: minutes.
 */
function walk(length: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  let at = 128;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    at = (at + (state >>> 29) - 3) & 0xff;
    return at;
  });
}

async function begin({ url, authorization }: Running): Promise<AssessmentStatus> {
  const begun = await fetch(`${url}/v1/assessments?suite=sp800-90b-iid&bits=8`, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/octet-stream" },
    body: walk(500_000),
  });
  expect(begun.status).toBe(201);
  return (await begun.json()) as AssessmentStatus;
}

const ask = async <T>({ url, authorization }: Running, path: string): Promise<T> =>
  (await (await fetch(url + path, { headers: authorization })).json()) as T;

const isUnderWay = async (service: Running, id: string): Promise<boolean> =>
  /permutations/.test((await ask<AssessmentStatus>(service, `/v1/assessments/${id}`)).progress);

/** The names of a process's threads, as `new Worker` and the kernel have them. */
function threadsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8").trim(),
  );
}

test("an assessment's progress comes over the WebSocket of events, up to its end", async () => {
  const service = await startSpringhouse();
  onTestFinished(async () => void (await service.stop()));
  const socket = new WebSocket(`${service.url.replace("http", "ws")}/v1/events`, {
    headers: service.authorization,
  });
  onTestFinished(() => socket.terminate());
  const heard: KeptEvent[] = [];
  socket.on("message", (frame: Buffer) => heard.push(JSON.parse(frame.toString()) as KeptEvent));
  await new Promise((resolve) => socket.once("open", resolve));
  const { id } = await begin(service);
  const ofIt = (kind: string): readonly KeptEvent[] =>
    heard.filter((event) => event.kind === kind && event.data["assessment"] === id);
  // A line at most every five seconds; on a busy machine the first comes before any permutation is done.
  const counts = (): readonly number[] =>
    ofIt("assessment_progress")
      .map(({ detail }) => /([\d,]+) of at most 10,000 permutations/.exec(detail ?? "")?.[1])
      .map((count) => Number(count?.replaceAll(",", "") ?? 0))
      .filter((count) => count > 0);
  await until("progress, twice", () => counts().length >= 2, 90_000);
  expect(counts()[1]).toBeGreaterThan(counts()[0]!);
  const url = `${service.url}/v1/assessments/${id}`;
  const cancelled = await fetch(url, { method: "DELETE", headers: service.authorization });
  expect(cancelled.status).toBe(204);
  await until("its end", () => ofIt("assessment_ended").length === 1);
  expect(ofIt("assessment_started")).toHaveLength(1);
  expect(ofIt("assessment_ended")[0]!.detail).toMatch(/^cancelled/);
}, 120_000);

test("SIGTERM during an assessment: its threads end in time, nothing is left of it, and the journal says so", async () => {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  const names = async (): Promise<readonly string[]> =>
    (await readdir(state, { recursive: true })).toSorted();
  const first = await startSpringhouse({ state });
  expect(await first.stop()).toBe(0);
  const before = await names();

  const service = await startSpringhouse({ state });
  const { id } = await begin(service);
  await until("permutations", () => isUnderWay(service, id));
  const { pid } = service.child;
  expect(threadsOf(pid!)).toContain("assessor");
  const began = performance.now();
  expect(await service.stop()).toBe(0);
  const took = performance.now() - began;
  expect(took).toBeLessThan(STOP_MILLISECONDS);
  console.log(`stopped in ${took.toFixed(0)} ms`);
  // A thread cannot outlive its process, which is gone.
  expect(() => threadsOf(pid!)).toThrow("ENOENT");
  expect(await names()).toEqual(before);

  const again = await startSpringhouse({ state });
  onTestFinished(async () => void (await again.stop()));
  expect(await ask(again, "/v1/assessments")).toEqual({ assessments: [] });
  const { events } = await ask<{ events: KeptEvent[] }>(again, "/v1/events?since=0&limit=1000");
  const ofIt = events.filter(({ data }) => data["assessment"] === id);
  expect(ofIt.map(({ kind }) => kind).filter((kind) => kind !== "assessment_progress")).toEqual([
    "assessment_started",
    "assessment_ended",
  ]);
  expect(ofIt.at(-1)!.detail).toBe("cancelled: the service was stopped");
}, 120_000);
