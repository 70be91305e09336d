import { readFile, readdir } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { materialWrite, readMaterial } from "../../../../src/key/seal/rows.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { predictable } from "../supply.ts";
import {
  bytesOf,
  keyFileSlot,
  material,
  openRig,
  PASSPHRASE,
  passphraseSlot,
  type Rig,
} from "./rig.ts";

const bindingOf = (n: number) => ({
  key: `k-${n}`,
  version: 1,
  algorithm: "aes-256",
  usage: "encrypt",
});

async function keep(rig: Rig, n: number): Promise<void> {
  const wrapped = await rig.keeper.vault.wrap(bindingOf(n), material(`${n}`));
  if ("ok" in wrapped) throw new Error(wrapped.detail);
  await rig.store.write([materialWrite(`k-${n}`, 1, wrapped)]);
}

async function readAll(rig: Rig, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const wrapped = (await readMaterial(rig.store, `k-${n}`, 1))!;
    const read = rig.keeper.vault.open(bindingOf(n), wrapped, (bytes) => Uint8Array.from(bytes));
    expect(read, `k-${n}`).toEqual(material(`${n}`));
  }
}

async function files(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.startsWith("springhouse.db"));
  expect(names).toContain("springhouse.db");
  return (await Promise.all(names.map((name) => readFile(join(directory, name), "latin1")))).join();
}

/** Every form in which bytes might stand in a file. */
function forms(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  const base64 = buffer.toString("base64").slice(0, 40);
  return [buffer.toString("latin1"), buffer.toString("hex"), base64, buffer.toString("base64url")];
}

test("a new epoch takes every material and every slot along, with nobody there", async () => {
  await using state = await temporaryState();
  {
    await using rig = await openRig(state.directory);
    await rig.keeper.initialise(passphraseSlot(), "tester");
    await rig.keeper.addSlot(keyFileSlot(), "tester");
    for (let n = 0; n < 20; n++) await keep(rig, n);
    const old = (await readMaterial(rig.store, "k-0", 1))!;
    // Not even the key file is there.
    const file = rig.files.get("credential")!;
    rig.files.clear();
    const rotated = await rig.keeper.rotate("tester", "the year is over");
    expect(rotated).toMatchObject({
      epoch: 2,
      from: 1,
      materials: 20,
      writeAheadLogEmptied: true,
      retired: [
        { name: "first", kind: "passphrase", epoch: 1, assurance: "best-effort" },
        { name: "machine", kind: "key-file", epoch: 1, assurance: "best-effort" },
      ],
    });
    rig.files.set("credential", file);
    expect(rig.keeper.state()).toMatchObject({ sealed: false, epoch: 2 });
    await readAll(rig, 20);
    const stale = rig.keeper.vault.open(bindingOf(0), old, () => "opened");
    expect(stale).toMatchObject({ code: "conflict" });
    await keep(rig, 20);
    expect((await rig.leaves()).slice(2)).toEqual([
      "epoch rotate",
      "slot retire passphrase",
      "slot retire key-file",
    ]);
    // Neither an epoch's key nor what it wrapped is left in any file.
    const all = await files(state.directory);
    const draws = rig.supply.requests.flatMap(({ purpose, bytes }, index) =>
      purpose === "epoch" ? [predictable(index + 1, bytes).slice(-32)] : [],
    );
    expect(draws).toHaveLength(2);
    for (const secret of [...draws, old.wrappedKey])
      for (const form of forms(secret)) expect(all.includes(form)).toBe(false);
  }
  for (const passphrase of [PASSPHRASE, null]) {
    await using rig = await openRig(state.directory);
    const opening = { passphrase: passphrase === null ? null : bytesOf(passphrase) };
    expect(await rig.keeper.open(opening, "tester")).toMatchObject({ epoch: 2 });
    await readAll(rig, 21);
  }
});

