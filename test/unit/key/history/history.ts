import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect } from "vitest";
import { parseSshPublicKey } from "../../../../src/key/approval/sshKey.ts";
import { readCustodians, readIntent } from "../../../../src/key/approval/rows.ts";
import { toDestruction } from "../../../../src/key/destruction/rows.ts";
import { exportApproved } from "../../../../src/key/distribution/approvedExport.ts";
import { PairedKeys } from "../../../../src/key/distribution/pairedKeys.ts";
import { readMaterial } from "../../../../src/key/seal/rows.ts";
import type { SlotKeeper } from "../../../../src/key/seal/slot.ts";
import type { TpmConfiguration } from "../../../../src/key/seal/tpmTools.ts";
import type { TokenConfiguration } from "../../../../src/key/seal/pkcs11Slot.ts";
import { digestOf } from "../../../../src/key/approval/intent.ts";
import { decodeLeaf } from "../../../../src/log/leaf.ts";
import {
  type Command,
  COMMAND_OPERATIONS,
  type IntentDescription,
} from "../../../../src/port/approval.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { History } from "../../../../src/verify/replay/history.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { testCustodian } from "../approval/custodians.ts";
import { enrolment, openRig, signatureOf, type Rig } from "../approval/rig.ts";
import { curveRecipient, pairOf } from "../distribution/keys.ts";
import { OWNER } from "../managed/rig.ts";
import { openRig as openSeal } from "../seal/rig.ts";

/*
 * What must hold after every history of keys (issue: "three invariants"): no material is in anything that
 * was written or said, the log replayed is the database, and what was destroyed opens from no copy.
 */

const DAY = 86_400_000;
const PEOPLE = ["ada", "ben", "cyd", "dan"].map((name) => testCustodian(name));
const RECIPIENT = curveRecipient("jwe", pairOf("X25519", 1).publicJwk);
const CONTEXT = { tenant: "7" };
const CANARY = Buffer.from("0123456789abcdefcanary+canary/ca");

export interface Devices {
  readonly device?: SlotKeeper;
  readonly tokens?: readonly TokenConfiguration[];
  readonly tpms?: readonly TpmConfiguration[];
}

/** A step: what is done, and small numbers that say with which of the things there are. */
const ACTS = [
  "create",
  "create",
  "import",
  "rotate",
  "activate",
  "suspend",
  "suspend",
  "deactivate",
  "deactivate",
  "compromise",
  "policy",
  "use",
  "pair",
  "ask",
  "ask",
  "approve",
  "approve",
  "withdraw",
  "execute",
  "execute",
  "approved",
  "approved",
  "approved",
  "approved",
  "destroyed",
  "destroyed",
  "wait",
  "later",
  "jump",
  "due",
  "call off",
  "epoch",
  "add slot",
  "remove slot",
  "copy",
  "crash",
  "full disk",
] as const;
export type Step = readonly [(typeof ACTS)[number], number, number];

export const steps = (maximum: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(30), fc.nat(30)), {
    minLength: Math.floor(maximum / 2),
    maxLength: maximum,
    size: "max",
  });

interface World {
  rig: Rig;
  directory: string;
  readonly parent: string;
  readonly clock: FakeClock;
  readonly devices: Devices;
  /** Directories with everything that was ever written. */
  readonly copies: string[];
  /** Everything that was answered, refused, thrown or told. */
  readonly told: string[];
  /** Of draws, and of what was brought in. */
  readonly secrets: Uint8Array[];
  readonly done: Map<string, number>;
}

async function open(directory: string, clock: FakeClock, devices: Devices): Promise<Rig> {
  const rig = await openRig({ directory, clock, slots: devices, windowMilliseconds: DAY });
  await rig.keeper!.open({ passphrase: null }, "tester");
  return rig;
}

const slotOf = ({ tpms }: Devices, name: string) =>
  tpms
    ? ({ kind: "tpm2", name, passphrase: null, place: "tpm" } as const)
    : ({ kind: "pkcs11", name, passphrase: null, place: "hsm" } as const);

