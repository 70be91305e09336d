import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { until } from "../../support/springhouse.ts";
import { isOutlets, openRig, principalOf } from "./rig.ts";

test("an outlet answers out of an instance of its own, and what it gave is counted", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const connection = rig.dial();
  for (let draws = 0; draws < 20; draws++) {
    const answer = await connection.ask(rig.headOf(token, "/v1/random?bytes=100"));
    expect([answer?.status, isOutlets(answer)]).toEqual([200, true]);
  }
  rig.outlets.fold();
  expect(rig.counted(principalOf(rig, token))).toEqual({ requests: 20, bytes: 2000 });
  expect(rig.house.supply.requests.filter(({ door }) => door === "http")).toEqual([]);
});

test.each(["throw", "memory", "terminate"] as const)(
  "a thread that ends by %s takes its connections and no count with it, and another comes",
  async (how) => {
    const rig = await openRig();
    const token = await rig.house.issue(["client"]);
    const principal = principalOf(rig, token);
    const idle = rig.dial();
    for (let draws = 0; draws < 7; draws++)
      await idle.ask(rig.headOf(token, "/v1/random?bytes=10"));
    // A conduit: the house's stream, through the thread.
    const conduit = rig.dial();
    conduit.socket.write(rig.headOf(token, "/v1/stream"));
    await once(conduit.socket, "data");
    await until("the stream to be open", () => rig.house.supply.streamsOpen === 1);
    if (how === "terminate") await rig.terminate();
    else rig.goWrong(how);
    await Promise.all([idle.closed, conduit.closed]);
    await until("the stream to end", () => rig.house.supply.streamsOpen === 0);
    expect(rig.counted(principal)).toEqual({ requests: 7, bytes: 70 });
    expect(rig.outlets.snapshot()).toMatchObject({ answering: 1, lostTotal: 1 });
    expect(rig.outlets.instances()).toEqual([]);
    await rig.answering();
    const before = new Set(rig.seedRecorder.made.slice(0, -1).map(({ id }) => id));
    const answer = await rig.ask(token);
    expect(isOutlets(answer)).toBe(true);
    // Nothing of the state that died goes on: another seed.
    expect(rig.started).toHaveLength(2);
    const seed = answer.headers.get("springhouse-seed")!;
    expect(before.has(seed)).toBe(false);
    rig.outlets.fold();
    expect(rig.counted(principal)).toEqual({ requests: 8, bytes: 102 });
    const lost = rig.events.filter(({ kind }) => kind === "outlet_lost");
    expect(lost).toHaveLength(1);
    expect(JSON.stringify(rig.events)).not.toContain("sph_a_secret");
    if (how === "memory") expect(lost[0]!.detail).toContain("ERR_WORKER_OUT_OF_MEMORY");
  },
);

test("a port that somebody else has: the cause is told, and it is tried again", async () => {
  const taken: Server = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const rig = await openRig({ port, unready: true });
  await until("two attempts", () => rig.started.length === 2);
  expect(rig.outlets.snapshot()).toMatchObject({ configured: 2, answering: 1 });
  expect(rig.events.find(({ kind }) => kind === "outlet_lost")?.detail).toContain("EADDRINUSE");
  await new Promise((resolve) => taken.close(resolve));
  await rig.answering();
  expect(isOutlets(await rig.ask(await rig.house.issue(["client"])))).toBe(true);
});

test("a thread that hangs is ended by a stop", async () => {
  const rig = await openRig();
  rig.goWrong("hang");
  await rig.close();
  expect(rig.outlets.snapshot()).toMatchObject({ answering: 1, lostTotal: 0 });
});

test("a thread that dies while the service stops is not replaced", async () => {
  const rig = await openRig();
  rig.outlets.close();
  await rig.terminate();
  await rig.close();
  expect(rig.started).toHaveLength(1);
  expect(rig.outlets.snapshot().lostTotal).toBe(0);
});

test("no message but a passed-on connection has a token, and no seed stays in the house", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  await rig.ask(token);
  const texts = [...rig.thread().said, ...rig.thread().heard].map((message) =>
    JSON.stringify(message, (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    ),
  );
  expect(texts.filter((text) => text.includes(token))).toEqual([]);
  expect(texts.some((text) => text.startsWith('{"who":'))).toBe(true);
  // What the pool gave was copied into the message and overwritten.
  expect(rig.seeds.taken.length).toBeGreaterThan(0);
  expect(rig.seeds.notOverwritten).toBe(0);
  // The copy went along with the message.
  const lent = rig.thread().sent.flatMap((message) => ("seed" in message ? [message.seed] : []));
  expect(lent.length).toBeGreaterThan(0);
  for (const seed of lent)
    if (seed.type === "prepared")
      expect([seed.entropyInput.byteLength, seed.additionalInput.byteLength]).toEqual([0, 0]);
});
