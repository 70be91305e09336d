import { cp } from "node:fs/promises";
import { join } from "node:path";
import { parseSshPublicKey } from "../../../../src/key/approval/sshKey.ts";
import { exportApproved } from "../../../../src/key/distribution/approvedExport.ts";
import { PairedKeys } from "../../../../src/key/distribution/pairedKeys.ts";
import {
  type Command,
  COMMAND_OPERATIONS,
  type IntentDescription,
} from "../../../../src/port/approval.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import type { KeyTransition } from "../../../../src/port/key.ts";
import { testCustodian } from "../approval/custodians.ts";
import { type Rig, signatureOf } from "../approval/rig.ts";
import { curveRecipient, pairOf } from "../distribution/keys.ts";
import { OWNER } from "../managed/rig.ts";
import { collect, copied, DAY, open, slotOf, type World } from "./world.ts";

export const PEOPLE = ["ada", "ben", "cyd", "dan"].map((name) => testCustodian(name));
/** What is brought in; it must be found nowhere. */
export const CANARY = Buffer.from("0123456789abcdefcanary+canary/ca");
const RECIPIENT = curveRecipient("jwe", pairOf("X25519", 1).publicJwk);
const CONTEXT = { tenant: "7" };

/**
 * Small numbers say with which of the things there are.
 * @returns what was answered; undefined where there is nothing to do it with
 */
type Act = (world: World, one: number, other: number) => Promise<unknown>;

/** A version that there is, by two numbers. */
async function versionOf({ rig }: World, one: number, other: number) {
  const keys = [...(await rig.keys.stored())];
  const [id, { states }] = keys[one % keys.length] ?? ["k-none", { states: ["active"] }];
  return { id, version: 1 + (other % states.length) };
}

const transit =
  (transition: KeyTransition): Act =>
  async (world, one, other) => {
    const { id, version } = await versionOf(world, one, other);
    const order = { transition, version, reason: "a test", occurredMilliseconds: null };
    return world.rig.keys.room.service.transit(id, { ...order, approval: null }, OWNER);
  };

export const ACTS = {
  create: async ({ rig }, one, other) => {
    const type = (["aes-256", "hmac-256", "ed25519", "x25519"] as const)[one % 4]!;
    const order = { type, exportable: other % 4 > 0, activate: other % 5 > 0 };
    return rig.keys.room.service.create(order, {}, OWNER);
  },
  import: async ({ rig }) =>
    rig.keys.room.service.import({ type: "aes-256" }, Uint8Array.from(CANARY), OWNER),
  rotate: async (world, one, other) => {
    const { id } = await versionOf(world, one, other);
    return world.rig.keys.room.service.rotate(id, { activate: other % 3 > 0 }, OWNER);
  },
  activate: transit("activate"),
  suspend: transit("suspend"),
  deactivate: transit("deactivate"),
  compromise: transit("compromise"),
  policy: async (world, one, other) => {
    const { id } = await versionOf(world, one, other);
    const policy = { rotation: { overlapDays: other } };
    return world.rig.keys.room.service.repolicy(id, { policy }, OWNER);
  },
  use: async (world, one, other) => {
    const { id } = await versionOf(world, one, other);
    const { operations } = world.rig.keys.room;
    const made = await operations.encrypt(id, OWNER, Buffer.from("milk"), CONTEXT);
    if ("ok" in made) return made;
    const back = await operations.decrypt(id, OWNER, made.ciphertext, CONTEXT);
    return "ok" in back ? back : back.plaintext.length;
  },
  pair: async ({ rig, secrets }, one, other) => {
    const { keys, keeper } = rig;
    const pairs = new PairedKeys({
      store: keys.store,
      vault: keeper!.vault,
      random: keys.supply,
      now: () => keys.room.service.now(),
      record: async (event, writes, leaf) => {
        await keys.log.append(leaf, writes, (batch) => keys.journal.record(event, batch));
      },
    });
    const pair = { master: "p-m", slave: "p-s" };
    const fresh = await pairs.encrypt(pair, { number: 1 + (one % 3), bytes: 32 });
    if ("ok" in fresh) return fresh;
    const names = fresh.map((key) => key.id);
    secrets.push(...fresh.map(({ bytes }) => Uint8Array.from(bytes)));
    if (other % 2 === 0) return names;
    const same = await pairs.decrypt(pair, names);
    return "ok" in same ? same : names;
  },
  ask: async ({ rig }, one, other) => {
    const command = commandOf(one, other, await rig.keys.stored());
    const lifetimeSeconds = other % 4 === 0 ? 60 : 10 * 86_400;
    const order = { command, reason: null, ifRevision: null, lifetimeSeconds };
    return rig.approvals.create(order, OWNER);
  },
  approve: async ({ rig }, one, other) => {
    const intent = await intentOf(rig, one);
    const who = PEOPLE[other % PEOPLE.length]!;
    return intent && rig.approvals.approve(intent.id, signatureOf(who, intent), "p-courier");
  },
  withdraw: async ({ rig }, one) => {
    const intent = await intentOf(rig, one);
    return intent && rig.approvals.withdraw(intent.id, "a test", "p-courier");
  },
  execute: async ({ rig }, one) => {
    const intent = await intentOf(rig, one);
    return intent && execute(rig, intent);
  },
  approved: async ({ rig }, one, other) =>
    approved(rig, commandOf(one, other, await rig.keys.stored()), 1 + (other % 4)),
  destroyed: async (world, one, other) => {
    const { rig, clock } = world;
    await copied(world);
    const { id, version } = await versionOf(world, one, other);
    await transit("deactivate")(world, one, other);
    const scheduled = await approved(rig, { op: "key.destroy", key: id, version }, 3);
    clock.advance(DAY);
    await rig.destructions.runDue();
    return scheduled;
  },
  wait: async ({ clock }, one) => {
    clock.advance(one * 1000);
    return one;
  },
  later: async ({ clock }) => {
    clock.advance(DAY);
    return DAY;
  },
  jump: async ({ clock }, _one, other) => {
    clock.jumpWall((other - 15) * 3_600_000);
    return other;
  },
  due: async ({ rig }) => {
    await rig.destructions.runDue();
    return "looked";
  },
  "call off": async ({ rig }, one) => {
    const all = await rig.destructions.list("", 100);
    const scheduled = all.filter(({ state }) => state === "scheduled");
    const doomed = scheduled[one % scheduled.length];
    return doomed && rig.destructions.cancel(doomed.id, "a test", OWNER);
  },
  epoch: async ({ rig }) => rig.keeper!.rotate("tester", "a test"),
  "add slot": async ({ rig, devices }, one) =>
    rig.keeper!.addSlot(slotOf(devices, `slot ${one}`), "tester"),
  "remove slot": async ({ rig }, one) => {
    const { slots } = rig.keeper!.state();
    if (slots.length < 2) return undefined;
    return rig.keeper!.removeSlot(slots[one % slots.length]!.id, "tester");
  },
  copy: copied,
  /** What is on the disk at this moment is what the next start finds. */
  crash: async (world) => {
    const next = await copied(world);
    const directory = join(world.parent, `state-${world.copies.length}`);
    await cp(next, directory, { recursive: true });
    await collect(world);
    await world.rig[Symbol.asyncDispose]();
    world.copies.push(world.directory);
    world.directory = directory;
    world.rig = await open(directory, world.clock, world.devices);
    return "started";
  },
  "full disk": async ({ rig }, _one, other) => {
    let writes = other % 4;
    rig.keys.spoil = async () => {
      if (writes-- > 0) return;
      rig.keys.spoil = null;
      throw new SpringhouseError("store_failed", "committing: database or disk is full");
    };
    return other;
  },
} satisfies Readonly<Record<string, Act>>;

