import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, readdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureAdminToken } from "../../../src/access/adminToken.ts";
import { makeBook } from "./memory.ts";

let directory = "";
let path = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "springhouse-admin-"));
  path = join(directory, "admin.token");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const osRandom = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
const read = async (): Promise<string> => (await readFile(path, "utf8")).trim();

describe("the admin token", () => {
  test("is written at the first start, mode 0600, and works", async () => {
    const { book } = makeBook();
    expect(await ensureAdminToken(book, path, osRandom)).toEqual({ ok: true, written: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(book.authenticate(await read())?.roles).toEqual(["admin"]);
    expect(await readdir(directory)).toEqual(["admin.token"]);
  });

  test("is there when the DRBG refuses, since it comes from the OS RNG; nobody else's token does", async () => {
    const { book, drawn } = makeBook();
    const given: Uint8Array[] = [];
    await ensureAdminToken(book, path, (bytes) => {
      given.push(osRandom(bytes));
      return given.at(-1)!;
    });
    expect(drawn).toEqual([]);
    expect(given.map((bytes) => [...bytes])).toEqual([Array.from({ length: 40 }, () => 0)]);
    await book.create({ name: "c", roles: ["client"] }, "tester");
    expect(drawn).toHaveLength(1);
  });

  test("a write that fails can be tried again, and leaves one token that works", async () => {
    const { book, repository } = makeBook();
    repository.failing = true;
    await expect(ensureAdminToken(book, path, osRandom)).rejects.toThrow("the disk is full");
    repository.failing = false;
    const nowhere = join(directory, "none", "admin.token");
    await expect(ensureAdminToken(book, nowhere, osRandom)).rejects.toThrow("ENOENT");
    expect(await ensureAdminToken(book, path, osRandom)).toEqual({ ok: true, written: true });
    expect(
      book.list().filter(({ revokedMilliseconds }) => revokedMilliseconds === null),
    ).toHaveLength(1);
  });

  test("stays the same at every later start", async () => {
    const { book, repository, clock } = makeBook();
    await ensureAdminToken(book, path, osRandom);
    const first = await read();
    const again = makeBook(repository, clock).book;
    await again.load();
    expect(await ensureAdminToken(again, path, osRandom)).toEqual({ ok: true, written: false });
    expect(await read()).toBe(first);
    await chmod(path, 0o644);
    await ensureAdminToken(again, path, osRandom);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(again.list()).toHaveLength(1);
  });

  test("a lost, foreign or revoked one is replaced, and no longer lets in", async () => {
    const { book } = makeBook();
    await ensureAdminToken(book, path, osRandom);
    const first = await read();
    await unlink(path);
    await ensureAdminToken(book, path, osRandom);
    const second = await read();
    expect(second).not.toBe(first);
    expect(book.authenticate(first)).toBeNull();
    await writeFile(path, "sph_rubbish\n");
    await chmod(path, 0o644);
    await ensureAdminToken(book, path, osRandom);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const third = await read();
    await book.revoke(book.authenticate(third)!.id, "tester");
    await ensureAdminToken(book, path, osRandom);
    expect(book.authenticate(await read())?.roles).toEqual(["admin"]);
    expect(
      book.list().filter(({ revokedMilliseconds }) => revokedMilliseconds === null),
    ).toHaveLength(1);
  });

  test("a client's token in its place is not taken for it", async () => {
    const { book } = makeBook();
    const client = await book.create({ name: "c", roles: ["client"] }, "tester");
    if (!client.ok) throw new Error("refused");
    await writeFile(path, client.token);
    expect(await ensureAdminToken(book, path, osRandom)).toEqual({ ok: true, written: true });
    expect(book.authenticate(client.token)).not.toBeNull();
  });
});
