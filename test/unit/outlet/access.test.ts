import { expect, test } from "vitest";
import { Bucket } from "../../../src/access/quotas.ts";
import { OutletBook } from "../../../src/outlet/outletBook.ts";
import { Board } from "../../../src/outlet/board.ts";
import type { ToHouse } from "../../../src/outlet/protocol.ts";
import { digestToken, formatToken } from "../../../src/access/tokenText.ts";
import type { Socket } from "node:net";
import { FakeClock } from "../../support/fakeClock.ts";
import { UNLIMITED } from "../access/memory.ts";
import { isOutlets, openRig, principalOf } from "./rig.ts";

const TOKEN = formatToken(new Uint8Array(32).fill(1));
const DIGEST = digestToken(TOKEN);
const HEADERS = { authorization: `Bearer ${TOKEN}` };
const PRINCIPAL = { id: "p", name: "p", roles: ["client"], quota: UNLIMITED } as const;

function book() {
  const clock = new FakeClock();
  const board = new Board();
  const told: ToHouse[] = [];
  const buckets = new SharedArrayBuffer(64);
  const made = new OutletBook(clock, board, buckets, (message) => told.push(message));
  const socket = {} as Socket;
  const lent = (untilMilliseconds = Infinity) => ({
    principal: { ...PRINCIPAL },
    untilMilliseconds,
    cells: [-1, -1] as const,
  });
  return { clock, board, told, book: made, socket, lent, buckets };
}

test("whom the house looked up before a revocation is not let in after it", async () => {
  const { board, told, book: outlet, socket, lent } = book();
  expect(outlet.authenticate(HEADERS, socket)).toBeNull();
  const asked = outlet.ask(socket)!;
  expect(told).toEqual([{ who: DIGEST }]);
  // The answer is under way while a token is revoked.
  const epoch = board.accessEpoch;
  board.forgetAccess();
  outlet.learn(DIGEST, lent(), epoch);
  expect(await asked).toBe(true);
  expect(outlet.authenticate(HEADERS, socket)).toBeNull();
  // It is asked again, and what is answered now holds.
  const again = outlet.ask(socket)!;
  outlet.learn(DIGEST, lent(), board.accessEpoch);
  expect(await again).toBe(true);
  const principal = outlet.authenticate(HEADERS, socket)!;
  expect(principal.id).toBe("p");
  expect(outlet.isActive(principal)).toBe(true);
  board.forgetAccess();
  expect(outlet.isActive(principal)).toBe(false);
  expect(outlet.authenticate(HEADERS, socket)).toBeNull();
});

test("a token that ends is asked for again, and many that wait for one ask once", async () => {
  const { clock, board, told, book: outlet, socket, lent } = book();
  const others = Array.from({ length: 3 }, () => ({}) as Socket);
  for (const one of [socket, ...others]) expect(outlet.authenticate(HEADERS, one)).toBeNull();
  const asked = [socket, ...others].map((one) => outlet.ask(one)!);
  expect(told).toEqual([{ who: DIGEST }]);
  outlet.learn(DIGEST, lent(clock.wallMilliseconds() + 1000), board.accessEpoch);
  expect(await Promise.all(asked)).toEqual([true, true, true, true]);
  const principal = outlet.authenticate(HEADERS, socket)!;
  clock.advance(1000);
  expect([outlet.isActive(principal), outlet.authenticate(HEADERS, socket)]).toEqual([false, null]);
});

test("a request whose bytes lack is a request of its quota, and what the house answers is given back", () => {
  const { clock, board, book: outlet, socket, buckets } = book();
  const quota = { requestsPerSecond: 3, bytesPerSecond: 1000 };
  const cells = new BigInt64Array(buckets);
  const now = clock.monotonicMilliseconds();
  const requests = new Bucket(3, now, cells, 0);
  const bytes = new Bucket(1000, now, cells, 1);
  const principal = { ...PRINCIPAL, quota };
  outlet.learn(
    DIGEST,
    { principal, untilMilliseconds: Infinity, cells: [0, 1] },
    board.accessEpoch,
  );
  expect(outlet.authenticate(HEADERS, socket)).toBe(principal);
  expect(outlet.admit(principal, 600)).toBeNull();
  expect(outlet.admit(principal, 600)).toEqual({ what: "bytes", milliseconds: 200 });
  expect([requests.wait(1, now), bytes.wait(400, now)]).toEqual([0, 0]);
  expect(requests.wait(2, now)).toBeGreaterThan(0);
  outlet.giveBack(principal, 600);
  expect([requests.wait(2, now), bytes.wait(1000, now)]).toEqual([0, 0]);
  for (let taken = 0; taken < 2; taken++) expect(outlet.admit(principal, 1)).toBeNull();
  expect(outlet.admit(principal, 1)).toMatchObject({ what: "requests" });
});

test("what is no token is not asked for", () => {
  const { book: outlet, socket, told } = book();
  expect(outlet.authenticate({ authorization: "Bearer sph_short" }, socket)).toBeNull();
  expect(outlet.authenticate({}, socket)).toBeNull();
  expect([outlet.ask(socket), told]).toEqual([null, []]);
});

test("a token that is revoked gives nothing at the very next head, though its connection is known", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const [known, fresh] = [rig.dial(), rig.dial()];
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  for (let draws = 0; draws < 5; draws++) expect(isOutlets(await known.ask(hot))).toBe(true);
  const bystander = await rig.house.issue(["client"]);
  const other = rig.dial();
  expect(isOutlets(await other.ask(rig.headOf(bystander, "/v1/random?bytes=32")))).toBe(true);
  // Takes effect at once: nothing is waited for in between.
  const revoking = rig.house.access.tokens.revoke(principalOf(rig, token), "test");
  const answers = await Promise.all([known.ask(hot), fresh.ask(hot)]);
  expect(answers.map((answer) => answer?.status)).toEqual([401, 401]);
  await revoking;
  // Everybody else is asked for again and goes on where he was.
  expect(isOutlets(await other.ask(rig.headOf(bystander, "/v1/random?bytes=32")))).toBe(true);
});

test("a role that may not draw is refused by the house, as every token that is nobody's", async () => {
  const rig = await openRig();
  const auditor = rig.house.tokens.auditor;
  expect((await rig.ask(auditor)).status).toBe(403);
  expect((await rig.ask(TOKEN)).status).toBe(401);
  expect(rig.counts).toEqual([]);
});
