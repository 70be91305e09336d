import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { SpringhouseClient } from "../../src/client/client.ts";
import { type Running, springhouse, startSpringhouse } from "../support/springhouse.ts";

describe("the embedded default, as a process with real clients", () => {
  let service: Running;
  let environment: Record<string, string>;
  beforeAll(async () => {
    service = await startSpringhouse();
    environment = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test("random 32 prints 64 hex digits, and never the same ones", async () => {
    const [one, other] = await Promise.all([
      springhouse(["random", "32"], environment),
      springhouse(["random", "32"], environment),
    ]);
    expect(one.code).toBe(0);
    expect(one.stdout.toString()).toMatch(/^[0-9a-f]{64}\n$/);
    expect(one.stdout.equals(other.stdout)).toBe(false);
  });

  test("status names the construction and its sources", async () => {
    const { stdout } = await springhouse(["status", "--json"], environment);
    const status = JSON.parse(stdout.toString());
    expect(status).toMatchObject({ shape: "RBGC", validated: false, ready: true });
    expect(status.sources).toMatchObject([{ id: "os", state: "healthy", credited: false }]);
  });

  test("zero credited noise is said, and sources>=1 refused", async () => {
    const refused = await springhouse(["random", "32", "--sources", "1"], environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("unmet: sources");
    expect(refused.stdout.length).toBe(0);
    const fresh = await springhouse(["random", "32", "--fresh"], environment);
    expect(fresh.code).toBe(1);
  }, 60_000);

  test("wrong usage exits with 2, an unreachable service with 1", async () => {
    expect((await springhouse(["random", "many"], environment)).code).toBe(2);
    expect((await springhouse(["fly"], environment)).code).toBe(2);
    const away = { ...environment, SPRINGHOUSE_URL: "http://127.0.0.1:1" };
    expect((await springhouse(["random", "1"], away)).code).toBe(1);
    const doctor = await springhouse(["doctor", "--json"], away);
    expect(doctor.code).toBe(1);
    expect(JSON.parse(doctor.stdout.toString())[0]).toMatchObject({ check: "service" });
  }, 60_000);

  test("doctor finds nothing at fault", async () => {
    const { code, stdout } = await springhouse(["doctor"], environment);
    expect(stdout.toString()).toContain("ready");
    expect(code).toBe(0);
  });

  test("stream gives the count, and stops cleanly when its reader has enough", async () => {
    const { stdout } = await springhouse(["stream", "--bytes", "200000"], environment);
    expect(stdout.length).toBe(200_000);
    const bin = new URL("../../bin/springhouse", import.meta.url).pathname;
    const piped = spawn("sh", ["-c", `"${bin}" stream | head -c 100000 | wc -c`], {
      env: { ...process.env, ...environment },
    });
    let out = "";
    let complaints = "";
    piped.stdout.on("data", (text) => (out += text));
    piped.stderr.on("data", (text) => (complaints += text));
    await new Promise((resolve) => piped.once("close", resolve));
    expect(out.trim()).toBe("100000");
    expect(complaints).toBe("");
  });

  test("a WebSocket gives bytes, and needs a token in its header", async () => {
    const address = `${service.url.replace("http", "ws")}/v1/stream?bytes=50000`;
    const received = await new Promise<number>((resolve, reject) => {
      let bytes = 0;
      const socket = new WebSocket(address, { headers: service.authorization });
      socket.on("message", (data: Buffer) => (bytes += data.length));
      socket.on("close", () => resolve(bytes));
      socket.on("error", reject);
    });
    expect(received).toBe(50_000);
    const status = await new Promise<number | undefined>((resolve) => {
      const socket = new WebSocket(address);
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("error", () => {});
    });
    expect(status).toBe(401);
  });

  test("the Unix socket serves local commands", async () => {
    const url = `unix:${join(service.state, "springhouse.sock")}`;
    const { stdout } = await springhouse(["random", "8", "--url", url], environment);
    expect(stdout.toString()).toMatch(/^[0-9a-f]{16}\n$/);
  });

  test("a capture is contiguous, spent, and replays through the same tests", async () => {
    const folder = await mkdtemp(join(tmpdir(), "springhouse-capture-"));
    try {
      const file = join(folder, "os.bin");
      const captured = await springhouse(
        ["capture", "os", "--samples", "4000", "-o", file],
        environment,
      );
      expect(captured.stderr).toContain("4,000 contiguous samples");
      const replayed = await springhouse(["replay", file, "--h", "7", "--json"], environment);
      expect(replayed.code).toBe(0);
      expect(JSON.parse(replayed.stdout.toString())).toMatchObject({ samples: 4000, passed: true });
      const stuck = join(folder, "stuck.bin");
      await writeFile(stuck, new Uint8Array(4000).fill(7));
      const alarmed = await springhouse(["replay", stuck, "--bits", "8", "--h", "7"], environment);
      expect(alarmed.code).toBe(1);
      expect(alarmed.stdout.toString()).toContain("repetition_count");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a client's token draws, and reads no samples; revoked it is nobody's", async () => {
    const made = await springhouse(["token", "create", "app", "--role", "client"], environment);
    const token = made.stdout.toString().trim();
    const client = new SpringhouseClient({ url: service.url, token, retries: 0 });
    const drawn = await client.random(16);
    expect(drawn.bytes.length).toBe(16);
    const story = await client.output(drawn.output);
    expect(story).toMatchObject({ id: drawn.output, seed: { id: drawn.seed, shape: "RBGC" } });
    await expect(client.tap("os", 10)).rejects.toMatchObject({ code: "forbidden" });
    const list = JSON.parse(
      (await springhouse(["token", "list", "--json"], environment)).stdout.toString(),
    ) as { id: string; name: string }[];
    expect(JSON.stringify(list)).not.toContain(token);
    const { id } = list.find(({ name }) => name === "app")!;
    expect((await springhouse(["token", "revoke", id], environment)).code).toBe(0);
    await expect(client.random(16)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("keys come with an output that resolves to a kept record", async () => {
    const token = service.authorization.authorization.slice("Bearer ".length);
    const client = new SpringhouseClient({ url: service.url, token, retries: 0 });
    for (const type of ["aes-256", "ed25519", "p-256", "ml-kem-768"]) {
      const key = await client.keys.generate({ type });
      expect((await client.output(key.output)).output).toMatchObject({ purpose: `key:${type}` });
    }
  });

  test("a bad configuration exits with 2, naming every fault at once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "springhouse-bad-"));
    try {
      const file = join(folder, "bad.yaml");
      await writeFile(file, "listn: x\nquorum: { sources: 99 }\nsources: [{ kind: tmp, id: a }]\n");
      const { code, stderr } = await springhouse(["serve", "--config", file, "--state", folder]);
      expect(code).toBe(2);
      for (const part of ["listn", "quorum.sources", "99", "sources.0.kind", "tpm"])
        expect(stderr).toContain(part);
      const open = await springhouse(["serve", "--listen", "0.0.0.0:0", "--state", folder]);
      expect(open.code).toBe(2);
      expect(open.stderr).toContain("listen_insecure");
      const form = await springhouse(["serve", "--state", folder], { SPRINGHOUSE_KERNEL: "fast" });
      expect([form.code, form.stderr]).toEqual([
        2,
        expect.stringContaining("four-lanes, one-lane"),
      ]);
      const order = await springhouse(["serve", "--state", folder], {
        SPRINGHOUSE_ORDER_KERNEL: "fast",
      });
      expect([order.code, order.stderr]).toEqual([
        2,
        expect.stringContaining("sixteen-lanes or plain, not fast"),
      ]);
      const twice = await springhouse(
        ["serve", "--listen", "127.0.0.1:0", "--state", service.state],
        environment,
      );
      expect(twice.code).toBe(1);
      expect(twice.stderr).toContain("state_in_use");
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 60_000);
});