async function copied(world: World): Promise<string> {
  const copy = join(world.parent, `copy-${world.copies.length}`);
  await mkdir(copy, { mode: 0o700 });
  for (const name of await readdir(world.directory))
    await cp(join(world.directory, name), join(copy, name));
  world.copies.push(copy);
  return copy;
}

/** What a rig has drawn since it was opened, and what it said of events. */
async function collect({ rig, secrets, told }: World): Promise<void> {
  const { given, purposes } = rig.keys.supply;
  for (const [at, bytes] of given.entries())
    // Ids of a pair's keys are drawn with them; what the keys are is looked for by itself.
    if (bytes.length >= 24 && purposes[at] !== "pair") secrets.push(bytes);
  told.push(JSON.stringify(await rig.keys.journal.since(0, 10_000)));
  told.push(JSON.stringify([rig.failures, rig.keys.failures]));
}

/** Runs a history over real SQLite, a real log and a real vault. @returns how often each act was done */
export async function runHistory(
  devices: Devices,
  history: readonly Step[],
): Promise<ReadonlyMap<string, number>> {
  const state = await temporaryState();
  const clock = new FakeClock();
  const parent = join(state.directory, "..");
  const world: World = {
    rig: await open(state.directory, clock, devices),
    directory: state.directory,
    parent,
    clock,
    devices,
    copies: [],
    told: [],
    secrets: [CANARY],
    done: new Map(),
  };
  try {
    await world.rig.keeper!.initialise(slotOf(devices, "first"), "tester");
    await world.rig.approvals.bootstrap(
      PEOPLE.slice(0, 3).map((who) => enrolment(who)),
      "p-admin",
    );
    for (const step of history) await take(world, step);
    await copied(world);
    await collect(world);
    await replayIsDatabase(world);
    for (const { kind, op } of await acts(world))
      world.done.set(`${kind} ${op}`, (world.done.get(`${kind} ${op}`) ?? 0) + 1);
  } finally {
    await world.rig[Symbol.asyncDispose]();
  }
  await nothingIsTold(world);
  await nothingDestroyedOpens(world);
  await rm(parent, { recursive: true, force: true });
  return world.done;
}

async function take(world: World, step: Step): Promise<void> {
  const [act] = step;
  try {
    const result = await perform(world, step);
    world.told.push(JSON.stringify(result) ?? "");
    const refused = typeof result === "object" && result !== null && "remedy" in result;
    if (result !== undefined && !refused) world.done.set(act, (world.done.get(act) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof SpringhouseError)) throw error;
    world.told.push(String(error), error.stack ?? "", JSON.stringify(error));
  }
}

