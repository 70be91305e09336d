import { expect, test } from "vitest";
import { StoreTokenRepository } from "../../../src/access/storeTokenRepository.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { makeBook } from "./memory.ts";

test("tokens outlive the process in a real database, which holds none of them", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  const first = openSqliteStore(settings, systemClock());
  const { book, clock } = makeBook(new StoreTokenRepository(first));
  const kept = await book.create({ name: "kept", roles: ["client"] }, "tester");
  const revoked = await book.create({ name: "revoked", roles: ["admin"] }, "tester");
  if (!kept.ok || !revoked.ok) throw new Error("refused");
  await book.revoke(revoked.description.id, "tester");
  await first.close();

  const second = openSqliteStore(settings, systemClock());
  const again = makeBook(new StoreTokenRepository(second), clock).book;
  await again.load();
  expect(again.authenticate(kept.token)?.name).toBe("kept");
  expect(again.authenticate(revoked.token)).toBeNull();
  const rows = JSON.stringify(await second.read("document.all", ["token"]));
  expect(rows).not.toContain(kept.token);
  await second.write([
    { statement: "document.put", parameters: ["token", "token-x", '{"id":"token-x"}', 0] },
  ]);
  await expect(new StoreTokenRepository(second).all()).rejects.toThrow("cannot be read");
  await second.close();
});
