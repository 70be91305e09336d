import { expect, test } from "vitest";
import {
  PAIR_LIFETIME_MILLISECONDS,
  PAIR_LIMITS,
  PairedKeys,
} from "../../../../src/key/distribution/pairedKeys.ts";
import { decodeLeaf } from "../../../../src/log/leaf.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { given, openRig, type Rig } from "../managed/rig.ts";

const PAIR = { master: "token-a", slave: "token-b" } as const;
const ASKED = { number: 2, bytes: 32 } as const;

async function open(): Promise<{ rig: Rig; pairs: PairedKeys }> {
  const rig = await openRig();
  const pairs = new PairedKeys({
    store: rig.store,
    vault: rig.port,
    random: rig.supply,
    now: () => rig.room.service.now(),
    record: async (event, writes, leaf) => {
      await rig.log.append(leaf, writes, (batch) => rig.journal.record(event, batch));
    },
  });
  return { rig, pairs };
}

async function leaves({ store }: Rig) {
  const rows = await store.read("logLeaf.bodies", [0, 1e9]);
  return rows.flatMap(({ body }) => {
    const { leaf } = decodeLeaf(Buffer.from(String(body)));
    return leaf?.kind === "export" ? [leaf] : [];
  });
}

test("both parties get the same fresh keys, each once, and each handing over is a leaf", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const made = given(await pairs.encrypt(PAIR, ASKED));
  const ids = made.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect(made[0]!.bytes).not.toEqual(made[1]!.bytes);
  const fetched = given(await pairs.decrypt(PAIR, ids));
  expect(fetched).toEqual(made);
  expect(await pairs.decrypt(PAIR, ids)).toMatchObject({ code: "not_found" });
  expect(await leaves(rig)).toMatchObject([
    { of: "pair", keys: ids, to: "master", actor: PAIR.master, slave: PAIR.slave },
    { of: "pair", keys: ids, to: "slave", actor: PAIR.slave, master: PAIR.master },
  ]);
  for (const id of ids) expect(await rig.store.read("keyMaterial.one", [id, 1])).toEqual([]);
});

test("nobody else gets a key, the master itself not a second time", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const [{ id }] = given(await pairs.encrypt(PAIR, { number: 1, bytes: 32 })) as unknown as [
    { id: string },
  ];
  for (const pair of [
    { master: PAIR.master, slave: "token-c" },
    { master: "token-c", slave: PAIR.slave },
    { master: PAIR.slave, slave: PAIR.master },
  ])
    expect(await pairs.decrypt(pair, [id])).toMatchObject({ code: "not_found" });
  expect(await pairs.encrypt({ master: "token-a", slave: "token-a" }, ASKED)).toMatchObject({
    code: "invalid_parameter",
  });
  expect(given(await pairs.decrypt(PAIR, [id]))).toHaveLength(1);
});

test("two who ask for the same key at once: one has it", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const [{ id }] = given(await pairs.encrypt(PAIR, { number: 1, bytes: 32 })) as unknown as [
    { id: string },
  ];
  const answers = await Promise.all([1, 2, 3].map(() => pairs.decrypt(PAIR, [id])));
  expect(answers.filter((answer) => !("ok" in answer))).toHaveLength(1);
  expect(await leaves(rig)).toHaveLength(2);
});

test("all that are asked for or none", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const ids = given(await pairs.encrypt(PAIR, ASKED)).map(({ id }) => id);
  const unknown = "00000000-0000-4000-8000-000000000000";
  expect(await pairs.decrypt(PAIR, [...ids, unknown])).toMatchObject({ code: "not_found" });
  expect(given(await pairs.decrypt(PAIR, ids))).toHaveLength(2);
});

test("without a durable leaf nobody gets anything", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const failing = async (): Promise<void> => {
    throw new SpringhouseError("store_failed", "the disk is full");
  };
  rig.spoil = failing;
  await expect(pairs.encrypt(PAIR, ASKED)).rejects.toMatchObject({ code: "store_failed" });
  rig.spoil = null;
  expect(await pairs.waiting(PAIR)).toBe(0);
  const ids = given(await pairs.encrypt(PAIR, ASKED)).map(({ id }) => id);
  rig.spoil = failing;
  await expect(pairs.decrypt(PAIR, ids)).rejects.toMatchObject({ code: "store_failed" });
  rig.spoil = null;
  expect(given(await pairs.decrypt(PAIR, ids))).toHaveLength(2);
});

test("sealed, nothing is handed over; open again, what waited is there", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const ids = given(await pairs.encrypt(PAIR, ASKED)).map(({ id }) => id);
  rig.vault.seal("closed for the test");
  const drawn = rig.supply.given.length;
  expect(await pairs.encrypt(PAIR, ASKED)).toMatchObject({ code: "sealed" });
  expect(rig.supply.given.length).toBe(drawn);
  expect(await pairs.decrypt(PAIR, ids)).toMatchObject({ code: "sealed" });
  rig.openVault();
  expect(given(await pairs.decrypt(PAIR, ids))).toHaveLength(2);
});

test("what nobody fetches is thrown away after a day, and a pair has only so many that wait", async () => {
  const { rig, pairs } = await open();
  await using _ = rig;
  const many = { number: PAIR_LIMITS.keysPerRequest, bytes: 16 };
  for (let waiting = 0; waiting < PAIR_LIMITS.keysWaiting; waiting += many.number)
    given(await pairs.encrypt(PAIR, many));
  expect(await pairs.waiting(PAIR)).toBe(PAIR_LIMITS.keysWaiting);
  expect(await pairs.encrypt(PAIR, { number: 1, bytes: 16 })).toMatchObject({ code: "busy" });
  const other = { master: "token-a", slave: "token-c" };
  const [{ id }] = given(await pairs.encrypt(other, { number: 1, bytes: 16 })) as unknown as [
    { id: string },
  ];
  rig.clock.advance(PAIR_LIFETIME_MILLISECONDS + 1);
  for (let rounds = 0; rounds < 5; rounds++) await pairs.decrypt(other, [id]);
  expect(await pairs.waiting(PAIR)).toBe(0);
  expect(await pairs.decrypt(other, [id])).toMatchObject({ code: "not_found" });
});