/** @returns undefined where there is nothing to do it with */
async function perform(world: World, [act, one, other]: Step): Promise<unknown> {
  const { rig, clock } = world;
  const { keys, approvals, destructions, keeper } = rig;
  const { service, operations } = keys.room;
  const ids = [...(await keys.stored()).keys()];
  const id = ids[one % ids.length] ?? "k-none";
  const stored = (await keys.stored()).get(id);
  const version = 1 + (other % (stored?.states.length ?? 1));
  switch (act) {
    case "create": {
      const type = (["aes-256", "hmac-256", "ed25519", "x25519"] as const)[one % 4]!;
      return service.create(
        { type, exportable: other % 4 > 0, activate: other % 5 > 0 },
        {},
        OWNER,
      );
    }
    case "import":
      return service.import({ type: "aes-256" }, Uint8Array.from(CANARY), OWNER);
    case "rotate":
      return service.rotate(id, { activate: other % 3 > 0 }, OWNER);
    case "activate":
    case "suspend":
    case "deactivate":
    case "compromise": {
      const order = { transition: act, version, reason: "a test" };
      return service.transit(id, { ...order, occurredMilliseconds: null, approval: null }, OWNER);
    }
    case "policy":
      return service.repolicy(id, { policy: { rotation: { overlapDays: other } } }, OWNER);
    case "use": {
      const made = await operations.encrypt(id, OWNER, Buffer.from("milk"), CONTEXT);
      if ("ok" in made) return made;
      const back = await operations.decrypt(id, OWNER, made.ciphertext, CONTEXT);
      return "ok" in back ? back : back.plaintext.length;
    }
    case "pair": {
      const pairs = new PairedKeys({
        store: keys.store,
        vault: keeper!.vault,
        random: keys.supply,
        now: () => service.now(),
        record: async (event, writes, leaf) => {
          await keys.log.append(leaf, writes, (batch) => keys.journal.record(event, batch));
        },
      });
      const pair = { master: "p-m", slave: "p-s" };
      const fresh = await pairs.encrypt(pair, { number: 1 + (one % 3), bytes: 32 });
      if ("ok" in fresh) return fresh;
      const names = fresh.map((key) => key.id);
      world.secrets.push(...fresh.map(({ bytes }) => Uint8Array.from(bytes)));
      if (other % 2 === 0) return names;
      const same = await pairs.decrypt(pair, names);
      return "ok" in same ? same : names;
    }
    case "ask": {
      const command = commandOf(one, other, await keys.stored());
      const lifetimeSeconds = other % 4 === 0 ? 60 : 10 * 86_400;
      return approvals.create({ command, reason: null, ifRevision: null, lifetimeSeconds }, OWNER);
    }
    case "approve": {
      const intent = await intentOf(rig, one);
      const who = PEOPLE[other % PEOPLE.length]!;
      return intent && approvals.approve(intent.id, signatureOf(who, intent), "p-courier");
    }
    case "withdraw": {
      const intent = await intentOf(rig, one);
      return intent && approvals.withdraw(intent.id, "a test", "p-courier");
    }
    case "execute": {
      const intent = await intentOf(rig, one);
      if (!intent) return undefined;
      const { command } = JSON.parse(intent.document) as { command: Command };
      if (command.op !== "key.export") return approvals.execute(intent.id, OWNER);
      const order = { key: command.key, recipient: RECIPIENT, intent: intent.id };
      return exportApproved(approvals, keys.room.exporter, order, OWNER);
    }
    case "approved":
      return approved(rig, commandOf(one, other, await keys.stored()), 1 + (other % 4));
    case "destroyed": {
      await copied(world);
      const order = { transition: "deactivate", version, reason: null } as const;
      const rest = { occurredMilliseconds: null, approval: null };
      await service.transit(id, { ...order, ...rest }, OWNER);
      const scheduled = await approved(rig, { op: "key.destroy", key: id, version }, 3);
      clock.advance(DAY);
      await destructions.runDue();
      return scheduled;
    }
    case "wait":
      clock.advance(one * 1000);
      return one;
    case "later":
      clock.advance(DAY);
      return one;
    case "jump":
      clock.jumpWall((other - 15) * 3_600_000);
      return other;
    case "due":
      await destructions.runDue();
      return "looked";
    case "call off": {
      const live = await destructions.list("", 100);
      const scheduled = live.filter((doomed) => doomed.state === "scheduled");
      const doomed = scheduled[one % scheduled.length];
      return doomed && destructions.cancel(doomed.id, "a test", OWNER);
    }
    case "epoch":
      return keeper!.rotate("tester", "a test");
    case "add slot":
      return keeper!.addSlot(slotOf(world.devices, `slot ${one}`), "tester");
    case "remove slot": {
      const { slots } = keeper!.state();
      return slots.length > 1 && keeper!.removeSlot(slots[one % slots.length]!.id, "tester");
    }
    case "copy":
      return copied(world);
    case "crash": {
      // What is on the disk at this moment is what the next start finds.
      const next = await copied(world);
      const directory = join(world.parent, `state-${world.copies.length}`);
      await cp(next, directory, { recursive: true });
      await collect(world);
      await rig[Symbol.asyncDispose]();
      world.copies.push(world.directory);
      world.directory = directory;
      world.rig = await open(directory, clock, world.devices);
      return "started";
    }
    case "full disk": {
      let writes = other % 4;
      keys.spoil = async () => {
        if (writes-- > 0) return;
        keys.spoil = null;
        throw new SpringhouseError("store_failed", "committing: database or disk is full");
      };
      return other;
    }
  }
}

