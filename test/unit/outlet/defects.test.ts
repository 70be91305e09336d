import { expect, test, vi } from "vitest";
import { LINES_PER_SECOND } from "../../../src/api/log.ts";
import { until } from "../../support/springhouse.ts";
import { isOutlets, openRig, principalOf, type Rig } from "./rig.ts";

interface Line {
  readonly kind: string;
  readonly request_id: string;
}

/** What a client, the log and the quota's figures have of a draw that throws. */
async function see(rig: Rig, token: string, port: number, bytes: number) {
  const { house } = rig;
  const principal = principalOf(rig, token);
  const connection = rig.dial(port);
  house.log.length = 0;
  const answer = await connection.ask(rig.headOf(token, `/v1/random?bytes=${bytes}`));
  await until("its lines", () => house.log.length === 2);
  rig.outlets.fold();
  expect(house.log.join()).not.toContain("sph_a_secret");
  const [first, ...others] = house.log.map((line) => (JSON.parse(line) as Line).request_id);
  const { request_id: id } = JSON.parse(answer!.body.toString()) as Line;
  expect([first, others]).toEqual([id, [id]]);
  const without = (text: string): string =>
    text
      .replaceAll(id, "ID")
      .replaceAll(principal, "WHO")
      .replace(/"atMilliseconds":\d+/, "")
      .replace(/"frames":\["    at .*"\]/, "FRAMES");
  const headers = [...answer!.headers].filter(([name]) => name !== "date");
  const use = house.access.quotas.uses().find(({ client }) => client === principal);
  return {
    status: answer!.status,
    headers,
    body: without(answer!.body.toString()),
    log: house.log.map(without),
    use: { ...use, client: null },
  };
}

test.each([
  [13, "at once"],
  [14, "later"],
])("a draw of %d bytes that throws %s: answered and logged as in the house", async (bytes) => {
  const rig = await openRig();
  const other = rig.dial();
  const hot = rig.headOf(await rig.house.issue(["client"]), "/v1/random?bytes=32");
  expect(isOutlets(await other.ask(hot))).toBe(true);
  await rig.breakDraws("draw");
  const [mine, theirs] = [await rig.house.issue(["client"]), await rig.house.issue(["client"])];
  const own = await see(rig, mine, rig.port, bytes);
  vi.spyOn(rig.house.supply, "draw").mockImplementation(() => {
    throw new Error("sph_a_secret");
  });
  expect(own).toEqual(await see(rig, theirs, rig.listening.address!.port, bytes));
  expect(own).toMatchObject({ status: 500, use: { requests: 1, bytes } });
  expect(own.log[0]).toContain("FRAMES");
  expect(rig.tally.doors.http.codes.get(500)).toBe(1);
  expect(rig.tally.refusals).toEqual(new Map([["internal", 1]]));
  // Nobody else is touched.
  expect(isOutlets(await other.ask(hot))).toBe(true);
  expect(rig.outlets.snapshot()).toMatchObject({ answering: 2, lostTotal: 0 });
});

test("a connection goes on after a defect, and more of them than the log has lines for are the house's", async () => {
  const rig = await openRig();
  const hot = rig.headOf(await rig.house.issue(["client"]), "/v1/random?bytes=32");
  // Its first seed may be late, and what waits for one too long is the house's.
  await until("its seed", async () => isOutlets(await rig.dial().ask(hot)));
  const connections = Array.from({ length: 6 * LINES_PER_SECOND }, () => rig.dial());
  await Promise.all(connections.map(({ opened }) => opened));
  // Who is passed on is not charged twice: there is one request for each.
  const quota = { requestsPerSecond: 0.001, bytesPerSecond: null };
  const tokens = await Promise.all(connections.map(() => rig.house.issue(["client"], quota)));
  await rig.breakDraws("draw");
  const answers = await Promise.all(
    connections.map((one, at) => one.ask(rig.headOf(tokens[at]!, "/v1/random?bytes=13"))),
  );
  const failed = answers.filter((answer) => answer!.status === 500).length;
  const served = answers.filter((answer) => answer!.status === 200 && !isOutlets(answer)).length;
  expect(failed).toBeGreaterThanOrEqual(LINES_PER_SECOND);
  // Three seconds, should the machine be that busy.
  expect(failed).toBeLessThanOrEqual(3 * LINES_PER_SECOND);
  expect(failed + served).toBe(connections.length);
  const whose = await Promise.all(connections.map(async (one) => isOutlets(await one.ask(hot))));
  expect(whose.filter((isIts) => isIts)).toHaveLength(failed);
  await until(
    "every line",
    () => rig.house.log.filter((line) => line.includes('"defect"')).length === failed,
  );
});

test("a DRBG that breaks gives nothing any more, nor does any other; its thread and connections stay", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const [one, other] = [rig.dial(), rig.dial()];
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  for (const connection of [one, other]) expect(isOutlets(await connection.ask(hot))).toBe(true);
  await rig.breakDraws("generate");
  const answer = (await one.ask(hot))!;
  expect(answer.status).toBe(500);
  expect(answer.headers.has("springhouse-output")).toBe(false);
  for (const connection of [one, other]) expect(isOutlets(await connection.ask(hot))).toBe(false);
  // SP 800-90A 11.3.6: the house's too.
  const request = {
    bytes: 1,
    door: "http",
    principal: "p",
    purpose: "random",
    requirement: {},
  } as const;
  expect(await rig.drbg.draw(request)).toMatchObject({ code: "self_test_failed" });
  expect(rig.events.filter(({ kind }) => kind === "self_test_failed")).toHaveLength(1);
  await until("its state", () => rig.outlets.instances()[0]?.state === "error");
  expect(rig.outlets.snapshot()).toMatchObject({ answering: 2, lostTotal: 0 });
  expect(JSON.stringify([rig.events, rig.house.log])).not.toContain("sph_a_secret");
});
