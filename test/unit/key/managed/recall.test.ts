import { expect, test } from "vitest";
import type { KeyService } from "../../../../src/key/managed/keyService.ts";
import { RecallDesk } from "../../../../src/log/recallDesk.ts";
import type { RecallLine } from "../../../../src/port/recall.ts";
import { openLog } from "../../log/logs.ts";
import { ADMIN, given, openRig, OWNER } from "./rig.ts";

/** As `service/doors.ts` ties them. */
const suspending =
  (service: KeyService) =>
  async (key: string, version: number, { actor, reason }: { actor: string; reason: string }) => {
    const rest = { occurredMilliseconds: null, approval: null } as const;
    const order = { transition: "suspend", version, reason, ...rest } as const;
    const changed = await service.transit(key, order, { id: actor, anyKey: true });
    return "ok" in changed ? changed : null;
  };

test("a recall suspends each active key that no longer has its strength, and no other", async () => {
  await using rig = await openRig();
  const { room, store, clock } = rig;
  const { service } = room;
  const created = given(await service.create({ type: "aes-256" }, {}, OWNER));
  const waiting = given(await service.create({ type: "aes-256", activate: false }, {}, OWNER));
  const imported = given(
    await service.import({ type: "aes-256" }, new Uint8Array(32).fill(5), OWNER),
  );
  const stopped = given(await service.create({ type: "aes-256" }, {}, OWNER));
  const rest = { occurredMilliseconds: null, approval: null } as const;
  const stop = { transition: "suspend", version: null, reason: "before", ...rest } as const;
  given(await service.transit(stopped.record.id, stop, ADMIN));

  const log = await openLog(store, clock);
  const desk = new RecallDesk({
    clock,
    store,
    log,
    record: (_event, together) => store.write(together),
    suspend: suspending(service),
  });
  const run = async (source: string, suspend: boolean): Promise<RecallLine[]> => {
    const order = { source, fromMilliseconds: 0, toMilliseconds: 10_000 };
    const lines: RecallLine[] = [];
    for await (const line of desk.run({ order, actor: "p-operator", reason: null, suspend }))
      lines.push(line);
    return lines;
  };
  const stateOf = async (id: string): Promise<string | undefined> =>
    (await rig.stored()).get(id)?.states[0];

  // Looking alone changes nothing.
  const looked = await run("trng", false);
  expect(looked.at(-1)).toMatchObject({ outputs: 3, failing: 3, suspended: 0, unsuspended: 0 });
  expect(await stateOf(created.record.id)).toBe("active");
  expect((await run("another", true)).at(-1)).toMatchObject({ outputs: 0, suspended: 0 });

  const lines = await run("trng", true);
  const of = (id: string) =>
    lines.find((line) => line.record === "output" && line.key?.id === id) as RecallLine;
  expect(lines.at(-1)).toMatchObject({ outputs: 3, failing: 3, suspended: 1, unsuspended: 0 });
  expect(of(created.record.id)).toMatchObject({ holds: false, suspension: "suspended" });
  expect(of(waiting.record.id)).toMatchObject({ suspension: "version 1 is pre-activation" });
  expect(of(stopped.record.id)).toMatchObject({ suspension: "version 1 is suspended" });
  expect(of(imported.record.id)).toBeUndefined();
  expect(await stateOf(created.record.id)).toBe("suspended");
  expect(await stateOf(waiting.record.id)).toBe("pre-activation");
  expect(await stateOf(imported.record.id)).toBe("active");
  // Who did it, and why, is in the log; and it replays.
  expect((await rig.leaves()).at(-1)).toMatchObject({
    op: "suspend",
    key: created.record.id,
    actor: "p-operator",
    reason: "recall of trng",
  });
  expect(await rig.replayed()).toEqual(await rig.stored());
  await log.stop();
});

test("a key that cannot be suspended is told of, and the recall goes on", async () => {
  await using rig = await openRig();
  const { room, store, clock } = rig;
  for (const _ of [1, 2]) given(await room.service.create({ type: "aes-256" }, {}, OWNER));
  const log = await openLog(store, clock);
  const desk = new RecallDesk({
    clock,
    store,
    log,
    record: (_event, together) => store.write(together),
    suspend: async () => ({
      ok: false,
      code: "busy",
      detail: "as many as may",
      remedy: "",
      unmet: [],
      retryAfterSeconds: null,
    }),
  });
  const lines: RecallLine[] = [];
  const order = { source: "trng", fromMilliseconds: 0, toMilliseconds: 10_000 };
  for await (const line of desk.run({ order, actor: "p-operator", reason: null, suspend: true }))
    lines.push(line);
  expect(lines).toMatchObject([
    { suspension: "as many as may" },
    { suspension: "as many as may" },
    { suspended: 0, unsuspended: 2 },
  ]);
  await log.stop();
});
