import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { adminOf, done, ownDirectory, verifiedLeaves } from "../support/ceremony.ts";
import { startEmulator } from "../support/emulator.ts";
import { type Running, springhouse, startSpringhouse, until } from "../support/springhouse.ts";

async function withVault(configuration?: string): Promise<Running> {
  const state = await ownDirectory();
  const service = await startSpringhouse({
    state,
    ...(configuration === undefined ? {} : { configuration }),
  });
  onTestFinished(() => service.kill());
  const passphrase = "a passphrase of some length";
  await adminOf(service).seal.initialise({ kind: "passphrase", name: "first", passphrase });
  return service;
}

test("a key is born of a device's tested noise: its leaf and its receipt say so, and openssl reads it", async () => {
  const emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
  onTestFinished(() => emulator.close());
  const service = await withVault(`
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
`);
  const receipt = join(await ownDirectory(), "birth.receipt");
  const key = await done(service, "key", "create", "ed25519", "--receipt", receipt);
  const leaves = await verifiedLeaves(service);
  const leaf = leaves.find(({ kind, op }) => kind === "key" && op === "create");
  const { birth } = leaf as { birth: { sources: { source: string; bits: number }[] } };
  const trng = birth.sources.find(({ source }) => source === "trng");
  expect(trng).toMatchObject({ alarmed: 0 });
  expect(trng!.bits).toBeGreaterThanOrEqual(256);
  const vkey = join(service.state, "log.vkey");
  const verified = await springhouse(["verify", receipt, "--vkey", vkey]);
  expect([verified.code, verified.stdout.toString()]).toEqual([0, expect.stringContaining("trng")]);
  const input = await done(service, "key", "public-key", key);
  const read = spawnSync("openssl", ["pkey", "-pubin", "-noout", "-text"], { input });
  expect([read.status, read.stdout.toString()]).toEqual([0, expect.stringContaining("ED25519")]);
  await service.stop();
});

test("who listens is told of a suspension within two seconds", async () => {
  const service = await withVault();
  const { managedKeys } = adminOf(service);
  const { id } = await managedKeys.create({ type: "aes-256" });
  const url = `${service.url.replace("http", "ws")}/v1/keys/status-list`;
  const socket = new WebSocket(url, { headers: service.authorization });
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => heard.push(data.toString()));
  await until("the list of now", () => heard.length === 1);
  const named = (list: string) =>
    Buffer.from(list.split(".")[1]!, "base64url").toString().includes(id);
  expect(named(heard[0]!)).toBe(false);
  await managedKeys.transit(id, "suspend");
  const before = performance.now();
  await until("the next list", () => heard.length > 1);
  expect(performance.now() - before).toBeLessThan(2000);
  expect(named(heard.at(-1)!)).toBe(true);
  socket.close();
  await service.stop();
});

test("nobody has to ask: a key rotates by its policy, and ends with its validity", async () => {
  const service = await withVault();
  const { managedKeys } = adminOf(service);
  const policy = { rotation: { maximumOperations: 5, keepVersions: 1 } };
  const { id } = await managedKeys.create({ type: "aes-256", policy });
  const first = await managedKeys.encrypt(id, Buffer.from("milk"));
  await until("the second version", async () => {
    await managedKeys.encrypt(id, Buffer.from("milk"));
    return (await managedKeys.get(id)).primary > 1;
  });
  const file = join(await ownDirectory(), "first");
  await writeFile(file, Buffer.from(first.ciphertext).toString("base64"));
  expect(await done(service, "key", "decrypt", id, file)).toBe("milk");

  const notAfterMilliseconds = Date.now() + 3000;
  const ending = await managedKeys.create({ type: "aes-256", policy: { notAfterMilliseconds } });
  await until("its end", async () => (await managedKeys.get(ending.id)).state === "deactivated");
  await expect(managedKeys.encrypt(ending.id, Buffer.from("milk"))).rejects.toThrow(/deactivated/);
  const ops = (await verifiedLeaves(service)).filter(({ kind }) => kind === "key");
  const byItself = ops.filter(({ actor }) => actor === "springhouse").map(({ op }) => op);
  expect(byItself).toEqual(expect.arrayContaining(["rotate", "deactivate"]));
  await service.stop();
});
