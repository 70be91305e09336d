import { describe, expect, test } from "vitest";
import { encodeBundle } from "../../../src/log/bundle.ts";
import { signCheckpoint } from "../../../src/log/checkpoint.ts";
import { leafHash } from "../../../src/log/merkle.ts";
import { notesIn } from "../../../src/verify/notesIn.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { verifyLog, type KeptCheckpoint, type LogFault } from "../../../src/verify/verifyLog.ts";
import { type Copy, copyOf, entriesOf, SIGNER } from "../log/logs.ts";

const SIZE = 600;
const ENTRIES = entriesOf(SIZE);

const kept = (size: number, entries: readonly string[] = ENTRIES): KeptCheckpoint => ({
  name: `kept ${size}`,
  checkpoint: copyOf(entries.slice(0, size)).checkpoint,
});

function faultOf(copy: Copy, checkpoints: readonly KeptCheckpoint[] = []): LogFault {
  const { fault } = verifyLog(copy, checkpoints, leafRules(copy));
  if (!fault) throw new Error("no fault was found");
  expect(fault.lastLeaf).toBeGreaterThanOrEqual(fault.leaf);
  return fault;
}

/** A copy with one file changed. */
function changed(copy: Copy, path: string, change: (file: Buffer) => Buffer | null): Copy {
  const files = new Map(copy.files);
  const file = change(Buffer.from(files.get(path)!));
  if (file) files.set(path, file);
  else files.delete(path);
  return { ...copy, files, read: (name) => files.get(name) ?? null };
}

/** The leaves of one bundle, changed. */
function rebundled(copy: Copy, index: number, change: (entries: string[]) => string[]): Copy {
  const entries = ENTRIES.slice(index * 256, (index + 1) * 256);
  const path = [...copy.files.keys()].find((name) =>
    name.startsWith(`tile/entries/${String(index).padStart(3, "0")}`),
  )!;
  return changed(copy, path, () => Buffer.from(encodeBundle(change([...entries]))));
}

test("a whole log has no fault, and says what is in it", () => {
  const copy = copyOf(ENTRIES);
  const checkpoints = [1, 255, 256, 257, 600].map((size) => kept(size));
  expect(verifyLog(copy, [...checkpoints, kept(0)], leafRules(copy))).toEqual({
    origin: "log.example/test",
    leaves: SIZE,
    root: copy.checkpoint.root.toString("hex"),
    fault: null,
    consistent: 6,
    kinds: { service_start: SIZE },
    unknown: 0,
    firstMilliseconds: 1_767_225_600_000,
    lastMilliseconds: 1_767_225_600_000,
  });
});

test.each([0, 1, 256, 512])("a whole log of %i leaves has no fault", (size) => {
  expect(
    verifyLog(copyOf(ENTRIES.slice(0, size)), [], leafRules(copyOf(ENTRIES.slice(0, size)))),
  ).toMatchObject({
    leaves: size,
    fault: null,
  });
});

