import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { refuse } from "../../../../src/port/errors.ts";
import { EpochVault } from "../../../../src/key/seal/epochVault.ts";
import { lockedMemory, type SecretMemory } from "../../../../src/key/seal/lockedMemory.ts";
import type { MaterialBinding, WrappedMaterial } from "../../../../src/key/seal/vault.ts";
import { materialRemoval, materialWrite, readMaterial } from "../../../../src/key/seal/rows.ts";
import { argon2Sync, createHash } from "node:crypto";
import { FakeClock } from "../../../support/fakeClock.ts";
import { TestSupply } from "../supply.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import {
  bytesOf,
  keyFileSlot,
  material,
  openRig,
  PASSPHRASE,
  passphraseSlot,
  type Rig,
} from "./rig.ts";

const BINDING = { key: "k-1", version: 1, algorithm: "aes-256", usage: "encrypt" } as const;

async function keep(rig: Rig, secret: Uint8Array, binding = BINDING): Promise<void> {
  const wrapped = await rig.keeper.vault.wrap(binding, secret);
  if ("ok" in wrapped) throw new Error(wrapped.detail);
  await rig.store.write([materialWrite(binding.key, binding.version, wrapped)]);
}

async function read(rig: Rig, binding = BINDING) {
  const wrapped = await readMaterial(rig.store, binding.key, binding.version);
  return rig.keeper.vault.open(binding, wrapped!, (bytes) => Uint8Array.from(bytes));
}

const open = (rig: Rig, passphrase: string | null = PASSPHRASE, slot?: string) =>
  rig.keeper.open(
    { passphrase: passphrase === null ? null : bytesOf(passphrase), ...(slot ? { slot } : {}) },
    "tester",
  );

test("RFC 9106 5.3: the platform's Argon2id is the standard's", () => {
  const tag = argon2Sync("argon2id", {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  });
  expect(tag.toString("hex")).toBe(
    "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659",
  );
});

test("a vault is made, holds material over a restart, and is sealed until a slot opens it", async () => {
  await using state = await temporaryState();
  const secret = material("one");
  {
    await using rig = await openRig(state.directory);
    expect(rig.keeper.state()).toMatchObject({ initialised: false, sealed: true, epoch: null });
    expect(await rig.keeper.vault.wrap(BINDING, secret)).toMatchObject({ code: "sealed" });
    expect(await open(rig)).toMatchObject({ code: "conflict" });
    const slot = await rig.keeper.initialise(passphraseSlot(), "tester");
    expect(slot).toMatchObject({ kind: "passphrase", name: "first", epoch: 1, place: null });
    expect(await rig.keeper.initialise(passphraseSlot(), "tester")).toMatchObject({
      code: "conflict",
    });
    expect(rig.keeper.state()).toMatchObject({ initialised: true, sealed: false, cause: null });
    await keep(rig, secret);
    expect(await read(rig)).toEqual(secret);
    await rig.keeper.close("tester", "for the night");
    expect(rig.keeper.state().cause).toBe("It was shut: for the night");
    expect(await read(rig)).toMatchObject({ code: "sealed" });
    await rig.store.write([materialRemoval("k-2", 1)]);
    expect(await readMaterial(rig.store, "k-2", 1)).toBeUndefined();
    expect(await readMaterial(rig.store, "k-1", 1)).toBeDefined();
    expect(await rig.kinds()).toEqual(["seal_initialised", "seal_closed"]);
  }
  await using rig = await openRig(state.directory);
  expect(rig.keeper.state()).toMatchObject({ initialised: true, sealed: true, epoch: 1 });
  expect(await open(rig, "correct horse battery stable")).toMatchObject({ code: "slot_refused" });
  expect(rig.keeper.state().sealed).toBe(true);
  expect(await open(rig)).toMatchObject({ name: "first" });
  expect(await read(rig)).toEqual(secret);
  expect((await rig.kinds()).slice(2)).toEqual(["seal_refused", "seal_opened"]);
  expect(await rig.leaves()).toEqual(["epoch create", "epoch close", "epoch open"]);
});

