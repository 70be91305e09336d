import { expect, test } from "vitest";
import { until } from "../../support/springhouse.ts";
import { isOutlets, openRig, type Rig } from "./rig.ts";

const SEED_BYTES = 16_384;

/** Seeds that the outlet has put to use, in their order. */
const usedBy = ({ events }: Rig): string[] =>
  events.flatMap(({ kind, data }) => (kind === "reseed" ? [String(data["seed"])] : []));

/** Those that it has and has not put to use. */
async function prepared(rig: Rig, count: number): Promise<string[]> {
  let waiting: string[] = [];
  await until("seeds to be prepared", () => {
    const used = new Set(usedBy(rig));
    const lent = rig.thread().heard.flatMap((message) => {
      if (!("seed" in message) || message.seed.type !== "prepared") return [];
      return [message.seed.seed.id];
    });
    waiting = lent.filter((id) => !used.has(id));
    return waiting.length >= count;
  });
  return waiting;
}

async function answered(rig: Rig, token: string, bytes: number): Promise<string> {
  let seed = "";
  await until("the outlet to answer", async () => {
    const answer = await rig.ask(token, bytes);
    seed = answer.headers.get("springhouse-seed")!;
    return isOutlets(answer);
  });
  return seed;
}

test("a source that fails takes the seeds with it that an outlet has prepared", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  rig.feed(7);
  const waiting = await prepared(rig, 2);
  await answered(rig, token, 100);
  rig.seeds.discard("a");
  rig.drbg.discardSource("a");
  rig.feed(80);
  // More than the live seed has left, and than those had that were dropped.
  for (let draws = 0; draws < 4; draws++) await answered(rig, token, SEED_BYTES);
  const used = usedBy(rig);
  expect(used.length).toBeGreaterThan(3);
  expect(used.filter((id) => waiting.includes(id))).toEqual([]);
});

test("a seed whose record is being written when its source fails never leaves the house", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  rig.seedRecorder.mode = "hangs";
  rig.feed(1);
  await until("the record", () => rig.seedRecorder.waiting === 1);
  const [late] = rig.seedRecorder.made;
  rig.drbg.discardSource("a");
  rig.seedRecorder.mode = "takes";
  rig.seedRecorder.release(true);
  await until("it to be overwritten", () => rig.seeds.notOverwritten === 0);
  rig.feed(80);
  await answered(rig, token, 10);
  expect(usedBy(rig)).not.toContain(late!.id);
  expect(JSON.stringify(rig.thread().heard)).not.toContain(late!.id);
});

test("a record that cannot be written gives no seed, and the house answers; then it may", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  rig.seedRecorder.mode = "fails";
  rig.feed(80);
  await until("the failure", () => rig.thread().heard.some((message) => "seed" in message));
  expect(isOutlets(await rig.ask(token))).toBe(false);
  expect(usedBy(rig)).toEqual([]);
  rig.seedRecorder.mode = "takes";
  const seed = await answered(rig, token, 10);
  expect(rig.seedRecorder.durable.has(seed)).toBe(true);
});

test("without the quorum a prepared seed is not put to use, and with it again it is", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  rig.feed(7);
  const waiting = await prepared(rig, 2);
  const [first] = usedBy(rig);
  rig.seeds.healthy.clear();
  rig.outlets.availabilityChanged();
  // The live seed is sound: it serves to its end.
  expect(await answered(rig, token, SEED_BYTES)).toBe(first);
  for (let draws = 0; draws < 3; draws++) expect(isOutlets(await rig.ask(token, 10))).toBe(false);
  expect(usedBy(rig)).toEqual([first]);
  rig.seeds.healthy.add("a");
  rig.outlets.availabilityChanged();
  expect(waiting).toContain(await answered(rig, token, 10));
});

test.each([0, 2500])(
  "a clone, or a clock that jumped: the next output is of a new seed, after %d ms of quiet",
  async (quiet) => {
    const rig = await openRig();
    const token = await rig.house.issue(["client"]);
    const connection = rig.dial();
    const hot = rig.headOf(token, "/v1/random?bytes=32");
    expect(isOutlets(await connection.ask(hot))).toBe(true);
    await prepared(rig, 1);
    const before = new Set(rig.seedRecorder.made.map(({ id }) => id));
    const live = usedBy(rig);
    const asked = connection.expect();
    rig.drbg.reseedAll("clock_jump");
    // It was sent after that, and no message has reached the outlet yet.
    connection.socket.write(hot);
    const first = (await asked)!;
    if (isOutlets(first)) expect(before.has(first.headers.get("springhouse-seed")!)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, quiet));
    expect(before.has(await answered(rig, token, 10))).toBe(false);
    const later = usedBy(rig).filter((id) => !live.includes(id));
    expect(later.length).toBeGreaterThan(0);
    expect(later.filter((id) => before.has(id))).toEqual([]);
    expect(rig.events.filter(({ reason }) => reason === "clock_jump").length).toBe(1);
  },
);

test("a self-test that fails in the house stops the outlets, and one in an outlet stops all", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  await answered(rig, token, 10);
  rig.drbg.selfTestFailed("a test");
  for (let draws = 0; draws < 3; draws++) expect(isOutlets(await rig.ask(token))).toBe(false);
  const other = await openRig();
  await answered(other, await other.house.issue(["client"]), 10);
  other.thread().worker.emit("message", { selfTestFailed: "in the thread" });
  expect(isOutlets(await other.ask(await other.house.issue(["client"])))).toBe(false);
  expect(other.events.find(({ kind }) => kind === "self_test_failed")?.detail).toContain("thread");
  expect(
    await other.drbg.draw({
      bytes: 1,
      door: "http",
      principal: "p",
      purpose: "random",
      requirement: {},
    }),
  ).toMatchObject({ code: "self_test_failed" });
});

test("two outlets have seeds of their own, and no output twice", async () => {
  const rig = await openRig({ threads: 2 });
  const token = await rig.house.issue(["client"]);
  const bodies = new Set<string>();
  const outputs = new Set<string>();
  const instances = new Map<string, number>();
  const byId = new Map(rig.seedRecorder.made.map((seed) => [seed.id, seed.instance]));
  await until("both of them to answer", async () => {
    const answer = await rig.ask(token);
    if (!isOutlets(answer)) return false;
    for (const { id, instance } of rig.seedRecorder.made) byId.set(id, instance);
    const instance = byId.get(answer.headers.get("springhouse-seed")!)!;
    instances.set(instance, (instances.get(instance) ?? 0) + 1);
    for (const [set, value] of [
      [bodies, answer.body.toString("hex")],
      [outputs, answer.headers.get("springhouse-output")!],
    ] as const) {
      expect(set.has(value)).toBe(false);
      set.add(value);
    }
    return instances.size === 2 && bodies.size > 20;
  });
  expect([...instances.keys()].toSorted()).toEqual(["http-2", "http-3"]);
  expect(rig.seeds.taken.length).toBe(rig.seedRecorder.made.length);
});
