import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openCheckpoint } from "../../../src/log/checkpoint.ts";
import { handoversIn, openHandover, signHandover } from "../../../src/log/handover.ts";
import { openSigningKey } from "../../../src/log/keyFile.ts";
import { keyringOf } from "../../../src/log/keyring.ts";
import { KeyRotation, type RotatedKey } from "../../../src/log/keyRotation.ts";
import { encodeLeaf, type Leaf } from "../../../src/log/leaf.ts";
import { parseVerifierKey, signerOf, type Signer } from "../../../src/log/signer.ts";
import { SigningKey } from "../../../src/log/signingKey.ts";
import { openTransparencyLog } from "../../../src/log/transparencyLog.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store } from "../../../src/store/store.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { verifyLog } from "../../../src/verify/verifyLog.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { copyOf, serviceStart, SIGNER } from "./logs.ts";

const ORIGIN = "log.example/test";
let drawn = 0;
const random = (bytes: number) => new Uint8Array(bytes).fill(++drawn);
const [ONE, TWO, THREE, OTHER] = [201, 202, 203, 204].map((seed) =>
  signerOf(ORIGIN, new Uint8Array(32).fill(seed)),
) as [Signer, Signer, Signer, Signer];

async function ownState() {
  const state = await temporaryState();
  await mkdir(state.directory, { mode: 0o700 });
  return state;
}

/** A start of the log over a state directory: its key from there, its leaves in the store. */
async function start(directory: string, store: Store, clock: FakeClock) {
  const key = await openSigningKey(directory, ORIGIN, random);
  const boot = (++drawn).toString(16).padStart(16, "0");
  const log = await openTransparencyLog({ store, clock, key, boot, first: serviceStart() });
  const events: ServiceEvent[] = [];
  const record = async (event: ServiceEvent, writes: Parameters<Store["write"]>[0], leaf: Leaf) => {
    await log.append(leaf, writes);
    events.push(event);
  };
  const rotation = new KeyRotation({ clock, store, key, log, record });
  return { key, log, rotation, events };
}

async function entriesIn(store: Store): Promise<string[]> {
  return (await store.read("logLeaf.bodies", [0, 1e9])).map(({ body }) => String(body));
}

const rotated = (result: unknown): RotatedKey => {
  expect(result).toHaveProperty("verifierKey");
  return result as RotatedKey;
};

describe("a hand-over", () => {
  test("is read back, and its signatures are those of both", () => {
    const note = signHandover(ONE, TWO);
    const { from, to } = openHandover(note)!;
    expect([from, to].map(({ verifierKey }) => verifierKey)).toEqual(
      [ONE, TWO].map(({ verifier }) => verifier.verifierKey),
    );
    const foreign = signerOf("log.example/other", new Uint8Array(32).fill(9));
    for (const bad of [
      signHandover(ONE, ONE),
      signHandover(ONE, foreign),
      note.replace("key v1", "key v2"),
      note.replace(TWO.verifier.verifierKey, THREE.verifier.verifierKey),
      note.split("\n").toSpliced(-2, 1).join("\n"),
      note.split("\n").toSpliced(-3, 1).join("\n"),
      `${note}\n`,
      "",
    ])
      expect(openHandover(bad), bad).toBeNull();
  });

  test("is found in a text to which more was appended", () => {
    const notes = [signHandover(ONE, TWO), signHandover(TWO, THREE)];
    expect(handoversIn(notes.join(""))).toEqual(notes);
    expect(handoversIn(`noise\n${notes.join("\n")}noise`)).toEqual(notes);
    expect(handoversIn("")).toEqual([]);
  });
});

describe("a keyring", () => {
  const NOTES = [signHandover(ONE, TWO), signHandover(TWO, THREE)];

  test.each([ONE, TWO, THREE])("leads from any of the keys to all of them", (trusted) => {
    for (const notes of [NOTES, NOTES.toReversed()])
      expect(keyringOf(trusted.verifier, notes).verifiers).toMatchObject(
        [ONE, TWO, THREE].map(({ verifier: { verifierKey } }) => ({ verifierKey })),
      );
  });

  test("takes nothing from a note that does not join on, nor from one that somebody made up", () => {
    const alone = (notes: readonly string[]) => keyringOf(ONE.verifier, notes).verifiers.length;
    expect(alone([NOTES[1]!])).toBe(1);
    expect(alone([signHandover(OTHER, THREE)])).toBe(1);
    // Signed by the new key alone, twice.
    const text = `springhouse log key v1\n${ONE.verifier.verifierKey}\n${OTHER.verifier.verifierKey}\n`;
    const line = signHandover(OTHER, ONE).split("\n").at(-3)!;
    expect(alone([`${text}\n${line}\n${line}\n`])).toBe(1);
    expect(alone([signHandover(ONE, TWO), signHandover(TWO, ONE)])).toBe(2);
  });
});

