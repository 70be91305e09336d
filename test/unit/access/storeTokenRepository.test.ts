import { expect, test } from "vitest";
import { StoreTokenRepository } from "../../../src/access/storeTokenRepository.ts";
import { openEventJournal } from "../../../src/lineage/eventJournal.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { makeBook } from "./memory.ts";

test("tokens outlive the process in a real database, which holds none of them", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  const first = openSqliteStore(settings, systemClock());
  const journal = await openEventJournal(first, systemClock());
  const { book, clock } = makeBook(new StoreTokenRepository(first, journal));
  const kept = await book.create({ name: "kept", roles: ["client"] }, "tester");
  const revoked = await book.create({ name: "revoked", roles: ["admin"] }, "tester");
  if (!kept.ok || !revoked.ok) throw new Error("refused");
  await book.revoke(revoked.description.id, "tester");
  expect((await journal.since(0, 10)).map(({ kind, data }) => [kind, data["token"]])).toEqual([
    ["token_created", kept.description.id],
    ["token_created", revoked.description.id],
    ["token_revoked", revoked.description.id],
  ]);
  // Both or neither: a repository whose journal takes nothing keeps no token either.
  const deaf = new StoreTokenRepository(first, {
    record: () => Promise.reject(new Error("the disk is full")),
  });
  const lost = makeBook(deaf, clock).book.create({ name: "lost", roles: ["client"] }, "tester");
  await expect(lost).rejects.toThrow("disk is full");
  expect(await deaf.all()).toHaveLength(2);
  await journal.stop();
  await first.close();

  const second = openSqliteStore(settings, systemClock());
  const silent = { record: async () => {} };
  const again = makeBook(new StoreTokenRepository(second, silent), clock).book;
  await again.load();
  expect(again.authenticate(kept.token)?.name).toBe("kept");
  expect(again.authenticate(revoked.token)).toBeNull();
  const rows = JSON.stringify(await second.read("document.all", ["token"]));
  expect(rows).not.toContain(kept.token);
  await second.write([
    { statement: "document.put", parameters: ["token", "token-x", '{"id":"token-x"}', 0] },
  ]);
  await expect(new StoreTokenRepository(second, silent).all()).rejects.toThrow("cannot be read");
  await second.close();
});