/** Most often of a version that is in a state for it. */
function commandOf(
  choice: number,
  other: number,
  keys: Awaited<ReturnType<Rig["keys"]["stored"]>>,
): Command {
  const { person, line } = PEOPLE[other % PEOPLE.length]!;
  const op = COMMAND_OPERATIONS[choice % COMMAND_OPERATIONS.length]!;
  if (op === "custodian.enrol") return { op, person, publicKey: line, principals: [] };
  if (op === "custodian.remove") return { op, fingerprint: parseSshPublicKey(line)!.fingerprint };
  const versions = [...keys].flatMap(([key, { states }]) =>
    states.map((is, index) => ({ key, version: index + 1, is })),
  );
  const fitting = versions.filter(({ is }) => FITTING[op].includes(is));
  const from = fitting.length > 0 && other % 8 > 0 ? fitting : versions;
  const { key, version } = from[other % from.length] ?? { key: "k-none", version: 1 };
  return op === "key.export"
    ? { op, key, version, recipient: RECIPIENT.digest }
    : { op, key, version };
}

const FITTING: Readonly<Record<"key.restore" | "key.destroy" | "key.export", readonly string[]>> = {
  "key.restore": ["suspended"],
  "key.destroy": ["pre-activation", "deactivated", "compromised"],
  "key.export": ["active"],
};

/** Most often one that is open. */
async function intentOf(rig: Rig, which: number): Promise<IntentDescription | undefined> {
  const all = await rig.approvals.list("", 1000);
  const live = all.filter(({ state }) => state === "pending" || state === "approved");
  const from = which % 5 === 0 ? all : live;
  return from[which % from.length];
}

/** All of what needs leave in one go, which chance alone seldom comes to; by too few people at times. */
async function approved(rig: Rig, command: Command, people: number): Promise<unknown> {
  const { approvals, keys } = rig;
  const order = { command, reason: null, ifRevision: null, lifetimeSeconds: 3600 };
  const intent = await approvals.create(order, OWNER);
  if ("ok" in intent) return intent;
  for (const who of PEOPLE.slice(0, people))
    await approvals.approve(intent.id, signatureOf(who, intent), "p-courier");
  if (command.op !== "key.export") return approvals.execute(intent.id, OWNER);
  const leaving = { key: command.key, recipient: RECIPIENT, intent: intent.id };
  return exportApproved(approvals, keys.room.exporter, leaving, OWNER);
}

/** The log replayed, against the tables: keys, intents, custodians, destructions, epoch and slots. */
async function replayIsDatabase({ rig }: World): Promise<void> {
  const { keys, keeper } = rig;
  const { store } = keys;
  const history = new History(keys.log.checkpoint().origin);
  for (const { position, body } of await store.read("logLeaf.bodies", [0, 1e9])) {
    const { leaf } = decodeLeaf(Buffer.from(String(body)));
    expect([position, history.apply(leaf!), String(body)]).toEqual([position, null, String(body)]);
  }
  expect(history.keys.all).toEqual(await keys.stored());
  const intents = new Map<string, unknown>();
  const digests = new Map<string, string>();
  for (const { id } of await store.read("intent.page", ["", 10_000])) {
    const intent = (await readIntent(store, String(id)))!;
    const digest = digestOf(intent.document);
    digests.set(String(id), digest);
    intents.set(digest, brief(intent));
  }
  const replayed = [...history.approvals.intents].map(
    ([digest, intent]) => [digest, brief(intent)] as const,
  );
  expect(new Map(replayed)).toEqual(intents);
  const register = (await readCustodians(store)).map(known);
  const byName = (one: { fingerprint: string }, two: { fingerprint: string }) =>
    one.fingerprint < two.fingerprint ? -1 : 1;
  expect(history.approvals.custodians.map(known).toSorted(byName)).toEqual(
    register.toSorted(byName),
  );
  const destructions = new Map(
    (await store.read("destruction.page", ["", 10_000])).map(toDestruction).map((one) => [
      digests.get(one.id),
      {
        key: one.key,
        version: one.version,
        due: one.dueMilliseconds,
        state: one.state,
        epoch: one.epoch,
      },
    ]),
  );
  expect(new Map(history.destructions.all)).toEqual(destructions);
  const { epoch, slots } = keeper!.state();
  expect(history.seal.epoch).toBe(epoch);
  expect([...history.seal.slots].toSorted()).toEqual(slots.map(({ id }) => id).toSorted());
}

