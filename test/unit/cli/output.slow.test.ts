import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { springhouse } from "../../support/springhouse.ts";
import { ANY_TOKEN, httpServer, PROOF, testFolder } from "./servers.ts";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

/** Clears the line. */
const CLEAR = "\r\u001B[K";

/** 32 letters, which a terminal leaves alone; longer apart than progress waits for (500 ms). */
const halting: RequestListener = (_request, response) => {
  response.writeHead(200, { ...PROOF, "content-length": "32" });
  response.write("A".repeat(16));
  setTimeout(() => response.end("B".repeat(16)), 600);
};
const BYTES = "A".repeat(16) + "B".repeat(16);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) =>
    child.once("close", (code: number | null) => resolve({ code, stdout, stderr })),
  );
}

function shell(script: string, url: string, more: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...ANY_TOKEN, SPRINGHOUSE_URL: url, BIN, ...more };
  return spawn("sh", ["-c", script], { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** What a terminal shows that is stdin, stdout and stderr of `script`. */
function onTerminal(script: string, url: string, more: Readonly<Record<string, string>>) {
  return ended(shell('exec script -qec "$SCRIPT" /dev/null', url, { ...more, SCRIPT: script }));
}

describe("progress", () => {
  test("on a terminal it overwrites itself and is gone in the end; stdout has the bytes alone", async () => {
    const url = await httpServer(halting);
    const OUT = join(await testFolder(), "out");
    const { code, stdout } = await onTerminal('"$BIN" stream --bytes 32 > "$OUT"', url, { OUT });
    expect(code).toBe(0);
    // Each in the place of the one before, and in the end none.
    const [before, ...lines] = stdout.split(CLEAR);
    expect([before, lines.pop()]).toEqual(["", ""]);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^(16|32) of 32 bytes$/);
    expect(await readFile(OUT, "latin1")).toBe(BYTES);
  });

  test("there is none where stderr is no terminal, although stdout is one", async () => {
    const url = await httpServer(halting);
    const ERR = join(await testFolder(), "err");
    const { code, stdout } = await onTerminal('"$BIN" stream --bytes 32 2> "$ERR"', url, { ERR });
    expect([code, stdout]).toEqual([0, BYTES]);
    expect(await readFile(ERR, "latin1")).toBe("");
  });

  test("there is none through pipes", async () => {
    const url = await httpServer(halting);
    const { code, stdout, stderr } = await ended(shell('exec "$BIN" stream --bytes 32', url));
    expect([code, stdout, stderr]).toEqual([0, BYTES, ""]);
  });
});

describe("a reader that goes", () => {
  /** A stream without an end. @returns its address, and a promise of the client's going */
  async function endless() {
    let left = (): void => {};
    const gone = new Promise<void>((resolve) => (left = resolve));
    const url = await httpServer((_request, response) => {
      response.writeHead(200, PROOF).on("close", left);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, 0x41)));
      };
      response.on("drain", more);
      more();
    });
    return { url, gone };
  }

  test("ends a stream quietly, with 0, and the connection with it", async () => {
    const { url, gone } = await endless();
    const script = '{ "$BIN" stream; echo "exit $?" >&2; } | head -c 100000 | wc -c';
    const { stdout, stderr } = await ended(shell(script, url));
    expect([stdout.trim(), stderr]).toEqual(["100000", "exit 0\n"]);
    await gone;
  });

  test("is no error of any other command either", async () => {
    const url = await httpServer((_request, response) => response.writeHead(200, PROOF).end("AA"));
    // true has ended long before the command writes.
    const script = '{ "$BIN" random 2; echo "exit $?" >&2; } | true';
    expect((await ended(shell(script, url))).stderr).toBe("exit 0\n");
  });
});

describe("a stdout that does not take everything", () => {
  const bytes = async (): Promise<string> =>
    httpServer((_request, response) => response.writeHead(200, PROOF).end(Buffer.alloc(4096, 65)));

  test("is an error that says so", async () => {
    const { code, stderr } = await ended(
      shell('exec "$BIN" random 4096 > /dev/full', await bytes()),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^springhouse: cannot write to stdout \(ENOSPC\)\n  → ./);
  });

  // Node's own stream of a file takes a part that was written for the whole.
  test("is an error where it takes a part, as a disk does that becomes full", async () => {
    const OUT = join(await testFolder(), "out");
    const limited = 'exec prlimit --fsize=1000 "$BIN" random 4096 --format raw > "$OUT"';
    const more = { OUT, NODE_DISABLE_COMPILE_CACHE: "1" };
    const { code } = await ended(shell(limited, await bytes(), more));
    expect((await readFile(OUT)).length).toBe(1000);
    expect(code).toBe(1);
  });
});

test("colours are for a terminal, and not with NO_COLOR", async () => {
  const file = join(await testFolder(), "stuck.bin");
  await writeFile(file, new Uint8Array(2000).fill(7));
  const replay = '"$BIN" replay "$FILE" --bits 8 --h 7';
  const painted = await onTerminal(replay, "", { FILE: file });
  expect([painted.code, painted.stdout.includes("\u001B[31m")]).toEqual([1, true]);
  const plain = await onTerminal(replay, "", { FILE: file, NO_COLOR: "1" });
  expect([plain.code, plain.stdout.includes("\u001B[31m")]).toEqual([1, false]);
  const piped = await springhouse(["replay", file, "--bits", "8", "--h", "7"]);
  expect([piped.code, piped.stdout.includes("\u001B")]).toEqual([1, false]);
});
