import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { canonicalJson } from "../../../src/log/canonicalJson.ts";
import type { LeafOf } from "../../../src/log/leaf.ts";
import type { Receipt } from "../../../src/log/receipt.ts";
import { ReceiptDesk, type Given, type IssuedReceipt } from "../../../src/log/receiptDesk.ts";
import { signerOf } from "../../../src/log/signer.ts";
import type { TransparencyLog } from "../../../src/log/transparencyLog.ts";
import { StoredLineage } from "../../../src/lineage/lineageReader.ts";
import { createSeedRecorder } from "../../../src/lineage/seedRecorder.ts";
import { refuse, SpringhouseError } from "../../../src/port/errors.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store } from "../../../src/store/store.ts";
import { opensReceipt, parseReceipt, verifyReceipt } from "../../../src/verify/verifyReceipt.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { TestSupply } from "../key/supply.ts";
import { material, outputOf, pendingOutputs } from "../lineage/records.ts";
import { openLog, SIGNER } from "../log/logs.ts";

const MAKER = { configuration: "0123456789abcdef", build: "0".repeat(64) };
const ONE = material("00000000000000b1", 1);
const TWO = material("00000000000000b1", 2, {
  credits: [],
  creditedBits: 0,
  strengthWithoutBest: [0],
  materialFromMilliseconds: 500,
});
const VALUE = Buffer.from("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "hex");

const given = (more: Partial<Given> = {}): Given => ({
  what: "random",
  bytes: VALUE.length,
  pending: pendingOutputs(outputOf(ONE.seed, 7)),
  asked: { strength: 256, sources: 1 },
  value: VALUE,
  ...more,
});

let store: Store;
let full: boolean;
let clock: FakeClock;
let log: TransparencyLog;
let supply: TestSupply;
let desk: ReceiptDesk;

beforeEach(async () => {
  clock = new FakeClock();
  full = false;
  const real = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  store = {
    ...real,
    write: (batch) =>
      full ? Promise.reject(new SpringhouseError("store_failed", "full")) : real.write(batch),
  };
  for (const { seed, blocks, windows } of [ONE, TWO])
    await createSeedRecorder(store).record(seed, blocks, windows);
  log = await openLog(store, clock);
  supply = new TestSupply();
  const lineage = new StoredLineage(store);
  desk = new ReceiptDesk({ clock, log, lineage, random: supply, maker: MAKER });
});
afterEach(async () => {
  await log.stop();
  await store.close();
});

async function issue(...orders: Given[]): Promise<readonly IssuedReceipt[]> {
  const issued = await desk.issue(orders, "p-1");
  if ("ok" in issued) throw new Error(issued.detail);
  return issued;
}

/** As it is after a journey through a file. */
const carried = (receipt: Receipt): Receipt => parseReceipt(JSON.stringify(receipt))!;

describe("a receipt", () => {
  test("holds by itself, and says what was asked, what was met, and what stood behind it", async () => {
    const [{ receipt } = { receipt: null as never }] = await issue(given());
    const verdict = verifyReceipt(carried(receipt), SIGNER.verifier);
    expect(verdict).toMatchObject({
      valid: true,
      position: 1,
      size: 2,
      origin: "log.example/test",
    });
    expect(receipt.leaf).toMatchObject({
      kind: "output",
      actor: "p-1",
      what: "random",
      bytes: 16,
      asked: { strength: 256, sources: 1 },
      met: { strength: 256, sources: 1 },
      births: [{ output: `${ONE.seed.id}.7`, creditedBits: 256, ...MAKER }],
    });
    expect(receipt.lineage[0]?.windows).toHaveLength(2);
  });

  test("is opened by its salt and its value in any form, and by nothing else", async () => {
    const [first, second] = await issue(
      given(),
      given({ pending: pendingOutputs(outputOf(ONE.seed, 8)) }),
    );
    const { leaf } = first!.receipt;
    const opens = (file: Uint8Array | string, salt = first!.salt) =>
      opensReceipt(leaf, salt, Buffer.from(file as string));
    for (const form of [
      VALUE,
      VALUE.toString("hex"),
      `${VALUE.toString("hex")}\n`,
      `${VALUE.toString("base64")}\n`,
    ])
      expect(opens(form)).toBe(true);
    expect(opens(VALUE, second!.salt)).toBe(false);
    expect(opens(VALUE, new Uint8Array(32))).toBe(false);
    expect(opens(VALUE, first!.salt.subarray(1))).toBe(false);
    expect(opens(VALUE.subarray(1))).toBe(false);
    expect(opens("")).toBe(false);
    // Two receipts of one value have nothing in common that could tell.
    const commitments = [first!, second!].map(
      ({ receipt }) => (receipt.leaf as LeafOf<"output">).commitment,
    );
    expect(new Set(commitments).size).toBe(2);
  });

  test("of a key is opened by the key as it was answered", async () => {
    const key = { kty: "oct", k: "AAAA", alg: "A" };
    const value = Buffer.from(canonicalJson(key));
    const [{ receipt, salt } = null as never] = await issue(
      given({ what: "key", type: "aes-256", format: "jwk", value }),
    );
    const turned = { k: key.k, kty: key.kty, alg: key.alg };
    const pretty = Buffer.from(`${JSON.stringify(turned, null, 2)}\n`);
    expect(opensReceipt(receipt.leaf, salt, pretty)).toBe(true);
    expect(opensReceipt(receipt.leaf, salt, Buffer.from('{"kty":"oct"}'))).toBe(false);
  });

  test("of an output that was split tells of every seed, and of the worst", async () => {
    const pending = pendingOutputs(outputOf(ONE.seed, 7), outputOf(TWO.seed, 7));
    const [{ receipt } = null as never] = await issue(given({ pending }));
    expect(receipt.leaf).toMatchObject({
      met: { sources: 0, seedAgeSeconds: (clock.wallMilliseconds() - 500) / 1000 },
      births: [{ seed: ONE.seed.id }, { seed: TWO.seed.id }],
    });
    expect(verifyReceipt(carried(receipt), SIGNER.verifier).valid).toBe(true);
  });

  test("holds no value and no salt", async () => {
    const [{ receipt, salt } = null as never] = await issue(given());
    const text = JSON.stringify(receipt) + JSON.stringify(await log.entries(0, 2));
    for (const secret of [VALUE, Buffer.from(salt)])
      for (const form of ["hex", "base64", "base64url"] as const)
        expect(text).not.toContain(secret.toString(form).slice(0, 20));
    // The drawn salts were overwritten where they came from.
    expect(supply.given.flatMap((bytes) => [...bytes]).every((byte) => byte === 0)).toBe(true);
  });

  test("is of no use once anything in it is altered", async () => {
    const receipts = await issue(
      given(),
      given({ pending: pendingOutputs(outputOf(TWO.seed, 7)) }),
    );
    const receipt = carried(receipts[0]!.receipt);
    const other = carried(receipts[1]!.receipt);
    const leaf = receipt.leaf as LeafOf<"output">;
    const lineage = receipt.lineage[0]!;
    const windows = lineage.windows.map((window) => ({ ...window, margins: {} }));
    const altered: [string, Receipt][] = [
      ["its leaf is not in that log", { ...receipt, leaf: { ...leaf, actor: "p-2" } }],
      ["its leaf is not in that log", { ...receipt, leaf: other.leaf }],
      ["its leaf is not in that log", { ...receipt, position: receipt.position + 1 }],
      ["its leaf is not in that log", { ...receipt, proof: receipt.proof.slice(1) }],
      ["its leaf is not in that log", { ...receipt, position: 1e15 }],
      ["not signed", { ...receipt, checkpoint: receipt.checkpoint.replace("\n3\n", "\n4\n") }],
      ["no leaf", { ...receipt, leaf: { ...leaf, more: 1 } as typeof leaf }],
      ["later version", { ...receipt, leaf: { kind: "to_come" } as unknown as typeof leaf }],
      ["lineage", { ...receipt, lineage: [] }],
      ["lineage", { ...receipt, lineage: other.lineage }],
      ["lineage", { ...receipt, lineage: [{ ...lineage, windows }] }],
      [
        "lineage",
        { ...receipt, lineage: [{ ...lineage, seed: { ...lineage.seed, at: 1 } as never }] },
      ],
      ["lineage", { ...receipt, lineage: [null as never] }],
    ];
    for (const [fault, bent] of altered)
      expect(verifyReceipt(bent, SIGNER.verifier)).toEqual({
        valid: false,
        fault: expect.stringContaining(fault) as string,
      });
    const key = signerOf("log.example/test", new Uint8Array(32).fill(9)).verifier;
    expect(verifyReceipt(receipt, key).valid).toBe(false);
  });

  test("is to be had again by the leaf's id, by who made it and by whoever reads all", async () => {
    const [{ receipt } = null as never] = await issue(given());
    // Whatever wrote a leaf knows its id.
    const id = await log.append(receipt.leaf);
    const again = await desk.receiptOf(id, "p-1");
    expect(again?.leaf).toEqual(receipt.leaf);
    expect(verifyReceipt(carried(again!), SIGNER.verifier).valid).toBe(true);
    expect(await desk.receiptOf(id, null)).toEqual(again);
    expect(await desk.receiptOf(id, "p-2")).toBeUndefined();
    expect(await desk.receiptOf("lf-0000000000000000-9", null)).toBeUndefined();
  });

  test.each(["", "null", "[]", "{}", '{"format":"springhouse receipt v1"}', "not JSON"])(
    "%j is none",
    (text) => expect(parseReceipt(text)).toBeNull(),
  );
});

describe("where no receipt can be had", () => {
  test("a log that is late says so before anything is drawn", async () => {
    expect(desk.unavailable()).toBeNull();
    await log.append((await issue(given()))[0]!.receipt.leaf);
    full = true;
    await clock.run(5000);
    expect(desk.unavailable()).toBeNull();
    await clock.run(1);
    expect(desk.unavailable()).toMatchObject({
      code: "store_failed",
      detail: expect.stringContaining("5 s behind") as string,
      retryAfterSeconds: 5,
    });
    full = false;
    await clock.run(2000);
    expect(desk.unavailable()).toBeNull();
  });

  test("a full disk leaves no leaf", async () => {
    await clock.run(1000);
    full = true;
    await expect(desk.issue([given(), given()], "p-1")).rejects.toMatchObject({
      code: "store_failed",
    });
    full = false;
    expect(await store.read("output.page", [ONE.seed.id, 0, 10])).toEqual([]);
    await clock.run(1000);
    expect(log.checkpoint().size).toBe(1);
  });

  test("the record of its output comes with its leaf, in one batch", async () => {
    const written = vi.spyOn(store, "write");
    await issue(given());
    const statements = written.mock.calls.map(([batch]) => batch.map(({ statement }) => statement));
    expect(statements).toContainEqual(["output.insert", "logLeaf.insert"]);
    expect(await store.read("output.page", [ONE.seed.id, 0, 10])).toHaveLength(1);
  });

  test("an output that was overtaken meanwhile is not answered", async () => {
    const refusal = () => refuse("pool_exhausted", "reseeded");
    const pending = { ...pendingOutputs(outputOf(ONE.seed, 7)), refusal };
    expect(await desk.issue([given({ pending })], "p-1")).toMatchObject({ code: "pool_exhausted" });
  });

  test("what refuses the salts refuses the receipt", async () => {
    supply.answer = () => refuse("pool_exhausted", "spent");
    expect(await desk.issue([given()], "p-1")).toMatchObject({ code: "pool_exhausted" });
  });
});