/** What the log says was done. */
async function acts({ rig }: World): Promise<readonly { kind: string; op: string }[]> {
  const rows = await rig.keys.store.read("logLeaf.bodies", [0, 1e9]);
  return rows.map(({ body }) => ({ op: "", ...(JSON.parse(String(body)) as { kind: string }) }));
}

/** Two of one millisecond have no order in the table. */
const byPerson = (one: { person: string }, two: { person: string }) =>
  one.person < two.person ? -1 : 1;

type Intents = History["approvals"]["intents"];
const brief = ({
  document,
  state,
  approvals,
}: Intents extends ReadonlyMap<string, infer I> ? I : never) => ({
  document,
  state,
  approvals: approvals
    .toSorted(byPerson)
    .map(({ person, fingerprint, signature }) => [
      person,
      fingerprint,
      Buffer.from(signature).toString("base64"),
    ]),
});
const known = ({
  person,
  fingerprint,
  line,
  principals,
  removedMilliseconds,
}: History["approvals"]["custodians"][number]) => ({
  person,
  fingerprint,
  line,
  principals,
  removed: removedMilliseconds !== null,
});

/** Parts of a secret in the forms that it could be written in, whichever byte of a text it begins at. */
function formsOf(secret: Uint8Array): string[] {
  return [0, 7, 14].flatMap((from) => {
    const part = Buffer.from(secret.subarray(from, from + 18));
    if (part.length < 16) return [];
    const base64 = part.toString("base64").replace(/=+$/, "").slice(0, 20);
    const escaped = part.toString("hex");
    return [
      part.toString("latin1"),
      escaped,
      base64,
      base64.replaceAll("+", "-").replaceAll("/", "_"),
    ];
  });
}

async function nothingIsTold({ copies, told, secrets, directory }: World): Promise<void> {
  const texts = [told.join("\n")];
  for (const folder of [...copies, directory])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), "latin1"));
  const whole = texts.join("\n");
  for (const secret of secrets)
    for (const form of formsOf(secret))
      if (whole.includes(form)) expect.fail("material is in something that was written or said");
}

/** With the devices of today, from every copy: nothing that was destroyed. */
async function nothingDestroyedOpens({ copies, directory, devices }: World): Promise<void> {
  const gone: (readonly [string, number])[] = [];
  for (const folder of [directory, ...copies]) {
    await using rig = await openSeal(folder, devices);
    if (folder === directory)
      for (const row of await rig.store.read("destruction.page", ["", 10_000])) {
        const one = toDestruction(row);
        if (one.state === "destroyed") gone.push([one.key, one.version]);
      }
    if (gone.length === 0) return;
    await rig.keeper.open({ passphrase: null }, "thief").catch(() => null);
    if (rig.keeper.state().sealed) continue;
    const { epoch } = rig.keeper.state();
    for (const [key, version] of gone) {
      const material = await readMaterial(rig.store, key, version);
      if (material?.epoch === epoch) expect.fail(`${key} ${version} opens from ${folder}`);
    }
  }
}
