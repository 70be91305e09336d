import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  type Manifest,
  manifestLine,
  readContainer,
} from "../../../../src/key/backup/container.ts";

const CONTENT = {
  "springhouse.db": Buffer.from("database\nwith lines\n"),
  "log.key": Buffer.from(""),
  "log.vkey": Buffer.from("public"),
} as const;
const NAMES = ["springhouse.db", "log.key", "log.vkey"] as const;

const MANIFEST: Manifest = {
  v: 1,
  kind: "springhouse-backup",
  id: "bk-0000000000000000-1",
  deployment: "log.example/test",
  created: 1,
  epoch: null,
  files: NAMES.map((name) => ({
    name,
    bytes: CONTENT[name].length,
    sha256: createHash("sha256").update(CONTENT[name]).digest("hex"),
  })),
};
const WHOLE = Buffer.concat([manifestLine(MANIFEST), ...NAMES.map((name) => CONTENT[name])]);

async function read(bytes: Buffer, step = bytes.length): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  await readContainer(
    chunks(),
    ({ files: named }) => named.forEach(({ name }) => (files[name] = "")),
    (name, chunk) => (files[name] += Buffer.from(chunk).toString()),
  );
  return files;
}

test("gives each file back, however it is cut into chunks", async () => {
  for (let step = 1; step <= WHOLE.length; step++)
    expect(await read(WHOLE, step)).toEqual({
      "springhouse.db": "database\nwith lines\n",
      "log.key": "",
      "log.vkey": "public",
    });
});

test("that is cut off anywhere, or goes on, is none", async () => {
  for (let length = 0; length < WHOLE.length; length++)
    await expect(read(WHOLE.subarray(0, length)), `${length}`).rejects.toThrow(/backup/);
  await expect(read(Buffer.concat([WHOLE, Buffer.from("x")]))).rejects.toThrow("goes on");
});

test("of another shape is refused", async () => {
  const line = (manifest: object) => Buffer.from(`${JSON.stringify(manifest)}\n`);
  await expect(read(Buffer.from("x".repeat(20_000)))).rejects.toThrow("no backup");
  await expect(read(line({ ...MANIFEST, v: 2 }))).rejects.toThrow("another version");
  const [first] = MANIFEST.files;
  await expect(read(line({ ...MANIFEST, files: [first, first, first] }))).rejects.toThrow("twice");
  const odd = { ...first!, name: "../../etc/passwd" };
  await expect(read(line({ ...MANIFEST, files: [odd, first, first] }))).rejects.toThrow("version");
});
