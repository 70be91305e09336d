import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestToken, formatToken, isToken, readBearer } from "../../../src/access/tokenText.ts";
import { TokenBook } from "../../../src/access/tokenBook.ts";
import { parseTokenRecord } from "../../../src/access/tokenRecord.ts";
import { refuse } from "../../../src/port/errors.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { makeBook, MemoryTokens, UNLIMITED } from "./memory.ts";

const DAY = 86_400_000;

async function create(book: TokenBook, more: object = {}) {
  const created = await book.create({ name: "n", roles: ["client"], ...more }, "tester");
  if (!created.ok) throw new Error(created.detail);
  return created;
}

describe("the text of a token", () => {
  test("is sph_ and 43 characters, which carry every bit of the secret", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        const text = formatToken(secret);
        expect(text).toMatch(/^sph_/);
        expect(isToken(text)).toBe(true);
        expect(Buffer.from(text.slice(4), "base64url")).toEqual(Buffer.from(secret));
        expect(readBearer(`Bearer ${text}`)).toBe(text);
        expect(readBearer(`bEARER ${text}`)).toBe(text);
      }),
    );
    expect(() => formatToken(new Uint8Array(31))).toThrow(RangeError);
  });

  test("is read from nothing else, however close it comes", () => {
    const text = formatToken(new Uint8Array(32));
    const near = [
      `Bearer  ${text}`,
      `Bearer ${text} `,
      `Bearer ${text}=`,
      `Basic ${text}`,
      `Bearer ${text.slice(0, -1)}`,
      // 43 characters carry 258 bits: with one of the two spare bits set it would be a second text.
      `Bearer ${text.slice(0, -1)}B`,
      `Bearer SPH_${text.slice(4)}`,
      text,
      "",
    ];
    for (const header of near) expect(readBearer(header)).toBeNull();
    fc.assert(fc.property(fc.string(), (header) => readBearer(header) === null));
  });

  test("is kept as its SHA-256", () => {
    const text = formatToken(new Uint8Array(32).fill(7));
    expect(digestToken(text)).toBe(createHash("sha256").update(text).digest("hex"));
  });
});

