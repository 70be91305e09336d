import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { drill } from "../../../../src/key/backup/drill.ts";
import { addRestoredSlot } from "../../../../src/key/backup/restoredSlot.ts";
import { restore } from "../../../../src/key/backup/restore.ts";
import { formatSignerKey } from "../../../../src/log/signer.ts";
import { snapshotDatabase } from "../../../../src/store/snapshotDatabase.ts";
import { checkDestructionReceipt } from "../../../../src/verify/destructionReceipt.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { openRig, type Rig, taken } from "../approval/rig.ts";
import { initialise, keyIn, scheduled } from "../destruction/acts.ts";
import { SIGNER } from "../../log/logs.ts";
import { openRig as openSeal } from "../seal/rig.ts";

/* Debian: age. */
const HAS_AGE = spawnSync("age-keygen", ["--version"]).error === undefined;
const DAY = 86_400_000;

interface Recipient {
  readonly file: string;
  readonly publicKey: string;
  readonly secret: string;
}

function recipient(folder: string, name: string): Recipient {
  const file = join(folder, name);
  execFileSync("age-keygen", ["-o", file], { stdio: "ignore" });
  const text = readFileSync(file, "utf8");
  return {
    file,
    publicKey: /age1[a-z0-9]+/.exec(text)![0],
    secret: /AGE-SECRET-KEY-\S+/.exec(text)![0],
  };
}

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly recipients: readonly Recipient[];
  readonly rig: Rig;
}

async function begun(): Promise<Place> {
  const state = await temporaryState();
  const folder = dirname(state.directory);
  const recipients = ["one", "two"].map((name) => recipient(folder, name));
  const { directory } = state;
  const files = {
    "log.key": `${formatSignerKey(SIGNER.verifier.name, new Uint8Array(32).fill(7))}\n`,
    "log.vkey": `${SIGNER.verifier.verifierKey}\n`,
  };
  const rig = await openRig({
    directory,
    slots: {},
    recipients: recipients.map(({ publicKey }) => publicKey),
    state: {
      directory,
      snapshot: (path) => snapshotDatabase(directory, path),
      read: async (name) => new Uint8Array(Buffer.from(files[name])),
    },
  });
  await initialise(rig.keeper, "passphrase");
  return {
    folder,
    recipients,
    rig,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await state[Symbol.asyncDispose]();
    },
  };
}

async function backup({ rig, folder }: Place, name = "backup.age"): Promise<string> {
  const { stream } = taken(await rig.backups.create("p-admin"));
  const path = join(folder, name);
  await writeFile(path, Readable.fromWeb(stream as never));
  return path;
}

async function restored({ folder }: Place, path: string, secret: string, name = "restored") {
  const directory = join(folder, name);
  const stream = Readable.toWeb(Readable.from([await readFile(path)])) as ReadableStream;
  return { directory, found: await restore(stream, [secret], directory) };
}

