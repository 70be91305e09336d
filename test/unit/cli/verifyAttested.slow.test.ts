import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { springhouse, startSpringhouse, until, type Running } from "../../support/springhouse.ts";
import { testFolder } from "./servers.ts";

let service: Running;
beforeAll(async () => {
  service = await startSpringhouse();
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

const environment = () => ({
  SPRINGHOUSE_URL: service.url,
  SPRINGHOUSE_STATE: service.state,
});
const verified = (file: string, ...more: readonly string[]) =>
  springhouse(["verify", file, "--vkey", join(service.state, "log.vkey"), ...more]);

test("a capture holds offline, and not with one bit changed", async () => {
  const file = join(await testFolder(), "os.bin");
  const captured = await springhouse(
    ["capture", "os", "--samples", "5000", "-o", file],
    environment(),
  );
  expect([captured.code, captured.stderr]).toEqual([0, expect.stringContaining("contiguous")]);
  const good = await verified(`${file}.json`, "--json");
  expect(good.code).toBe(0);
  expect(JSON.parse(String(good.stdout))).toMatchObject({
    valid: true,
    facts: { source: "os", samples: 5000, restart: "none" },
  });

  const samples = await readFile(file);
  samples[1234]! ^= 1;
  await writeFile(file, samples);
  const bad = await verified(`${file}.json`);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("the samples are not those that were signed");
  expect((await springhouse(["verify", `${file}.json`])).stderr).toContain("--vkey");
});

test("a report holds offline, and not with a better figure", async () => {
  const headers = { ...service.authorization, "content-type": "application/octet-stream" };
  const begun = await fetch(`${service.url}/v1/assessments?bits=1&suite=fips140-2`, {
    method: "POST",
    headers,
    body: new Uint8Array(40_032).map((_none, index) => ((index * 7) % 3) & 1),
  });
  expect(begun.status).toBe(201);
  const { id } = (await begun.json()) as { id: string };
  let report: object | null = null;
  await until("the report", async () => {
    const status = await fetch(`${service.url}/v1/assessments/${id}`, { headers });
    ({ assessment: report } = (await status.json()) as { assessment: object | null });
    return report !== null;
  });
  const file = join(await testFolder(), "report.json");
  await writeFile(file, JSON.stringify(report, null, 2));
  const good = await verified(file);
  expect([good.code, String(good.stdout)]).toEqual([0, expect.stringContaining("fips140-2")]);
  await writeFile(file, JSON.stringify({ ...report!, minEntropy: 8 }));
  expect((await verified(file)).code).toBe(1);
});
