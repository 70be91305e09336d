import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SpringhouseClient } from "../../src/client/client.ts";
import { EVENT_KINDS } from "../../src/port/event.ts";
import { LOG_KINDS } from "../../src/port/log.ts";
import { type Emulator, startEmulator } from "../support/emulator.ts";
import {
  makeState,
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

/*
 * Secrets of every kind go through one service, each of chance. Afterwards everything that it ever wrote
 * is searched for each, in every form that it could have taken.
 */

interface Canary {
  readonly what: string;
  readonly value: Buffer;
  /** Files of the state directory that are there to hold it. */
  readonly allowed: readonly string[];
}

const canaries: Canary[] = [];
/** What the service answered with, or what a command printed, that must hold none. */
const told: (readonly [what: string, content: Buffer])[] = [];

const plant = (what: string, value: Uint8Array | string, ...allowed: string[]): void =>
  void canaries.push({ what, value: Buffer.from(value), allowed });
const note = (what: string, content: string | Buffer | object): void =>
  void told.push([
    what,
    Buffer.isBuffer(content)
      ? content
      : Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  ]);

/** As it is, and as texts hold bytes; base64 has three phases, so pieces of each. */
function formsOf(value: Buffer): Buffer[] {
  const forms = [value, value.subarray(1, -1)];
  const texts = [value.toString("hex"), value.toString("hex").toUpperCase()];
  for (const phase of [0, 1, 2])
    for (const encoding of ["base64", "base64url"] as const) {
      const text = value.subarray(phase).toString(encoding).replaceAll("=", "");
      texts.push(text.slice(0, text.length - 3));
    }
  texts.push(encodeURIComponent(value.toString("latin1")));
  return [...forms, ...texts.map((text) => Buffer.from(text))];
}

const holds = (content: Buffer, { value }: Canary): boolean =>
  formsOf(value).some((form) => form.length >= 8 && content.includes(form));

let state: string;
let emulator: Emulator;
let service: Running;
let logged: string;

beforeAll(async () => {
  state = await makeState();
  emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
  const environment = randomBytes(16).toString("hex");
  const configuration = `
log: { level: debug }
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
    health: { silenceMilliseconds: 500 }
  - id: program
    kind: program
    command: [sh, -c, "exit 7"]
    environment: { CANARY: "${environment}" }
`;
  service = await startSpringhouse({ state, configuration });
  // The configuration is the operator's file; this test keeps it in the state directory.
  plant("the environment of a program", environment, "springhouse.yaml");
  const admin = (await readFile(join(state, "admin.token"), "utf8")).trim();
  plant("the admin token", admin, "admin.token");
  const client = new SpringhouseClient({ url: service.url, token: admin, retries: 0 });

  const created = await client.tokens.create({ name: "app", roles: ["client"] });
  plant("a client's token", created.token);
  const wrong = `sph_${randomBytes(32).toString("base64url")}`;
  plant("a token that nobody has", wrong);

  const passphrase = `canary ${randomBytes(12).toString("hex")}`;
  plant("a passphrase", passphrase);
  await client.seal.initialise({ kind: "passphrase", name: "first", passphrase });
  const mistyped = `canary ${randomBytes(12).toString("hex")}`;
  plant("a mistyped passphrase", mistyped);
  await client.seal.close();
  await expect(client.seal.open({ passphrase: mistyped })).rejects.toThrow();
  await until("the vault to open", () =>
    client.seal.open({ passphrase }).then(
      () => true,
      () => false,
    ),
  );

  const material = randomBytes(32);
  plant("key material that was imported", material);
  const imported = await client.managedKeys.import({ type: "aes-256" }, material);
  const plaintext = randomBytes(40);
  plant("a plaintext", plaintext);
  const { ciphertext } = await client.managedKeys.encrypt(imported.id, plaintext);
  await client.managedKeys.decrypt(imported.id, ciphertext);
  await expect(client.managedKeys.operate(imported.id, "nothing", { plaintext })).rejects.toThrow();
  await client.managedKeys.rotate(imported.id);

  const { bytes } = await client.random(64);
  plant("served bytes", bytes.slice());
  const receipted = await client.receipted(48);
  plant("receipted bytes", receipted.bytes.slice());
  plant("the salt of a receipt", Buffer.from(receipted.salt, "base64"));
  note("a receipt", receipted.receipt);
  for await (const chunk of client.stream({ bytes: 64 })) {
    plant("streamed bytes", chunk.slice());
    break;
  }
  const key = await client.keys.generate({ type: "aes-256", format: "raw" });
  plant("a key that was given away", Buffer.from(key.key as string, "base64"));
  const tap = await client.tap("trng", 4096);
  for await (const chunk of tap.chunks)
    if (!canaries.some(({ what }) => what === "raw samples"))
      plant("raw samples", chunk.slice(0, 48));

  // Secrets in the wrong places: what is refused must not be repeated.
  const misplaced = randomBytes(24).toString("hex");
  plant("a secret in the wrong place", misplaced);
  const headers = { ...service.authorization, "content-type": "application/json" };
  for (const [path, request] of [
    [`/v1/random?token=${misplaced}`, { headers }],
    [`/v1/${misplaced}`, { headers }],
    [`/v1/sources/${misplaced}`, { headers }],
    ["/v1/random", { headers: { authorization: `Bearer ${wrong}` } }],
    ["/v1/random", { headers: { authorization: `Basic ${misplaced}` } }],
    ["/v1/status", { headers: { ...headers, cookie: `session=${misplaced}`, "x-key": misplaced } }],
    ["/v1/tokens", { method: "POST", headers, body: `{"${misplaced}": 1}` }],
    ["/v1/tokens", { method: "POST", headers, body: `${misplaced} is no JSON` }],
    ["/v1/keys", { method: "POST", headers, body: JSON.stringify({ type: misplaced }) }],
    ["/v1/drills", { method: "POST", headers, body: JSON.stringify({ source: misplaced }) }],
  ] as const) {
    const answer = await fetch(`${service.url}${path}`, request);
    await answer.arrayBuffer();
  }
  for (const args of [["status"], ["random", "8"]]) {
    const { stderr } = await springhouse(args, {
      SPRINGHOUSE_URL: service.url,
      SPRINGHOUSE_TOKEN: wrong,
    });
    note(`stderr of ${args[0]}`, stderr);
  }

  // Trouble of every kind that can be had.
  await springhouse(["drill"], { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: state });
  await emulator.command("stuck 7");
  await until("an alarm", async () => (await client.sources())[1]!.state !== "healthy");
  await emulator.command("unplug");
  await until("an absence", async () => (await client.sources())[1]!.device === null);
  await writeFile(join(state, "springhouse.yaml"), `${configuration}\nno: ${environment}\n`);
  service.child.kill("SIGHUP");
  await until("a refused reload", () => service.log().includes("configuration_refused"));

  for (const path of ["status", "sources", "doctor", "drills", "events?limit=1000", "tokens"])
    note(path, await (await fetch(`${service.url}/v1/${path}`, { headers })).text());
  for (const path of ["metrics", "openapi.json", "healthz", "readyz"])
    note(path, await (await fetch(`${service.url}/${path}`)).text());
  const lineage = await fetch(`${service.url}/v1/lineage`, { headers });
  note("lineage", Buffer.from(await lineage.arrayBuffer()));
  note("the transparency log", Buffer.from(await client.logTile("tile/entries/000.p/3")));
  // Without a stop, so that the write-ahead log is there as well.
  await service.kill();
  logged = service.log();
  note("the log", logged);
}, 240_000);
afterAll(async () => {
  if (service.child.exitCode === null) await service.kill();
  await emulator.close();
  await removeState(state);
});

describe("no secret is in anything that the service ever wrote", () => {
  test("canaries were planted, and the search would find them", async () => {
    expect(canaries.length).toBeGreaterThanOrEqual(15);
    for (const canary of canaries) {
      expect(canary.value.length, canary.what).toBeGreaterThanOrEqual(16);
      for (const form of formsOf(canary.value))
        expect(holds(Buffer.concat([randomBytes(100), form]), canary), canary.what).toBe(true);
      for (const name of canary.allowed)
        expect(holds(await readFile(join(state, name)), canary), name).toBe(true);
    }
  });

  test("neither an answer, a metric, an error nor a line of the log", () => {
    expect(told.map(([what]) => what)).toContain("the log");
    for (const [what, content] of told) {
      expect(content.length, what).toBeGreaterThan(0);
      for (const canary of canaries)
        expect(holds(content, canary), `${canary.what} in ${what}`).toBe(false);
    }
  });

  test("no file of the state directory but the one that is there for it", async () => {
    const entries = await readdir(state, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toContain("springhouse.db");
    for (const { parentPath, name } of files) {
      const content = await readFile(join(parentPath, name));
      for (const canary of canaries)
        if (!canary.allowed.includes(name))
          expect(holds(content, canary), `${canary.what} in ${name}`).toBe(false);
    }
  });
});

test("each line of the log is one event, with the names of the API", () => {
  const lines = logged.trimEnd().split("\n");
  const kinds = new Set<string>();
  const known = new Set<string>([...EVENT_KINDS, ...Object.keys(LOG_KINDS)]);
  expect(lines.length).toBeGreaterThan(50);
  for (const line of lines) {
    const event = JSON.parse(line) as Record<string, unknown>;
    expect(known.has(event["kind"] as string), line).toBe(true);
    kinds.add(event["kind"] as string);
    expect(["debug", "info", "warning", "critical"]).toContain(event["severity"]);
    expect(event["atMilliseconds"]).toBeGreaterThan(Date.now() - 3_600_000);
    expect(typeof event["detail"], line).toBe("string");
    for (const foreign of ["level", "time", "msg", "pid", "hostname", "err"])
      expect(event, line).not.toHaveProperty(foreign);
  }
  for (const kind of [
    "listening",
    "service_started",
    "refused",
    "token_created",
    "seal_opened",
    "seal_refused",
    "key_changed",
    "tap_opened",
    "drill_ended",
    "health_alarm",
    "source_state",
    "reseed",
    "configuration_refused",
    "admin_token_written",
  ])
    expect(kinds, kind).toContain(kind);
});