describe.skipIf(!HAS_AGE)("a backup", () => {
  test("is restored by either recipient, and every key in it opens", async () => {
    await using place = await begun();
    for (let made = 0; made < 3; made++) await keyIn(place.rig);
    const path = await backup(place);
    // The copy that was made on the way is gone.
    const left = await readdir(join(place.folder, "state"));
    expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    for (const [index, { secret }] of place.recipients.entries()) {
      const { directory, found } = await restored(place, path, secret, `restored-${index}`);
      expect(found.manifest).toMatchObject({ deployment: SIGNER.verifier.name, epoch: 1 });
      expect(drill(directory, found)).toMatchObject({ keys: 3, opened: 3, slots: 1, faults: [] });
    }
  });

  test("counts as taken when it was read to its end, and as tried when somebody says so", async () => {
    await using place = await begun();
    const { backups, tally, keys, leaves } = place.rig;
    const made = keys.clock.wallMilliseconds();
    const of = () => tally.figures().backups;
    await expect.poll(of).toEqual({ takenMilliseconds: made, drilledMilliseconds: made });
    keys.clock.advance(DAY);
    const broken = taken(await backups.create("p-admin"));
    await broken.stream.cancel();
    const path = await backup(place);
    const [first, second] = await backups.list();
    const now = made + DAY;
    expect([first!.takenMilliseconds, second!.takenMilliseconds]).toEqual([null, now]);
    await expect.poll(of).toEqual({ takenMilliseconds: now, drilledMilliseconds: made });

    keys.clock.advance(DAY);
    const { directory, found } = await restored(place, path, place.recipients[1]!.secret);
    expect(drill(directory, found)).toMatchObject({ faults: [] });
    expect(await backups.drilled(found.manifest.id, "p-admin")).toBeNull();
    expect(await backups.drilled("bk-0000000000000000-1", "p-admin")).toMatchObject({
      code: "not_found",
    });
    await expect.poll(of).toEqual({ takenMilliseconds: now, drilledMilliseconds: now + DAY });
    expect((await backups.list())[1]).toMatchObject({ drilledMilliseconds: now + DAY });
    const bodies = await keys.store.read("logLeaf.bodies", [0, 1e9]);
    const told = bodies.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
    expect(told.at(-1)).toMatchObject({ kind: "backup", op: "drill", backup: second!.id });
    expect(await leaves()).toEqual([]);
    // The one that is newest by then: none.
    expect(await backups.discard(second!.id, "p-admin")).toBeNull();
    await expect.poll(of).toEqual({ takenMilliseconds: made, drilledMilliseconds: now + DAY });
  });

  test("is an age file that Debian's age opens", async () => {
    await using place = await begun();
    const path = await backup(place);
    const args = ["--decrypt", "-i", place.recipients[0]!.file, path];
    const plain = execFileSync("age", args, { maxBuffer: 2 ** 28 });
    const manifest = JSON.parse(plain.subarray(0, plain.indexOf(0x0a)).toString());
    expect(manifest).toMatchObject({ kind: "springhouse-backup", epoch: 1 });
    expect((await readFile(path)).includes(Buffer.from("SQLite format 3"))).toBe(false);
  });

  test("cut off, changed, or for somebody else, is restored by nobody", async () => {
    await using place = await begun();
    const path = await backup(place);
    const whole = await readFile(path);
    const { secret } = place.recipients[0]!;
    const changed = Buffer.from(whole);
    changed[whole.length - 100]! ^= 1;
    const other = recipient(place.folder, "other");
    for (const [name, bytes, identity] of [
      ["short", whole.subarray(0, -50), secret],
      ["changed", changed, secret],
      ["other", whole, other.secret],
    ] as const) {
      const file = join(place.folder, `${name}.age`);
      await writeFile(file, bytes);
      await expect(restored(place, file, identity, name), name).rejects.toThrow();
    }
    const full = join(place.folder, "full");
    await mkdir(full);
    await writeFile(join(full, "something"), "");
    await expect(restored(place, path, secret, "full")).rejects.toThrow("not empty");
  });

  test("whose rows were changed does not pass its drill", async () => {
    await using place = await begun();
    const key = await keyIn(place.rig);
    const path = await backup(place);
    const { directory, found } = await restored(place, path, place.recipients[0]!.secret);
    const database = new DatabaseSync(join(directory, "springhouse.db"));
    database.exec("UPDATE key_material SET ciphertext = zeroblob(80)");
    database.close();
    expect(drill(directory, found).faults).toEqual([`version 1 of ${key} does not open`]);
  });

  test("opens by a new passphrase where no slot of before is left", async () => {
    await using place = await begun();
    await keyIn(place.rig);
    const path = await backup(place);
    const { directory, found } = await restored(place, path, place.recipients[1]!.secret);
    const passphrase = new Uint8Array(Buffer.from("found in the safe"));
    const terms = { name: "recovery", passphrase, atMilliseconds: 1 };
    const osRandom = (bytes: number) => new Uint8Array(bytes).fill(3);
    expect(await addRestoredSlot(directory, found.epochKey!, { ...terms, osRandom })).toBeNull();
    await using seal = await openSeal(directory);
    const opening = { slot: "recovery", passphrase: new Uint8Array(passphrase) };
    expect(await seal.keeper.open(opening, "tester")).toMatchObject({ name: "recovery" });
  });

  test("that still holds a destroyed key is named by the receipt, until it is discarded", async () => {
    await using place = await begun();
    const { rig } = place;
    const [first, second] = [await keyIn(rig, "deactivate"), await keyIn(rig, "deactivate")];
    await backup(place);
    const statementOf = async (key: string) => {
      const { id } = await scheduled(rig, key);
      rig.keys.clock.advance(DAY);
      await rig.destructions.runDue();
      const receipt = taken(await rig.destructions.receipt(id));
      const checked = checkDestructionReceipt(receipt, SIGNER.verifier);
      if ("fault" in checked) throw new Error(checked.fault);
      return checked.statement;
    };
    const [made] = await rig.backups.list();
    expect(await statementOf(first)).toMatchObject({
      assurance: "best-effort",
      backups: [{ id: made!.id, epoch: 1, recipients: 2 }],
    });
    expect(await rig.backups.discard(made!.id, "p-admin")).toBeNull();
    expect(await rig.backups.discard(made!.id, "p-admin")).toMatchObject({ code: "conflict" });
    expect((await statementOf(second)).backups).toEqual([]);
  });
});

test("needs two recipients, and an open vault", async () => {
  await using state = await temporaryState();
  const { directory } = state;
  const files = {
    directory,
    snapshot: (path: string) => snapshotDatabase(directory, path),
    read: async () => new Uint8Array(0),
  };
  const one = await openRig({ directory, slots: {}, recipients: ["age1one"], state: files });
  onTestFinished(() => one[Symbol.asyncDispose]());
  expect(await one.backups.create("p")).toMatchObject({ code: "conflict" });
  await using none = await openRig({ slots: {}, recipients: ["age1one", "age1two"] });
  expect(await none.backups.create("p")).toMatchObject({ code: "conflict" });
});
