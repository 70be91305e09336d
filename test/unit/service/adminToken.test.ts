import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Log } from "../../../src/port/log.ts";
import { keepAdminToken } from "../../../src/service/access.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { makeBook } from "../access/memory.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "springhouse-admin-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** The state directory is not there yet, as of a disk that is mounted late. */
function late() {
  const clock = new FakeClock();
  const { book } = makeBook();
  const state = join(directory, "state");
  const schedule = vi.spyOn(clock, "schedule");
  const pauses = (): number[] => schedule.mock.calls.map(([milliseconds]) => milliseconds);
  const kinds: string[] = [];
  const note: Log["info"] = ({ kind }) => void kinds.push(kind);
  const ports = {
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    adminTokenPath: join(state, "admin.token"),
    osRandom: (bytes: number) => new Uint8Array(randomBytes(bytes)),
  };
  /** The attempt that is due; its file is a real one, which no clock waits for. */
  const tryAgain = async (): Promise<void> => {
    const before = kinds.length;
    await clock.run(pauses().at(-1)!);
    await vi.waitFor(() => expect(kinds).toHaveLength(before + 1));
  };
  return { clock, book, state, pauses, kinds, ports, tryAgain };
}

describe("keeping the admin token", () => {
  test("holds up nothing where it cannot be written, and is tried again until it is", async () => {
    const { clock, book, state, kinds, ports, tryAgain } = late();
    await keepAdminToken(book, ports);
    expect(kinds).toEqual(["admin_token_not_written"]);
    await tryAgain();
    await mkdir(state);
    await tryAgain();
    expect(kinds.slice(1)).toEqual(["admin_token_not_written", "admin_token_written"]);
    const token = (await readFile(ports.adminTokenPath, "utf8")).trim();
    expect(book.authenticate(token)?.roles).toEqual(["admin"]);
    expect(clock.pending).toBe(0);
  });

  test("is tried ever more slowly, once a minute at least", async () => {
    const { book, pauses, ports, tryAgain } = late();
    await keepAdminToken(book, ports);
    for (let n = 0; n < 7; n += 1) await tryAgain();
    expect(pauses()).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  test("ends when it is told to, whichever attempt is next", async () => {
    const { clock, book, ports, tryAgain } = late();
    const end = await keepAdminToken(book, ports);
    await tryAgain();
    expect(clock.pending).toBe(1);
    end();
    expect(clock.pending).toBe(0);
  });

  test("is nothing where no file is wanted", async () => {
    const { clock, book, ports, kinds } = late();
    await keepAdminToken(book, { ...ports, adminTokenPath: null });
    expect([kinds.length, book.list().length, clock.pending]).toEqual([0, 0, 0]);
  });
});