test("several slots open the same vault; one that is removed does not, and the last stays", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(passphraseSlot(), "tester");
  await keep(rig, material("one"));
  const machine = await rig.keeper.addSlot(keyFileSlot(), "tester");
  if ("ok" in machine) throw new Error(machine.detail);
  const second = await rig.keeper.addSlot(passphraseSlot("second", "another passphrase"), "tester");
  if ("ok" in second) throw new Error(second.detail);
  expect(await rig.keeper.addSlot(keyFileSlot("machine"), "tester")).toMatchObject({
    code: "conflict",
  });
  expect(rig.keeper.state().slots.map(({ name, place }) => [name, place])).toEqual([
    ["first", null],
    ["machine", "credential"],
    ["second", null],
  ]);
  for (const [passphrase, by] of [
    [null, "machine"],
    ["another passphrase", "second"],
    [PASSPHRASE, "first"],
  ] as const) {
    rig.keeper.seal("again");
    expect(await open(rig, passphrase)).toMatchObject({ name: by });
    expect(await read(rig)).toEqual(material("one"));
  }
  expect(await rig.keeper.removeSlot(second.id, "tester")).toBeNull();
  rig.keeper.seal("again");
  expect(await open(rig, "another passphrase")).toMatchObject({ code: "slot_refused" });
  expect(await open(rig, null, second.id)).toMatchObject({ code: "not_found" });
  expect(await rig.keeper.addSlot(keyFileSlot("x"), "tester")).toMatchObject({ code: "sealed" });
  expect(await rig.keeper.removeSlot(machine.id, "tester")).toBeNull();
  const first = rig.keeper.state().slots[0]!;
  expect(await rig.keeper.removeSlot(first.id, "tester")).toMatchObject({ code: "conflict" });
  const last = rig.store.write([{ statement: "sealSlot.remove", parameters: [first.id] }]);
  await expect(last).rejects.toThrow("without its last slot");
  expect((await rig.leaves()).filter((leaf) => leaf.startsWith("slot"))).toEqual([
    "slot add key-file",
    "slot add passphrase",
    "slot remove passphrase",
    "slot retire passphrase",
    "slot remove key-file",
    "slot retire key-file",
  ]);
});

test("a key file that is another one, or is not there, leaves it sealed", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(keyFileSlot(), "tester");
  rig.keeper.seal("again");
  const right = rig.files.get("credential")!;
  rig.files.set("credential", material("another"));
  expect(await open(rig, null)).toMatchObject({ code: "slot_refused" });
  rig.files.delete("credential");
  expect(await open(rig, null)).toMatchObject({ detail: "no key file credential" });
  rig.files.set("credential", right);
  expect(await open(rig, null)).toMatchObject({ name: "machine" });
});

test("rows that are swapped, renamed or moved to another epoch do not open", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(passphraseSlot(), "tester");
  const other = { ...BINDING, key: "k-2" };
  await keep(rig, material("one"));
  await keep(rig, material("two"), other as typeof BINDING);
  const wrapped = (await readMaterial(rig.store, "k-2", 1))!;
  const mine = (await readMaterial(rig.store, "k-1", 1))!;
  const { vault } = rig.keeper;
  const code = (binding: typeof BINDING, row = mine) => {
    const result = vault.open(binding, row, () => "opened");
    return typeof result === "string" ? result : result.code;
  };
  expect(code(BINDING)).toBe("opened");
  expect(code(BINDING, wrapped)).toBe("material_damaged");
  expect(code(BINDING, { ...mine, wrappedKey: wrapped.wrappedKey })).toBe("material_damaged");
  expect(code(BINDING, { ...mine, ciphertext: new Uint8Array(3) })).toBe("material_damaged");
  expect(code({ ...BINDING, usage: "decrypt" } as never)).toBe("material_damaged");
  expect(code({ ...BINDING, version: 2 } as never)).toBe("material_damaged");
  expect(code(BINDING, { ...mine, epoch: 2 })).toBe("conflict");
  await expect(rig.store.write([materialWrite("k-3", 1, { ...mine, epoch: 2 })])).rejects.toThrow(
    "epoch is not live",
  );
});

