import { beforeEach, describe, expect, test } from "vitest";
import {
  noSessionCookie,
  readSessionCookie,
  sessionCookie,
} from "../../../src/access/sessionCookie.ts";
import { Sessions } from "../../../src/access/sessions.ts";
import type { TokenBook } from "../../../src/access/tokenBook.ts";
import { WrongTokens } from "../../../src/access/wrongTokens.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import { makeBook } from "./memory.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let clock: FakeClock;
let book: TokenBook;
let sessions: Sessions;
let events: ServiceEvent[];
let given: Uint8Array[];
let token: string;
let id: string;

beforeEach(async () => {
  ({ clock, book } = makeBook());
  events = [];
  given = [];
  sessions = new Sessions({
    clock,
    tokens: book,
    osRandom: (length) => {
      const bytes = new Uint8Array(length).fill(given.length + 1);
      given.push(bytes);
      return bytes;
    },
    observer: { event: (event) => events.push(event) },
  });
  const created = await book.create({ name: "ada", roles: ["operator"] }, "tester");
  if (!created.ok) throw new Error(created.detail);
  ({ token } = created);
  ({ id } = created.description);
});

function open() {
  const opened = sessions.open(token, "::1");
  if (!opened.ok) throw new Error(opened.detail);
  return opened;
}

describe("a session", () => {
  test("is its token's principal, by a secret that is kept nowhere", () => {
    const { secret, principal, seconds } = open();
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(given[0]).toEqual(new Uint8Array(32));
    expect(principal).toMatchObject({ id, name: "ada", roles: ["operator"] });
    expect(seconds).toBe(8 * 3600);
    expect(sessions.authenticate(secret)).toBe(principal);
    expect(sessions.isActive(principal)).toBe(true);
    expect(sessions.endOf(principal)).toBe(clock.wallMilliseconds() + 8 * HOUR);
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(events).toMatchObject([{ kind: "session_opened", actor: id }]);
  });

  test("is none for a secret that is unknown, and none of a token's own principal", () => {
    open();
    expect(sessions.authenticate("A".repeat(43))).toBeNull();
    const owner = book.authenticate(token)!;
    expect(sessions.isActive(owner)).toBe(false);
    expect(sessions.endOf(owner)).toBeNull();
  });

  test("ends with its token, at once", async () => {
    const { secret, principal } = open();
    await book.revoke(id, "tester");
    expect(sessions.isActive(principal)).toBe(false);
    expect(sessions.authenticate(secret)).toBeNull();
  });

  test("ends with the expiry of its token", async () => {
    const created = await book.create(
      { name: "n", roles: ["operator"], expiresMilliseconds: clock.wallMilliseconds() + MINUTE },
      "tester",
    );
    if (!created.ok) throw new Error(created.detail);
    const opened = sessions.open(created.token, "::1");
    if (!opened.ok) throw new Error(opened.detail);
    clock.advance(MINUTE - 1);
    expect(sessions.isActive(opened.principal)).toBe(true);
    clock.advance(1);
    expect(sessions.isActive(opened.principal)).toBe(false);
  });

  test("ends after 30 minutes without use, and no use revives it", () => {
    const { secret, principal } = open();
    clock.advance(30 * MINUTE - 1);
    expect(sessions.authenticate(secret)).toBe(principal);
    clock.advance(30 * MINUTE - 1);
    expect(sessions.isActive(principal)).toBe(true);
    clock.advance(30 * MINUTE);
    expect(sessions.isActive(principal)).toBe(false);
    expect(sessions.authenticate(secret)).toBeNull();
  });

  test("ends after 8 hours, however much it is used", () => {
    const { secret } = open();
    for (let quarter = 1; quarter < 32; quarter++) {
      clock.advance(15 * MINUTE);
      expect(sessions.authenticate(secret)).not.toBeNull();
    }
    clock.advance(15 * MINUTE);
    expect(sessions.authenticate(secret)).toBeNull();
  });

  test("ends when it is signed out, and no other of the same token does", () => {
    const [one, other] = [open(), open()];
    sessions.close(one.principal);
    expect(sessions.authenticate(one.secret)).toBeNull();
    expect(sessions.isActive(one.principal)).toBe(false);
    expect(sessions.isActive(other.principal)).toBe(true);
    sessions.close(one.principal);
    expect(events.map(({ kind }) => kind)).toEqual([
      "session_opened",
      "session_opened",
      "session_closed",
    ]);
  });

  test("gives way to the 16th after it", () => {
    const all = Array.from({ length: 17 }, open);
    expect(all.map(({ principal }) => sessions.isActive(principal))).toEqual([
      false,
      ...Array.from({ length: 16 }, () => true),
    ]);
  });
});

describe("wrong tokens", () => {
  const wrong = `sph_${"A".repeat(43)}`;

  test("are unauthenticated, then throttled, and a right one waits as well", () => {
    for (let tries = 0; tries < 5; tries++)
      expect(sessions.open(wrong, "192.0.2.1")).toMatchObject({ code: "unauthenticated" });
    expect(sessions.open(token, "192.0.2.1")).toMatchObject({
      code: "throttled",
      retryAfterSeconds: 1,
    });
    expect(sessions.open(token, "192.0.2.2").ok).toBe(true);
    clock.advance(1000);
    expect(sessions.open(token, "192.0.2.1").ok).toBe(true);
    expect(sessions.open(wrong, "192.0.2.1")).toMatchObject({ code: "unauthenticated" });
  });

  test("wait twice as long each time, to a minute, and are forgotten after a quarter of an hour", () => {
    const tries = new WrongTokens(clock);
    const waits: number[] = [];
    for (let count = 0; count < 14; count++) {
      clock.advance(tries.wait("a"));
      tries.wrong("a");
      waits.push(tries.wait("a") / 1000);
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    expect(tries.wait("b")).toBe(0);
    clock.advance(15 * MINUTE);
    tries.wrong("a");
    expect(tries.wait("a")).toBe(0);
  });

  test("of more addresses than are kept push out the first", () => {
    const tries = new WrongTokens(clock);
    for (let count = 0; count < 5; count++) tries.wrong("first");
    for (let other = 0; other < 4096; other++) tries.wrong(`other ${other}`);
    expect(tries.wait("first")).toBe(0);
  });
});

describe("the cookie", () => {
  const secret = "s".repeat(43);

  test("is read by no script, sent by no other site, and under TLS set by no other host", () => {
    expect(sessionCookie(secret, 60, false)).toBe(
      `springhouse=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60`,
    );
    expect(sessionCookie(secret, 60, true)).toBe(
      `__Host-springhouse=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure`,
    );
    for (const cookie of noSessionCookie(true)) expect(cookie).toContain("Max-Age=0");
  });

  test("is found among others", () => {
    const found = { isThere: true, secret };
    expect(readSessionCookie(`a=b; springhouse=${secret}; c="d"`)).toEqual(found);
    expect(readSessionCookie(`springhouse=other; __Host-springhouse=${secret}`)).toEqual(found);
  });

  test.each([
    ["", false],
    ["a=b; =; ;", false],
    ["xspringhouse=s; constructor=1; __proto__=1", false],
    ["springhouse=", true],
    [`springhouse=${"s".repeat(42)}`, true],
    [`springhouse="${"s".repeat(43)}"`, true],
    [`springhouse=${"s".repeat(43)}; springhouse=${"t".repeat(43)}`, true],
  ])("%j is no secret", (header, isThere) => {
    expect(readSessionCookie(header)).toEqual(isThere ? { isThere, secret: null } : { isThere });
  });
});