describe("a log whose key is changed", () => {
  test("goes on under the next, and whoever trusts the first checks all of it offline", async () => {
    await using state = await ownState();
    const clock = new FakeClock();
    const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
    const { key, log, rotation, events } = await start(state.directory, store, clock);
    await clock.run(1000);
    const first = key.verifier;
    const before = log.checkpoint();
    const id = await log.append(serviceStart({ version: "between" }));
    const receipt = await log.inclusion(id);

    const { verifierKey, handover } = rotated(await rotation.rotate("p-admin", "a year is over"));
    expect(verifierKey).not.toBe(first.verifierKey);
    expect([key.verifier.verifierKey, log.verifierKey]).toEqual([verifierKey, verifierKey]);
    expect(log.handovers).toEqual([handover]);
    expect(events).toMatchObject([{ kind: "log_key_rotated", reason: "a year is over" }]);
    // The checkpoint that covers the hand-over has both signatures; those after it the new one alone.
    const next = parseVerifierKey(verifierKey)!;
    const covering = log.checkpoint();
    expect([first, next].map((one) => openCheckpoint(covering.note, one)?.size)).toEqual([3, 3]);
    await log.append(serviceStart({ version: "after" }));
    await clock.run(1000);
    const last = log.checkpoint();
    expect([first, next].map((one) => openCheckpoint(last.note, one)?.size)).toEqual([
      undefined,
      4,
    ]);
    // On disk there is the new key, and no other.
    expect(await readFile(join(state.directory, "log.vkey"), "utf8")).toBe(`${verifierKey}\n`);
    const file = await readFile(join(state.directory, "log.key"), "utf8");
    expect(file).toContain(verifierKey.split("+")[1]);
    expect((await stat(join(state.directory, "log.key"))).mode & 0o777).toBe(0o600);
    await expect(stat(join(state.directory, "log.key.next"))).rejects.toThrow("ENOENT");

    // Receipts of before hold under the first key, and under whatever leads to it.
    expect(openCheckpoint(receipt!.checkpoint.note, first)?.size).toBe(2);
    const copy = { ...copyOf(await entriesIn(store)), checkpoint: last };
    const kept = [{ name: "before", checkpoint: before }];
    for (const [trusted, notes] of [
      [first, [handover]],
      [next, [handover]],
    ] as const) {
      const whole = { ...copy, keyring: keyringOf(trusted, notes) };
      expect(verifyLog(whole, kept, leafRules(whole))).toMatchObject({ fault: null, leaves: 4 });
    }
    await log.stop();

    // The next start goes on with it, and can hand over once more.
    const again = await start(state.directory, store, clock);
    await clock.run(1000);
    expect(again.log.handovers).toEqual([handover]);
    const { handover: second } = rotated(await again.rotation.rotate("p-admin", null));
    const keyring = keyringOf(first, [handover, second]);
    expect(keyring.verifiers).toHaveLength(3);
    await again.log.stop();
    const longer = {
      ...copyOf(await entriesIn(store)),
      checkpoint: again.log.checkpoint(),
      keyring,
    };
    expect(verifyLog(longer, kept, leafRules(longer))).toMatchObject({ fault: null });
    await store.close();
  });

  /** Where it is cut off, as if the process ended there. */
  const CUTS = ["before the leaf", "after the leaf", "after the checkpoint"] as const;
  test.each(CUTS)("and crashes %s: the next start ends it, or knows nothing of it", async (cut) => {
    await using state = await ownState();
    const clock = new FakeClock();
    const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
    const died = new SpringhouseError("store_failed", "the power went");
    const first = await start(state.directory, store, clock);
    await clock.run(1000);
    const { verifierKey: old } = first.key.verifier;
    const rotation = new KeyRotation({
      clock,
      store,
      key: first.key,
      log: {
        async covered() {
          if (cut === "after the leaf") throw died;
          await first.log.covered();
          throw died;
        },
      },
      async record(_event, writes, leaf) {
        if (cut === "before the leaf") throw died;
        await first.log.append(leaf, writes);
      },
    });
    await expect(rotation.rotate("p-admin", null)).rejects.toThrow("the power went");
    const next = await readFile(join(state.directory, "log.key.next"), "utf8");

    const again = await start(state.directory, store, clock);
    await clock.run(1000);
    await again.rotation.resume();
    const { verifierKey } = again.key.verifier;
    if (cut === "before the leaf") {
      expect(verifierKey).toBe(old);
      expect(again.log.handovers).toEqual([]);
    } else {
      expect(next).toContain(verifierKey.split("+")[1]);
      expect(again.log.handovers).toHaveLength(1);
    }
    await expect(stat(join(state.directory, "log.key.next"))).rejects.toThrow("ENOENT");
    await again.log.append(serviceStart({ version: "after" }));
    await again.log.stop();
    const copy = {
      ...copyOf(await entriesIn(store)),
      checkpoint: again.log.checkpoint(),
      keyring: keyringOf(parseVerifierKey(old)!, again.log.handovers),
    };
    expect(openCheckpoint(copy.checkpoint.note, again.key.verifier)).not.toBeNull();
    expect(verifyLog(copy, [], leafRules(copy))).toMatchObject({ fault: null });
    await store.close();
  });

  test("a commit that failed and is durable all the same is ended with the next rotation", async () => {
    await using state = await ownState();
    const clock = new FakeClock();
    const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
    const { key, log } = await start(state.directory, store, clock);
    await clock.run(1000);
    let fails = true;
    const rotation = new KeyRotation({
      clock,
      store,
      key,
      log,
      async record(_event, writes, leaf) {
        await log.append(leaf, writes);
        if (fails) throw new SpringhouseError("store_failed", "fsync");
      },
    });
    await expect(rotation.rotate("p-admin", null)).rejects.toThrow("fsync");
    fails = false;
    rotated(await rotation.rotate("p-admin", null));
    expect(log.handovers).toHaveLength(2);
    await log.stop();
    await store.close();
  });

  test("is refused where no other key can be kept", async () => {
    const clock = new FakeClock();
    const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
    const key = new SigningKey(SIGNER);
    const log = await openTransparencyLog({
      store,
      clock,
      key,
      boot: "e".repeat(16),
      first: serviceStart(),
    });
    const rotation = new KeyRotation({ clock, store, key, log, record: async () => {} });
    expect(await rotation.rotate("p-admin", null)).toMatchObject({ code: "conflict" });
    await log.stop();
    await store.close();
  });

  test("a file beside it that is no key is passed over", async () => {
    await using state = await ownState();
    await openSigningKey(state.directory, ORIGIN, random);
    await writeFile(join(state.directory, "log.key.next"), "half of a k");
    expect((await openSigningKey(state.directory, ORIGIN, random)).next).toBeNull();
  });
});

