import { expect, test } from "vitest";
import { Quotas } from "../../../src/access/quotas.ts";
import { Exposition } from "../../../src/telemetry/exposition.ts";
import { metricText } from "../../../src/telemetry/text.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { parseExposition, picture, source } from "./picture.ts";

/** A service with 32 sources, and as many clients. */
function house(clients: number): Exposition {
  const { snapshot, tally } = picture();
  const sources = Array.from({ length: 32 }, (_, index) => source(`source-${index}`));
  const quotas = new Quotas(new FakeClock());
  const quota = { requestsPerSecond: 10, bytesPerSecond: 1000 };
  for (let n = 0; n < clients; n++)
    quotas.admitRequest({ id: `token-${n}`, name: "", roles: [], quota });
  return new Exposition({ snapshot: () => ({ ...snapshot, sources }) }, tally, () => quotas.uses());
}

test("32 sources and 1,000 clients: a scrape takes less than 5 ms of a core", async () => {
  const exposition = house(1000);
  const milliseconds: number[] = [];
  for (let round = 0; round < 60; round++) {
    const before = process.cpuUsage();
    await exposition.render();
    const { user, system } = process.cpuUsage(before);
    milliseconds.push((user + system) / 1000);
  }
  // The least, as whatever else the machine does only adds to it.
  expect(Math.min(...milliseconds)).toBeLessThan(5);
});

test("and no more series than a hundred clients make", async () => {
  const [hundred, thousand] = await Promise.all(
    [101, 1000].map(async (clients) => parseExposition(await house(clients).render()).size),
  );
  expect(thousand).toBe(hundred);
  expect(thousand).toBeLessThan(3000);
});

test("the text format's own signs, in a label and as a number", () => {
  const named = { name: "n", type: "gauge", help: "What.", labels: ["a", "b"] };
  const text = metricText(named, [
    [["\\", 'x"y\nz'], 1.5],
    [["", "é"], Infinity],
    [["1", "2"], -Infinity],
    [["3", "4"], NaN],
  ]);
  expect(text).toBe(
    String.raw`# HELP n What.
# TYPE n gauge
n{a="\\",b="x\"y\nz"} 1.5
n{a="",b="é"} +Inf
n{a="1",b="2"} -Inf
n{a="3",b="4"} NaN
`,
  );
  expect(metricText({ ...named, labels: [] }, [[[], 2]])).toMatch(/\nn 2\n$/);
});
