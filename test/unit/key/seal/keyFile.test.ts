import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keyFileReader } from "../../../../src/key/seal/keyFile.ts";
import { temporaryState } from "../../../support/temporaryState.ts";

test("a key file is read by its path or as a credential, and only when nobody else may", async () => {
  await using state = await temporaryState();
  await mkdir(state.directory);
  const path = join(state.directory, "machine.key");
  const bytes = Buffer.alloc(32, 7);
  await writeFile(path, bytes, { mode: 0o600 });
  const read = keyFileReader(
    [
      { name: "by path", path },
      { name: "by credential", credential: "machine.key" },
      { name: "absent", path: `${path}.gone` },
    ],
    state.directory,
  );
  expect(await read("by path")).toEqual(new Uint8Array(bytes));
  expect(await read("by credential")).toEqual(new Uint8Array(bytes));
  expect(await read("absent")).toMatchObject({
    detail: expect.stringContaining("(ENOENT)") as string,
  });
  expect(await read("nobody's")).toMatchObject({ code: "slot_refused" });
  const without = keyFileReader([{ name: "c", credential: "machine.key" }], null);
  expect(await without("c")).toMatchObject({
    detail: "Key file c: systemd gave this service no credentials.",
  });
  await chmod(path, 0o640);
  expect(await read("by path")).toMatchObject({
    detail: expect.stringContaining("open to others") as string,
  });
  // As systemd's access control list shows in a mode.
  await chmod(path, 0o440);
  expect(await read("by credential")).toEqual(new Uint8Array(bytes));
  await chmod(path, 0o444);
  expect(await read("by credential")).toMatchObject({
    detail: expect.stringContaining("open to others") as string,
  });
  await chmod(path, 0o600);
  await writeFile(path, Buffer.alloc(31));
  await chmod(path, 0o600);
  expect(await read("by path")).toMatchObject({
    detail: "Key file by path has 31 bytes; 32 to 65536 are needed.",
  });
});
