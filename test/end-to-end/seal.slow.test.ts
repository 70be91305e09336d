import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished, expect, test } from "vitest";
import {
  makeState,
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

const CANARY = "canary-in-a-coal-mine-7f3a";
const BIN = new URL("../../bin/springhouse", import.meta.url).pathname;

async function ownState(): Promise<string> {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  return state;
}

async function start(state: string, options: Parameters<typeof startSpringhouse>[0] = {}) {
  const running = await startSpringhouse({ state, ...options });
  onTestFinished(() => running.kill());
  return running;
}

const seal = (running: Running, ...args: string[]) =>
  springhouse(["seal", ...args, "--state", running.state, "--url", running.url]);

async function stateOf(running: Running) {
  const { stdout } = await seal(running, "status", "--json");
  return JSON.parse(stdout.toString()) as { sealed: boolean; epoch: number; cause: string };
}

/** What the log has of one kind, in its order. */
async function leavesOf(state: string, kind: string): Promise<Record<string, unknown>[]> {
  const database = new DatabaseSync(join(state, "springhouse.db"), { readOnly: true });
  try {
    const rows = database.prepare("SELECT body FROM log_leaf ORDER BY position").all();
    const leaves = rows.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
    return leaves.filter((leaf) => leaf["kind"] === kind);
  } finally {
    database.close();
  }
}

/** Every file that the service has, and everything that it said. */
async function everything({ state, log, url, authorization }: Running): Promise<string> {
  const names = await readdir(state, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name), "latin1")),
  );
  const told = await Promise.all(
    ["/v1/events?limit=1000", "/metrics", "/v1/status"].map(async (path) =>
      (await fetch(`${url}${path}`, { headers: authorization })).text(),
    ),
  );
  return [...texts, ...told, log()].join("\n");
}

test("a vault made on the command line is sealed after a crash, and bytes are given all the same", async () => {
  const state = await ownState();
  const passphrase = join(await ownState(), "passphrase");
  await writeFile(passphrase, `${CANARY}\n`);
  const first = await start(state);
  expect((await seal(first, "status")).stdout.toString()).toContain("no vault yet");
  const made = await seal(first, "initialise", "first", "--passphrase-file", passphrase);
  expect(made.stderr).toContain("(first) opens it");
  expect(await stateOf(first)).toMatchObject({ sealed: false, epoch: 1 });
  await first.kill();

  const second = await start(state);
  expect(await stateOf(second)).toMatchObject({
    sealed: true,
    cause: "The vault was not opened since the start.",
  });
  const bytes = await fetch(`${second.url}/v1/random`, { headers: second.authorization });
  expect([bytes.status, (await bytes.arrayBuffer()).byteLength]).toEqual([200, 32]);
  const doctor = await springhouse(["doctor", "--state", state, "--url", second.url]);
  expect(doctor.stdout.toString()).toContain("sealed: no kept key can be used");
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  expect(metrics).toContain("springhouse_sealed 1");
  expect(metrics).toContain("springhouse_locked_memory_ok 1");
  await writeFile(passphrase, `${CANARY}!\n`);
  const wrong = await seal(second, "open", "--passphrase-file", passphrase);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("slot_refused")]);
  await writeFile(passphrase, CANARY);
  expect((await seal(second, "open", "--passphrase-file", passphrase)).code).toBe(0);
  expect(await stateOf(second)).toMatchObject({ sealed: false });
  expect((await seal(second, "close", "--reason", "the night")).code).toBe(0);
  expect(await stateOf(second)).toMatchObject({ sealed: true, cause: "It was shut: the night" });
  const all = await everything(second);
  expect(all).toContain("seal_refused");
  expect(all).not.toContain(CANARY);
  await second.stop();
  // Before there was a vault a start says nothing of it; with one it says that it began sealed.
  const starts = await leavesOf(state, "service_start");
  expect(starts.map((leaf) => ["sealed" in leaf, leaf["sealed"]])).toEqual([
    [false, undefined],
    [true, true],
  ]);
});

test("a key file from systemd's credentials opens the vault at a start", async () => {
  const state = await ownState();
  const credentials = await ownState();
  const key = Buffer.from(`${CANARY} and as many bytes as it takes`);
  await writeFile(join(credentials, "springhouse-seal"), key, { mode: 0o400 });
  const configuration = "seal: { keyFiles: [{ name: machine, credential: springhouse-seal }] }";
  const environment = { CREDENTIALS_DIRECTORY: credentials };
  const first = await start(state, { configuration, environment });
  const made = await seal(first, "initialise", "m", "--kind", "key-file", "--place", "machine");
  expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("opens it")]);
  await first.kill();

  const second = await start(state, { configuration, environment });
  await until("the vault opens by itself", async () => !(await stateOf(second)).sealed);
  const all = await everything(second);
  expect(all).not.toContain(CANARY);
  for (const form of ["hex", "base64"] as const)
    expect(all).not.toContain(key.toString(form).slice(0, 40));
  await second.stop();

  const third = await start(state, { configuration, environment: { CREDENTIALS_DIRECTORY: "" } });
  const event = await until("the refusal is kept", async () =>
    /systemd gave this service no credentials/.test(await everything(third)),
  );
  expect(event).toBe(true);
  expect(await stateOf(third)).toMatchObject({ sealed: true });
  await third.stop();
});

test("at a terminal the passphrase is asked for twice, and not shown", async () => {
  const state = await ownState();
  const running = await start(state);
  const command = `${BIN} seal initialise typed --state ${state} --url ${running.url}`;
  const typing = spawn("script", ["-qec", command, "/dev/null"], { stdio: "pipe" });
  let screen = "";
  typing.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
  const ended = new Promise((resolve) => typing.once("exit", resolve));
  await until("the question", () => screen.includes("Passphrase: "));
  typing.stdin.write(`${CANARY}x\u007f\r`);
  await until("the second question", () => screen.includes("The same again: "));
  typing.stdin.write(`${CANARY}\r`);
  expect(await ended).toBe(0);
  expect(screen).toContain("opens it");
  expect(screen).not.toContain("canary");
  const nobody = await springhouse(["seal", "open", "--state", state, "--url", running.url]);
  expect(nobody.code).not.toBe(0);
  await running.stop();
});