describe("the verifier names the leaf of a hand-over that cannot be", () => {
  const leafOf = (handover: string): Leaf => ({
    v: 1,
    kind: "log_key",
    at: 1_767_225_600_001,
    actor: "p-admin",
    handover,
  });
  const faultOf = (
    leaves: readonly Leaf[],
    signer: Signer,
    trusted: Signer,
    notes: readonly string[],
  ) => {
    const entries = leaves.map((leaf) => encodeLeaf(leaf).toString());
    const copy = { ...copyOf(entries, signer), keyring: keyringOf(trusted.verifier, notes) };
    return verifyLog(copy, [], leafRules(copy)).fault;
  };
  const FIRST = signHandover(ONE, TWO);
  const SECOND = signHandover(TWO, THREE);

  test("none, where all of them follow", () => {
    const leaves = [serviceStart(), leafOf(FIRST), serviceStart(), leafOf(SECOND)];
    expect(faultOf(leaves, THREE, ONE, [FIRST, SECOND])).toBeNull();
  });

  test.each([
    [
      "one that its keys did not sign",
      1,
      "without the signatures of both",
      [serviceStart(), leafOf(FIRST.replace(/([A-Za-z0-9+/]{10})=\n$/, "AAAAAAAAAA=\n"))],
      TWO,
      [FIRST],
    ],
    [
      "one by a key that was not the log's",
      2,
      "was not the log's",
      [serviceStart(), leafOf(FIRST), leafOf(signHandover(OTHER, THREE))],
      THREE,
      [FIRST, SECOND],
    ],
    [
      "one that the hand-overs beside the copy do not know",
      1,
      "do not lead to",
      [serviceStart(), leafOf(signHandover(ONE, OTHER))],
      TWO,
      [FIRST],
    ],
    [
      "one after which the old key goes on",
      1,
      "is not signed by the key",
      [serviceStart(), leafOf(FIRST), serviceStart()],
      ONE,
      [FIRST],
    ],
  ] as const)("%s", (_what, leaf, detail, leaves, signer, notes) => {
    expect(faultOf(leaves, signer, ONE, notes)).toMatchObject({
      leaf,
      lastLeaf: leaf,
      detail: expect.stringContaining(detail),
    });
  });
});
