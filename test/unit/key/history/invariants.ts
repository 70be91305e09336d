import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { digestOf } from "../../../../src/key/approval/intent.ts";
import { readCustodians, readIntent } from "../../../../src/key/approval/rows.ts";
import { toDestruction } from "../../../../src/key/destruction/rows.ts";
import { readMaterial } from "../../../../src/key/seal/rows.ts";
import { decodeLeaf } from "../../../../src/log/leaf.ts";
import { History } from "../../../../src/verify/replay/history.ts";
import { openRig as openSeal } from "../seal/rig.ts";
import type { World } from "./world.ts";

/** The log replayed, against the tables: keys, intents, custodians, destructions, epoch and slots. */
export async function replayIsDatabase({ rig }: World): Promise<void> {
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
function formsOf(secret: Uint8Array): Buffer[] {
  return [0, 7, 14].flatMap((from) => {
    const part = Buffer.from(secret.subarray(from, from + 18));
    if (part.length < 16) return [];
    const base64 = part.toString("base64").slice(0, 20);
    const url = base64.replaceAll("+", "-").replaceAll("/", "_");
    return [part, ...[part.toString("hex"), base64, url].map((text) => Buffer.from(text))];
  });
}

const START_BYTES = 3;

/**
 * Says whether any of the texts is in a whole: one pass, which looks closer where three bytes agree.
 * A bit for each three bytes there can be, so that all of them fit into a processor's cache.
 */
function finderOf(texts: readonly Buffer[]): (whole: Buffer) => boolean {
  const starting = Map.groupBy(texts, (text) => text.readUIntBE(0, START_BYTES));
  const starts = new Uint8Array(2 ** (8 * START_BYTES - 3));
  for (const start of starting.keys()) starts[start >> 3]! |= 1 << (start & 7);
  return (whole) => {
    let start = 0;
    for (let at = 0; at < whole.length; at++) {
      start = ((start << 8) | whole[at]!) & 0xffffff;
      if ((starts[start >> 3]! & (1 << (start & 7))) === 0) continue;
      const from = at - START_BYTES + 1;
      const isThere = (text: Buffer) => text.equals(whole.subarray(from, from + text.length));
      if (from >= 0 && starting.get(start)?.some(isThere)) return true;
    }
    return false;
  };
}

export async function nothingIsTold({ copies, told, secrets, directory }: World): Promise<void> {
  const findsAny = finderOf(secrets.flatMap(formsOf));
  const hold = (whole: Buffer): void => {
    if (findsAny(whole)) expect.fail("material is in something that was written or said");
  };
  hold(Buffer.from(told.join("\n")));
  for (const folder of [...copies, directory])
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) hold(await readFile(join(entry.parentPath, entry.name)));
}

/** With the devices of today, from every copy: nothing that was destroyed. */
export async function nothingDestroyedOpens({ copies, directory, devices }: World): Promise<void> {
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
