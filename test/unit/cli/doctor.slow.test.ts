import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, springhouse, startSpringhouse } from "../../support/springhouse.ts";

let service: Running;
beforeAll(async () => {
  service = await startSpringhouse();
});
afterAll(() => service.stop());

interface Told {
  readonly check: string;
  readonly level: string;
  readonly cause: string;
  readonly remedy: string | null;
}

async function doctor(environment: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await springhouse(["doctor", "--json"], {
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
    ...environment,
  });
  return { code, stderr, told: JSON.parse(stdout.toString()) as Told[] };
}

test("with a token it looks at everything, and finds a healthy service", async () => {
  const { code, told } = await doctor({});
  expect(code).toBe(0);
  expect(told.map(({ check, level }) => `${check} ${level}`)).toEqual([
    "noise note",
    "service ok",
    "source os ok",
  ]);
});

test("without a token, or with a wrong one, it says so and asks the public probe", async () => {
  for (const [environment, check] of [
    [{ SPRINGHOUSE_STATE: "/nonexistent" }, "token"],
    [{ SPRINGHOUSE_TOKEN: "sph_wrong" }, "service"],
    [
      {
        SPRINGHOUSE_STATE: "/nonexistent",
        SPRINGHOUSE_URL: `unix:${service.state}/springhouse.sock`,
      },
      "token",
    ],
  ] as const) {
    const { code, told, stderr } = await doctor(environment);
    expect(code).toBe(1);
    expect(told[0]).toMatchObject({ check, level: "fault" });
    expect(told[0]!.remedy).toMatch(/token/i);
    expect(told[1]).toMatchObject({ check: "service", level: "ok", cause: "ready" });
    expect(JSON.stringify(told) + stderr).not.toContain("sph_wrong");
  }
});

test("where nobody listens it says how to start", async () => {
  const { code, told } = await doctor({ SPRINGHOUSE_URL: "http://127.0.0.1:1" });
  expect(code).toBe(1);
  expect(told).toMatchObject([{ check: "service", level: "fault" }]);
  expect(told[0]!.remedy).toContain("npm start");
});

test("wrong usage exits with 2, and says nothing on stdout", async () => {
  for (const args of [
    ["random", "abc"],
    ["random"],
    ["nonsense"],
    ["stream", "--bytes", "-1"],
    ["status", "--what"],
  ]) {
    const { code, stdout, stderr } = await springhouse(args);
    expect(code, args.join(" ")).toBe(2);
    expect(stdout.length).toBe(0);
    expect(stderr).toContain("--help");
  }
});