test("a slot that another hand changed opens nothing", async () => {
  await using state = await temporaryState();
  {
    await using rig = await openRig(state.directory);
    await rig.keeper.initialise(passphraseSlot(), "tester");
    await rig.keeper.addSlot(keyFileSlot(), "tester");
  }
  const database = new DatabaseSync(join(state.directory, "springhouse.db"));
  database.exec("UPDATE seal_slot SET name = 'renamed' WHERE kind = 'passphrase'");
  database.exec(
    "UPDATE seal_slot SET parameters = replace(parameters, 'salt', 'malt') WHERE kind = 'key-file'",
  );
  database.close();
  await using rig = await openRig(state.directory);
  expect(await open(rig)).toMatchObject({
    code: "slot_refused",
    detail: "Slot renamed was changed by another hand.",
  });
  expect(await open(rig, null)).toMatchObject({ code: "slot_refused" });
  expect(rig.keeper.state().sealed).toBe(true);
});

test("material is in the place for the length of its use, is overwritten, and uses may be nested", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(passphraseSlot(), "tester");
  await keep(rig, material("one"));
  const wrapped = (await readMaterial(rig.store, "k-1", 1))!;
  const { vault } = rig.keeper;
  const nested = vault.open(BINDING, wrapped, (outer) =>
    vault.open(BINDING, wrapped, (inner) => {
      expect(inner.buffer === outer.buffer).toBe(false);
      return [Uint8Array.from(outer), Uint8Array.from(inner)];
    }),
  );
  expect(nested).toEqual([material("one"), material("one")]);
  expect(() => vault.open(BINDING, wrapped, async () => 1)).toThrow("must be done at once");
  expect(() =>
    vault.open(BINDING, wrapped, () => {
      throw new Error("mine");
    }),
  ).toThrow("mine");
  // Sealed from within a use: it ends as it began, and nothing opens afterwards.
  const during = vault.open(BINDING, wrapped, (bytes) => {
    rig.keeper.seal("meanwhile");
    return bytes[0];
  });
  expect(during).toBe(material("one")[0]);
  expect(vault.open(BINDING, wrapped, () => 1)).toMatchObject({ code: "sealed" });
});

/** Memory that a test can look into, whatever was given back. */
function glassMemory(): SecretMemory & { holds(secret: Uint8Array): boolean } {
  const places: Uint8Array[] = [];
  return {
    allocate(length) {
      const bytes = new Uint8Array(length);
      places.push(bytes);
      return { length, use: (use) => use(bytes), free: () => void bytes.fill(0) };
    },
    report: () => ({ ok: true, bytes: 0, detail: "" }),
    holds: (secret) =>
      places.some((place) => Buffer.from(place.buffer).includes(Buffer.from(secret))),
  };
}

async function glassVault() {
  const [memory, clock] = [glassMemory(), new FakeClock()];
  const vault = new EpochVault(memory, new TestSupply(), clock);
  vault.load(1, withBytes(memory, 5));
  const wrapped = await vault.wrap(BINDING, material("one"));
  if ("ok" in wrapped) throw new Error(wrapped.detail);
  let seen: Uint8Array | null = null;
  const use = (fail = false): void => {
    const result = vault.open(BINDING, wrapped, (bytes) => {
      expect(bytes).toEqual(material("one"));
      seen = bytes;
      if (fail) throw new Error("mine");
      return "used";
    });
    expect(result).toBe("used");
  };
  return { memory, clock, vault, wrapped, use, seen: () => seen! };
}

test("what a use was given is overwritten when it ends, well or badly", async () => {
  const { use, seen, vault } = await glassVault();
  for (const fail of [false, true, false]) {
    if (fail) expect(() => use(fail)).toThrow("mine");
    else use();
    expect(seen().every((byte) => byte === 0)).toBe(true);
  }
  vault.seal("over");
});

