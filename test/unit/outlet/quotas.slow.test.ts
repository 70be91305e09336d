import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { until } from "../../support/springhouse.ts";
import { isOutlets, openRig, principalOf } from "./rig.ts";

const QUOTAS = new URL("../../../src/access/quotas.ts", import.meta.url).href;

/** Takes one at a time, at one instant, until the bucket has no more. */
const TAKER = `
const { parentPort, workerData } = require("node:worker_threads");
import(${JSON.stringify(QUOTAS)}).then(({ Bucket }) => {
  const cells = new BigInt64Array(workerData.shared);
  const bucket = new Bucket(workerData.perSecond, null, cells, 0);
  const gate = new Int32Array(workerData.gate);
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < workerData.threads);
  let taken = 0;
  while (bucket.admit(1, 1000) === 0) taken++;
  parentPort.postMessage(taken);
});
`;

test("threads that take out of one bucket at the same time get no more than it has", async () => {
  const { Bucket } = await import("../../../src/access/quotas.ts");
  const shared = new SharedArrayBuffer(8);
  const gate = new SharedArrayBuffer(4);
  const [perSecond, threads] = [200_000, 3];
  const bucket = new Bucket(perSecond, 1000, new BigInt64Array(shared), 0);
  const taken = await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(TAKER, {
        eval: true,
        workerData: { shared, gate, perSecond, threads },
      });
      return new Promise<number>((resolve, reject) =>
        worker.once("message", resolve).once("error", reject),
      );
    }),
  );
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(perSecond);
  expect(bucket.wait(1, 1000)).toBeGreaterThan(0);
});

test("what is given back can be taken again, and no more", async () => {
  const { Bucket } = await import("../../../src/access/quotas.ts");
  const bucket = new Bucket(10, 0);
  expect(bucket.admit(10, 0)).toBe(0);
  expect(bucket.admit(1, 0)).toBeGreaterThan(0);
  bucket.giveBack(4);
  expect([bucket.admit(4, 0), bucket.admit(1, 0)]).toEqual([0, 100]);
  // Long after it was full again it holds a second's worth all the same.
  bucket.giveBack(10);
  expect([bucket.admit(10, 60_000), bucket.admit(1, 60_000)]).toEqual([0, 100]);
});

test("many that wait for one seed get no more than their quota", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const quota = { requestsPerSecond: 5, bytesPerSecond: null };
  const token = await rig.house.issue(["client"], quota);
  rig.feed(1);
  const begun = performance.now();
  const connections = Array.from({ length: 60 }, () => rig.dial());
  await Promise.all(connections.map(({ opened }) => opened));
  // Known to the outlet, which has no seed left: the first is spent.
  const other = await rig.house.issue(["client"]);
  await until("a seed", async () => isOutlets(await rig.ask(other, 16_384)));
  const answers = connections.map((one) => one.ask(rig.headOf(token, "/v1/random?bytes=32")));
  await new Promise((resolve) => setTimeout(resolve, 100));
  rig.feed(40);
  const statuses = (await Promise.all(answers)).map((answer) => answer!.status);
  const most = 5 + (5 * (performance.now() - begun)) / 1000;
  expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(most);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(30);
});

test("outlets and house together give what one bucket has", async () => {
  const rig = await openRig({ threads: 2 });
  const quota = { requestsPerSecond: 50, bytesPerSecond: null };
  const token = await rig.house.issue(["client"], quota);
  const begun = performance.now();
  const statuses: number[] = [];
  await Promise.all(
    Array.from({ length: 12 }, async (_, at) => {
      const connection = rig.dial();
      // The house's, from then on.
      if (at % 3 === 0) await connection.ask(rig.headOf(token, "/v1/nothing"));
      for (let asked = 0; asked < 20; asked++) {
        const answer = await connection.ask(rig.headOf(token, "/v1/random?bytes=32"));
        statuses.push(answer!.status);
      }
    }),
  );
  const most = 50 + (50 * (performance.now() - begun)) / 1000;
  const served = statuses.filter((status) => status === 200).length;
  expect(served).toBeLessThanOrEqual(most);
  expect(served).toBeGreaterThanOrEqual(50);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  rig.outlets.fold();
  // Whoever gave it, it is counted once.
  const principal = principalOf(rig, token);
  const use = rig.house.access.quotas.uses().find(({ client }) => client === principal);
  expect(use).toMatchObject({ requests: served, bytes: 32 * served });
});

test("a quota of bytes, too: what is refused for its bytes costs no second request", async () => {
  const rig = await openRig();
  const quota = { requestsPerSecond: 100, bytesPerSecond: 1000 };
  const token = await rig.house.issue(["client"], quota);
  const connection = rig.dial();
  const ask = async (bytes: number) =>
    (await connection.ask(rig.headOf(token, `/v1/random?bytes=${bytes}`)))!.status;
  expect(await ask(900)).toBe(200);
  expect(await ask(900)).toBe(429);
  rig.outlets.fold();
  const principal = principalOf(rig, token);
  const use = rig.house.access.quotas.uses().find(({ client }) => client === principal);
  // The house counts a request before it looks at its bytes.
  expect(use).toMatchObject({ requests: 2, bytes: 900, refusedRequests: 0, refusedBytes: 1 });
});