test("material that is stored while the epoch is rotated is not lost, nor refused", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(keyFileSlot(), "tester");
  for (let n = 0; n < 50; n++) await keep(rig, n);
  const rotating = rig.keeper.rotate("tester", null);
  const keeping: Promise<void>[] = [];
  for (let n = 50; n < 200; n++) {
    keeping.push(keep(rig, n));
    if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await rotating).toMatchObject({ epoch: 2 });
  await Promise.all(keeping);
  expect(await rig.keeper.rotate("tester", null)).toMatchObject({ epoch: 3, materials: 200 });
  await readAll(rig, 200);
});

test("a row that is stored too late is found by the database, and taken along", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(keyFileSlot(), "tester");
  await keep(rig, 0);
  const late = await rig.keeper.vault.wrap(bindingOf(1), material("1"));
  if ("ok" in late) throw new Error(late.detail);
  // Queued behind the last look at the rows, and before the commit.
  const { store } = rig;
  const read = store.read.bind(store);
  let looks = 0;
  store.read = async (statement, parameters) => {
    const rows = await read(statement, parameters);
    if (statement === "keyMaterial.page" && ++looks === 2)
      await store.write([materialWrite("k-1", 1, late)]);
    return rows;
  };
  expect(await rig.keeper.rotate("tester", null)).toMatchObject({ epoch: 2, materials: 2 });
  await readAll(rig, 2);
  await expect(store.write([materialWrite("k-2", 1, late)])).rejects.toThrow("not live");
});

test("a slot of another hand is given no new key, and a damaged row stops it", async () => {
  await using state = await temporaryState();
  {
    await using rig = await openRig(state.directory);
    await rig.keeper.initialise(passphraseSlot(), "tester");
    await rig.keeper.addSlot(keyFileSlot(), "tester");
    await keep(rig, 0);
    await rig.keeper.close("tester", null);
    expect(await rig.keeper.rotate("tester", null)).toMatchObject({ code: "sealed" });
  }
  const change = (sql: string): void => {
    const database = new DatabaseSync(join(state.directory, "springhouse.db"));
    database.exec(sql);
    database.close();
  };
  change("UPDATE seal_slot SET parameters = replace(parameters, 'A', 'B') WHERE kind = 'key-file'");
  {
    await using rig = await openRig(state.directory);
    await rig.keeper.open({ passphrase: bytesOf(PASSPHRASE) }, "tester");
    expect(await rig.keeper.rotate("tester", null)).toMatchObject({
      code: "conflict",
      detail: "Slot machine was changed by another hand.",
    });
    const [, machine] = rig.keeper.state().slots;
    await rig.keeper.removeSlot(machine!.id, "tester");
  }
  change("UPDATE key_material SET wrapped_key = zeroblob(40)");
  await using rig = await openRig(state.directory);
  await rig.keeper.open({ passphrase: bytesOf(PASSPHRASE) }, "tester");
  await expect(rig.keeper.rotate("tester", null)).rejects.toMatchObject({
    code: "material_damaged",
  });
  expect(rig.keeper.state()).toMatchObject({ epoch: 1, sealed: false });
});

test("a rotation of which the database does not say what became of it seals the vault", async () => {
  await using state = await temporaryState();
  {
    await using rig = await openRig(state.directory);
    await rig.keeper.initialise(keyFileSlot(), "tester");
    await keep(rig, 0);
    const { store } = rig;
    const write = store.write.bind(store);
    store.write = async (batch) => {
      await write(batch);
      if (batch.some(({ statement }) => statement === "sealEpoch.settle"))
        throw Object.assign(new Error("no word"), { code: "store_failed" });
    };
    await expect(rig.keeper.rotate("tester", null)).rejects.toThrow("no word");
    store.write = write;
    expect(rig.keeper.state().cause).toContain("did not say");
    expect(await rig.keeper.open({ passphrase: null }, "tester")).toMatchObject({ epoch: 2 });
    await readAll(rig, 1);
  }
});