describe("the book of tokens", () => {
  test("lets in who holds a token, and keeps and lists no secret", async () => {
    const { book, repository, drawn } = makeBook();
    const { events } = repository;
    const { token, description } = await create(book, { roles: ["auditor", "client", "client"] });
    expect(book.authenticate(token)).toEqual({
      id: description.id,
      name: "n",
      roles: ["auditor", "client"],
      quota: UNLIMITED,
    });
    expect(drawn).toEqual([
      { bytes: 40, door: "internal", principal: "tester", purpose: "token", requirement: {} },
    ]);
    const kept = JSON.stringify([...repository.rows.values(), book.list(), events]);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(token.slice(4));
    expect(JSON.stringify(book.list())).not.toContain(digestToken(token));
    expect(events.map(({ kind, actor }) => [kind, actor])).toEqual([["token_created", "tester"]]);
  });

  test("knows its tokens after a restart, expired and revoked ones included", async () => {
    const { book, repository, clock } = makeBook();
    const [kept, revoked] = [await create(book), await create(book)];
    const mortal = await create(book, { expiresMilliseconds: clock.wallMilliseconds() + 1000 });
    expect(await book.revoke(revoked.description.id, "tester")).toBeNull();
    const again = makeBook(repository, clock).book;
    expect(again.authenticate(kept.token)).toBeNull();
    await again.load();
    expect(again.authenticate(kept.token)?.id).toBe(kept.description.id);
    expect(again.authenticate(revoked.token)).toBeNull();
    clock.advance(999);
    expect(again.authenticate(mortal.token)?.id).toBe(mortal.description.id);
    clock.advance(1);
    expect(again.authenticate(mortal.token)).toBeNull();
    expect(again.list()).toHaveLength(3);
  });

  test("revokes at once, for connections that are open too, and once", async () => {
    const { book, repository } = makeBook();
    const { events } = repository;
    const { token, description } = await create(book);
    const principal = book.authenticate(token)!;
    expect(book.isActive(principal)).toBe(true);
    const revoking = book.revoke(description.id, "tester");
    expect(book.authenticate(token)).toBeNull();
    expect(book.isActive(principal)).toBe(false);
    // A second who comes while the first is being kept waits for it, and is not told of again.
    expect(await Promise.all([revoking, book.revoke(description.id, "other")])).toEqual([
      null,
      null,
    ]);
    expect(await book.revoke(description.id, "tester")).toBeNull();
    expect(events.filter(({ kind }) => kind === "token_revoked")).toHaveLength(1);
    expect(await book.revoke("token-0000000000000000", "tester")).toMatchObject({
      code: "not_found",
    });
  });

  test("a token that could not be kept is not given, one that could not be revoked is not let in", async () => {
    const repository = new MemoryTokens();
    const { book } = makeBook(repository);
    const { token, description } = await create(book);
    repository.failing = true;
    await expect(create(book)).rejects.toThrow("disk is full");
    expect(book.list()).toHaveLength(1);
    await expect(book.revoke(description.id, "tester")).rejects.toThrow("disk is full");
    expect(book.authenticate(token)).toBeNull();
    repository.failing = false;
    expect(await book.revoke(description.id, "tester")).toBeNull();
    expect(repository.rows.get(description.id)).toContain('"revokedMilliseconds":1');
    expect(repository.events.map(({ kind }) => kind)).toEqual(["token_created", "token_revoked"]);
  });

  test("notes the day of the last use, with one write a day", async () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 23, 59, 59, 999));
    const repository = new MemoryTokens();
    const { book } = makeBook(repository, clock);
    const { token, description } = await create(book);
    let writes = 0;
    const put = repository.put.bind(repository);
    repository.put = (record) => {
      writes++;
      return put(record);
    };
    for (let use = 0; use < 10; use++) book.authenticate(token);
    expect(writes).toBe(1);
    expect(repository.rows.get(description.id)).toContain("2026-01-01");
    clock.advance(1);
    book.authenticate(token);
    expect(book.list()[0]!.lastUsedDay).toBe("2026-01-02");
    clock.advance(DAY - 1);
    book.authenticate(token);
    expect(writes).toBe(2);
  });

  test("draws nothing for a request it will not fulfil, and hands a refusal on", async () => {
    const { book, clock, drawn } = makeBook();
    const now = clock.wallMilliseconds();
    for (const bad of [{ roles: [] }, { expiresMilliseconds: now }])
      expect(await book.create({ name: "n", roles: ["client"], ...bad }, "x")).toMatchObject({
        code: "invalid_parameter",
      });
    expect(drawn).toEqual([]);
    const refusing = new TokenBook({
      clock,
      repository: new MemoryTokens(),
      defaultQuota: UNLIMITED,
      random: { draw: () => refuse("not_ready", "no"), stream: () => undefined as never },
    });
    expect(await refusing.create({ name: "n", roles: ["admin"] }, "x")).toMatchObject({
      code: "not_ready",
    });
  });

  test("takes no damaged record for a token", () => {
    const record = {
      id: "token-1",
      name: "n",
      roles: ["client"],
      quota: UNLIMITED,
      digest: "0".repeat(64),
      createdMilliseconds: 1,
      createdBy: "x",
      expiresMilliseconds: null,
      lastUsedDay: null,
      revokedMilliseconds: null,
    };
    expect(parseTokenRecord(record)).toEqual(record);
    for (const name of Object.keys(record)) {
      expect(parseTokenRecord({ ...record, [name]: undefined }), name).toBeNull();
      expect(parseTokenRecord({ ...record, [name]: [["root"]] }), name).toBeNull();
    }
    fc.assert(fc.property(fc.anything(), (value) => parseTokenRecord(value) === null));
  });
});