/** How often each is chosen, where that is not once. */
export const WEIGHTS: { readonly [Name in keyof typeof ACTS]?: number } = {
  create: 2,
  suspend: 2,
  deactivate: 2,
  ask: 2,
  approve: 2,
  execute: 2,
  approved: 4,
  destroyed: 2,
};

/** Most often of a version that is in a state for it. */
function commandOf(
  choice: number,
  other: number,
  keys: Awaited<ReturnType<Rig["keys"]["stored"]>>,
): Command {
  const { person, line } = PEOPLE[other % PEOPLE.length]!;
  const op = OPERATIONS[choice % OPERATIONS.length]!;
  if (op === "custodian.enrol") return { op, person, publicKey: line, principals: [] };
  if (op === "custodian.remove") return { op, fingerprint: parseSshPublicKey(line)!.fingerprint };
  const versions = [...keys].flatMap(([key, { states }]) =>
    states.map((is, index) => ({ key, version: index + 1, is })),
  );
  const fitting = versions.filter(({ is }) => FITTING[op].includes(is));
  const from = fitting.length > 0 && other % 8 > 0 ? fitting : versions;
  const { key, version } = from[other % from.length] ?? { key: "k-none", version: 1 };
  if (op === "key.export") return { op, key, version, recipient: RECIPIENT.digest };
  return op === "key.process" ? { op, key, version, hours: 1 } : { op, key, version };
}

/** Recovery slots have a test of their own: none of these devices is one. */
const OPERATIONS = COMMAND_OPERATIONS.filter((op) => op !== "seal.recover");

const FITTING: Readonly<
  Record<"key.restore" | "key.destroy" | "key.process" | "key.export", readonly string[]>
> = {
  "key.process": ["compromised"],
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
  const { approvals } = rig;
  const order = { command, reason: null, ifRevision: null, lifetimeSeconds: 3600 };
  const intent = await approvals.create(order, OWNER);
  if ("ok" in intent) return intent;
  for (const who of PEOPLE.slice(0, people))
    await approvals.approve(intent.id, signatureOf(who, intent), "p-courier");
  return execute(rig, intent);
}

async function execute({ approvals, keys }: Rig, { id, document }: IntentDescription) {
  const { command } = JSON.parse(document) as { command: Command };
  if (command.op !== "key.export") return approvals.execute(id, OWNER);
  const order = { key: command.key, recipient: RECIPIENT, intent: id };
  return exportApproved(approvals, keys.room.exporter, order, OWNER);
}
