import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServiceSnapshot } from "../../../src/port/snapshot.ts";
import { type Running, springhouse, startSpringhouse } from "../../support/springhouse.ts";
import { testFolder } from "./servers.ts";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

/** What a pipe holds on Linux: more than that waits for the reader. */
const PIPE_BYTES = 65_536;

/** Besides the OS RNG. Their recordings are not there, so they cost nothing but a line of status. */
const RECORDINGS = Array.from({ length: 31 }, (_, index) => `recording-${index}`);

let service: Running;
let environment: Record<string, string>;
beforeAll(async () => {
  const sources = RECORDINGS.map(
    (id) => `  - { kind: recording, id: ${id}, path: /nonexistent/${id}, bitsPerSample: 8 }\n`,
  );
  service = await startSpringhouse({ configuration: `sources:\n${sources.join("")}` });
  environment = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
});
afterAll(() => service.stop());

function expectComplete(text: string): void {
  expect(text.endsWith("\n}\n")).toBe(true);
  const { sources, ...service } = JSON.parse(text) as ServiceSnapshot;
  expect(sources.map(({ id }) => id).toSorted()).toEqual(["os", ...RECORDINGS].toSorted());
  for (const { tests, device: _, ...source } of sources) {
    expect(tests.length).toBeGreaterThan(0);
    expect(Object.keys(source)).toContain("poolBlocks");
  }
  expect(Object.keys(service).at(-1)).toBe("tlsCertificates");
}

/** Reads a FIFO to its end, 1,000 bytes at a time, when it has been full for a while. */
async function readSlowly(pipe: number, ended: () => boolean): Promise<string> {
  const parts: string[] = [];
  const buffer = Buffer.alloc(1000);
  for (;;) {
    const over = ended();
    try {
      const read = readSync(pipe, buffer);
      if (parts.length === 0) await wait(200);
      parts.push(buffer.toString("latin1", 0, read));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
      if (over) return parts.join("");
    }
    await wait(1);
  }
}

test("status --json of 32 sources is one whole document", async () => {
  const { code, stdout, stderr } = await springhouse(["status", "--json"], environment);
  expect([code, stderr]).toEqual([0, ""]);
  expectComplete(stdout.toString());
});

test.each(["status", "sources"])(
  "%s --json is as whole through a pipe that is read slowly",
  async (command) => {
    const fifo = join(await testFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    // Open for both, so that it never looks as if all writers had gone.
    const pipe = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const child = spawn("sh", ["-c", 'exec "$0" "$1" --json > "$2"', BIN, command, fifo], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "ignore", "inherit"],
      });
      let code: number | null | undefined;
      child.once("exit", (exitCode) => (code = exitCode));
      const text = await readSlowly(pipe, () => code !== undefined);
      expect(code).toBe(0);
      expect(text.length).toBeGreaterThan(PIPE_BYTES);
      if (command === "status") expectComplete(text);
      else expect(JSON.parse(text)).toHaveLength(32);
    } finally {
      closeSync(pipe);
    }
  },
);

test("people are shown every source, each with its cause and its remedy", async () => {
  const { stdout } = await springhouse(["status"], environment);
  const text = stdout.toString();
  expect(text).not.toContain("\u001B");
  for (const id of RECORDINGS) {
    expect(text).toContain(`absent    ${id}  recording`);
    expect(text).toContain(`/nonexistent/${id}`);
  }
  expect(text.match(/^ {12}→ /gm)!.length).toBeGreaterThanOrEqual(RECORDINGS.length);
});
