import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SpringhouseClient } from "../../../src/client/client.ts";
import { type Running, springhouse, startSpringhouse } from "../../support/springhouse.ts";
import { ANY_TOKEN, httpServer, PROOF } from "./servers.ts";

/** Every byte there is: what text would lose, and what ends a line. */
const EVERY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

async function sayingEvery(headers: Readonly<Record<string, string>> = PROOF) {
  const asked: string[] = [];
  const url = await httpServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(200, headers).end(EVERY);
  });
  return { asked, environment: { ...ANY_TOKEN, SPRINGHOUSE_URL: url } };
}

describe("what the service gives is what is printed, no byte more", () => {
  test.each([
    [[], `${EVERY.toString("hex")}\n`],
    [["--format", "hex"], `${EVERY.toString("hex")}\n`],
    [["--format", "base64"], `${EVERY.toString("base64")}\n`],
    [["--format", "raw"], EVERY.toString("latin1")],
  ])("random %j", async (args, wanted) => {
    const { asked, environment } = await sayingEvery();
    const { code, stdout, stderr } = await springhouse(["random", "256", ...args], environment);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.toString("latin1")).toBe(wanted);
    expect(asked).toEqual(["/v1/random?bytes=256"]);
  });

  test("--json is one line with the bytes and their proof, whatever the format", async () => {
    for (const args of [[], ["--format", "raw"]]) {
      const { environment } = await sayingEvery();
      const { stdout } = await springhouse(["random", "256", "--json", ...args], environment);
      expect(stdout.toString()).toMatch(/^[^\n]+\n$/);
      expect(JSON.parse(stdout.toString())).toEqual({
        bytes: EVERY.toString("base64"),
        output: PROOF["springhouse-output"],
        seed: PROOF["springhouse-seed"],
      });
    }
    const outputs = ["s-0123456789abcdef-1.7", "s-0123456789abcdef-2.1"];
    const split = { ...PROOF, "springhouse-output": outputs.join(", ") };
    const { environment } = await sayingEvery(split);
    const { stdout } = await springhouse(["random", "256", "--json"], environment);
    expect(JSON.parse(stdout.toString())).toMatchObject({ output: outputs[1], outputs });
  });

  test("a requirement travels as it was given", async () => {
    const { asked, environment } = await sayingEvery();
    const all = "--strength 256 --sources 2 --max-seed-age 0.5 --fresh".split(" ");
    await springhouse(["random", "256", ...all], environment);
    expect(asked).toEqual([
      "/v1/random?bytes=256&strength=256&sources=2&max_seed_age=0.5&fresh=true",
    ]);
  });

  test("more or fewer bytes than were asked for, or bytes that name no output, are no answer", async () => {
    for (const bytes of ["255", "257"]) {
      const { environment } = await sayingEvery();
      const { code, stdout, stderr } = await springhouse(["random", bytes], environment);
      expect([code, stdout.length]).toEqual([1, 0]);
      expect(stderr).toContain("256 bytes");
    }
    const { environment } = await sayingEvery({ "content-type": "application/octet-stream" });
    const { code, stdout, stderr } = await springhouse(["random", "256"], environment);
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toContain("unexpected_answer");
  });
});

describe("from the service itself", () => {
  let service: Running;
  let environment: Record<string, string>;
  beforeAll(async () => {
    service = await startSpringhouse();
    environment = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
  });
  afterAll(() => service.stop());

  test.each([1, 32, 65_536])("%i bytes in every format", async (bytes) => {
    const print = async (format: string): Promise<Buffer> => {
      const args = ["random", String(bytes), "--format", format];
      const { code, stdout, stderr } = await springhouse(args, environment);
      expect([code, stderr]).toEqual([0, ""]);
      return stdout;
    };
    expect(await print("raw")).toHaveLength(bytes);
    const hex = (await print("hex")).toString();
    expect(hex).toMatch(/^[0-9a-f]+\n$/);
    expect(hex).toHaveLength(2 * bytes + 1);
    const base64 = (await print("base64")).toString().slice(0, -1);
    const decoded = Buffer.from(base64, "base64");
    expect(decoded).toHaveLength(bytes);
    expect(decoded.toString("base64")).toBe(base64);
  });

  test("--json names an output that the service knows, and its seed", async () => {
    const token = service.authorization.authorization.slice("Bearer ".length);
    const client = new SpringhouseClient({ url: service.url, token });
    for (const bytes of [16, 65_536]) {
      const { stdout } = await springhouse(["random", String(bytes), "--json"], environment);
      const told = JSON.parse(stdout.toString()) as {
        readonly bytes: string;
        readonly output: string;
        readonly seed: string;
      };
      expect(Buffer.from(told.bytes, "base64")).toHaveLength(bytes);
      const story = await client.output(told.output);
      expect(story).toMatchObject({ id: told.output, seed: { id: told.seed } });
    }
  });

  test("one byte more than a request may have is wrong usage, and names the way", async () => {
    const { code, stdout, stderr } = await springhouse(["random", "65537"], environment);
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr).toContain("springhouse stream --bytes");
    expect((await springhouse(["random", "0"], environment)).code).toBe(2);
    const format = await springhouse(["random", "1", "--format", "binary"], environment);
    expect([format.code, format.stdout.length]).toEqual([2, 0]);
  });
});