describe("the first bad leaf is named", () => {
  test("whatever byte of the leaves is flipped", () => {
    const copy = copyOf(ENTRIES.slice(0, 3));
    const path = "tile/entries/000.p/3";
    const ends = ENTRIES.slice(0, 3).map((entry) => 2 + Buffer.byteLength(entry));
    for (const at of copy.files.get(path)!.keys()) {
      const bent = changed(copy, path, (file) => {
        file[at]! ^= 1 << (at % 8);
        return file;
      });
      const leaf = at < ends[0]! ? 0 : at < ends[0]! + ends[1]! ? 1 : 2;
      const fault = faultOf(bent);
      expect([fault.leaf, fault.lastLeaf], `byte ${at}`).toEqual([leaf, leaf]);
    }
  });

  test("whatever hash of whatever tile is flipped", () => {
    const copy = copyOf(ENTRIES);
    for (const path of copy.files.keys()) {
      if (path.includes("entries")) continue;
      const [, level, index] = /^tile\/(\d)\/(\d{3})/.exec(path)!;
      const file = copy.files.get(path)!;
      for (const position of [0, file.length / 64, file.length / 32 - 1].map(Math.floor)) {
        const bent = changed(copy, path, (bytes) => {
          bytes[position * 32 + (position % 32)]! ^= 1;
          return bytes;
        });
        const leaf = (Number(index) * 256 + position) * 256 ** Number(level);
        expect(faultOf(bent).leaf, `${path} ${position}`).toBe(leaf);
      }
    }
  });

  test.each([0, 7, 255, 256, 300, 599])("where leaf %i is dropped", (leaf) => {
    const bundle = Math.floor(leaf / 256);
    const bent = rebundled(copyOf(ENTRIES), bundle, (entries) => entries.toSpliced(leaf % 256, 1));
    expect(faultOf(bent).leaf).toBe(leaf);
  });

  test.each([0, 100, 254, 256, 598])("where leaf %i and the next change places", (leaf) => {
    const bent = rebundled(copyOf(ENTRIES), Math.floor(leaf / 256), (entries) => {
      const at = leaf % 256;
      return entries.toSpliced(at, 2, entries[at + 1]!, entries[at]!);
    });
    expect(faultOf(bent)).toMatchObject({ leaf, detail: "it is not what its hash says" });
  });

  test("where a leaf is put in between, or behind the last", () => {
    const between = rebundled(copyOf(ENTRIES), 1, (entries) =>
      entries.toSpliced(4, 0, ENTRIES[0]!),
    );
    expect(faultOf(between).leaf).toBe(260);
    const behind = rebundled(copyOf(ENTRIES), 2, (entries) => [...entries, ENTRIES[0]!]);
    expect(faultOf(behind)).toMatchObject({ leaf: 599 });
  });

  test("where the copy was cut off", () => {
    const copy = copyOf(ENTRIES);
    const short = changed(copy, "tile/entries/002.p/88", (file) => file.subarray(0, -1));
    expect(faultOf(short)).toMatchObject({ leaf: 599, detail: expect.stringContaining("missing") });
    const gone = changed(copy, "tile/entries/001", () => null);
    expect(faultOf(gone)).toMatchObject({ leaf: 256, detail: expect.stringContaining("missing") });
    const noHashes = changed(copy, "tile/0/001", () => null);
    expect(faultOf(noHashes)).toMatchObject({ leaf: 256 });
  });

  test("where the log was cut off, if somebody kept a checkpoint of it", () => {
    const fault = faultOf(copyOf(ENTRIES.slice(0, 500)), [kept(600)]);
    expect(fault).toMatchObject({ leaf: 500, lastLeaf: 599 });
    expect(fault.detail).toContain("truncated");
  });

  test("where the key's holder wrote another history, between two kept checkpoints", () => {
    const other = ENTRIES.with(320, entriesOf(700)[650]!);
    const fault = faultOf(copyOf(other), [kept(100), kept(310), kept(400), kept(600)]);
    expect(fault).toMatchObject({ leaf: 310, lastLeaf: 399 });
    expect(fault.detail).toContain("forked");
    // Two signed checkpoints of one size are the proof of it, whichever the copy follows.
    expect(faultOf(copyOf(ENTRIES), [kept(600), kept(600, other)])).toMatchObject({
      leaf: 0,
      lastLeaf: 599,
    });
  });

  test("where a leaf and its hash were changed, and nothing above", () => {
    const entry = entriesOf(700)[650]!;
    const leaf = rebundled(copyOf(ENTRIES), 1, (entries) => entries.with(9, entry));
    const both = changed(leaf, "tile/0/001", (hashes) => {
      hashes.set(leafHash(Buffer.from(entry)), 9 * 32);
      return hashes;
    });
    expect(faultOf(both)).toMatchObject({ leaf: 256, lastLeaf: 511 });
    const last = rebundled(copyOf(ENTRIES), 2, (entries) => entries.with(9, entry));
    const atTheEdge = changed(last, "tile/0/002.p/88", (hashes) => {
      hashes.set(leafHash(Buffer.from(entry)), 9 * 32);
      return hashes;
    });
    expect(faultOf(atTheEdge, [kept(515)])).toMatchObject({ leaf: 515, lastLeaf: 599 });
  });
});

describe("a log that was signed whole can still be wrong", () => {
  test.each([
    ["no leaf of ours", "{}", "no kind"],
    ["a leaf with a field too many", ENTRIES[3]!.replace('"v":1', '"u":1,"v":1'), "service_start"],
    ["a leaf that is not canonical", ENTRIES[3]!.replace(",", ", "), "canonical"],
  ])("%s", (_what, entry, detail) => {
    const fault = faultOf(copyOf(ENTRIES.with(3, entry)));
    expect(fault).toMatchObject({ leaf: 3, detail: expect.stringContaining(detail) });
  });

  test("leaves of a kind to come are counted, and are no fault", () => {
    const copy = copyOf([...ENTRIES.slice(0, 2), '{"kind":"to_come"}']);
    expect(verifyLog(copy, [], leafRules(copy))).toMatchObject({
      fault: null,
      unknown: 1,
      kinds: { service_start: 2, to_come: 1 },
    });
  });

  test("a rule's objection is a fault", () => {
    const rule = (_leaf: unknown, position: number) => (position === 5 ? "not now" : null);
    const { fault } = verifyLog(copyOf(ENTRIES), [], [rule]);
    expect(fault).toEqual({ leaf: 5, lastLeaf: 5, detail: "not now" });
  });
});

test("a witness's file is read past what was cut off, and what is of other logs", () => {
  const [one, two] = [10, 20].map((size) => copyOf(ENTRIES.slice(0, size)).checkpoint.note);
  const foreign = signCheckpoint(5, Buffer.alloc(32), {
    ...SIGNER,
    verifier: { ...SIGNER.verifier, name: "another.example/log" },
  }).note;
  const text = `\n${one}\n${two!.slice(0, 40)}\n${foreign}\nnoise\n\n${two}`;
  expect(notesIn(text, "log.example/test")).toEqual([one, two]);
  expect(notesIn(text, "another.example/log")).toEqual([foreign]);
  // The origin is a name, and no pattern.
  expect(notesIn(text, "log.examplex/test")).toEqual([]);
  expect(notesIn(text.replaceAll("log.example", "logxexample"), "log.example/test")).toEqual([]);
});