test("material stays open for 10 ms, and not a moment longer", async () => {
  const { memory, clock, use, vault, wrapped } = await glassVault();
  const open = () => memory.holds(material("one"));
  expect(open()).toBe(false);
  use();
  expect(open()).toBe(true);
  clock.advance(9);
  use();
  expect(open()).toBe(true);
  // From the first opening on: a key that is used without a pause is not open without a pause.
  clock.advance(1);
  expect(open()).toBe(false);
  use();
  // What it is bound to is looked at also while it is open.
  expect(vault.open({ ...BINDING, version: 2 }, wrapped, () => 1)).toMatchObject({
    code: "material_damaged",
  });
  vault.forget("k-2");
  expect(open()).toBe(true);
  vault.forget(BINDING.key);
  expect(open()).toBe(false);
  for (const end of [() => vault.load(2, memory.allocate(32)), () => vault.seal("over")]) {
    vault.load(1, withBytes(memory, 5));
    use();
    expect(open()).toBe(true);
    end();
    expect(open()).toBe(false);
    expect(clock.pending).toBe(0);
  }
});

function withBytes(memory: SecretMemory, byte: number) {
  const key = memory.allocate(32);
  key.use((bytes) => bytes.fill(byte));
  return key;
}

test("more materials than are kept open, long ones too, each opens as itself", async () => {
  const [memory, clock] = [lockedMemory(true), new FakeClock()];
  const vault = new EpochVault(memory, new TestSupply(), clock);
  vault.load(1, memory.allocate(32));
  const kept: { binding: MaterialBinding; secret: Uint8Array; wrapped: WrappedMaterial }[] = [];
  for (let version = 0; version < 100; version++) {
    const binding = { ...BINDING, key: `k-${version % 3}`, version };
    const secret = new Uint8Array(
      createHash("shake256", { outputLength: 1 + 3 * version })
        .update(`${version}`)
        .digest(),
    );
    const wrapped = await vault.wrap(binding, secret);
    if ("ok" in wrapped) throw new Error(wrapped.detail);
    kept.push({ binding, secret, wrapped });
  }
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(99), fc.constantFrom("k-0", "k-1", "wait")), { maxLength: 300 }),
      (acts) => {
        for (const act of [...acts, ...kept.keys()]) {
          if (act === "wait") clock.advance(6);
          else if (typeof act === "string") vault.forget(act);
          else {
            const { binding, secret, wrapped } = kept[act]!;
            expect(vault.open(binding, wrapped, (bytes) => Uint8Array.from(bytes))).toEqual(secret);
          }
        }
      },
    ),
  );
  vault.seal("over");
  expect(clock.pending).toBe(0);
});

test("what is to be wrapped while an epoch ends is wrapped in the next", async () => {
  const memory = lockedMemory(true);
  const vault = new EpochVault(memory, new TestSupply(), new FakeClock());
  vault.load(1, memory.allocate(32));
  let wrapping: ReturnType<EpochVault["wrap"]> | undefined;
  await vault.holdWraps(async () => {
    wrapping = vault.wrap(BINDING, material("one"));
    await new Promise((resolve) => setImmediate(resolve));
    vault.load(2, memory.allocate(32));
  });
  expect(await wrapping).toMatchObject({ epoch: 2 });
});

test("shut while a slot is being opened: it stays shut", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(passphraseSlot(), "tester");
  rig.keeper.seal("again");
  const opening = open(rig);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await rig.keeper.close("tester", null);
  expect(await opening).toMatchObject({ code: "conflict" });
  expect(rig.keeper.state().sealed).toBe(true);
  expect(await rig.kinds()).not.toContain("seal_opened");
});

test("a draw that is refused, and a record that is not kept, make nothing", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  rig.supply.answer = () => refuse("pool_exhausted", "spent");
  expect(await rig.keeper.initialise(passphraseSlot(), "t")).toMatchObject({
    code: "pool_exhausted",
  });
  expect(rig.keeper.state().initialised).toBe(false);
  rig.supply.answer = (_, number) => (number === 3 ? refuse("pool_exhausted", "spent") : null);
  expect(await rig.keeper.initialise(passphraseSlot(), "t")).toMatchObject({
    code: "pool_exhausted",
  });
  rig.supply.answer = null;
  await rig.keeper.initialise(passphraseSlot(), "t");
  await rig.store.close();
  await expect(rig.keeper.addSlot(keyFileSlot(), "t")).rejects.toMatchObject({
    code: "shutting_down",
  });
  expect(rig.keeper.state().slots).toHaveLength(1);
});
