import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { logDestination } from "../../../src/platform/logDestination.ts";

test("a full disk under the log loses lines and throws nothing", () => {
  const full = openSync("/dev/full", "w");
  const destination = logDestination(full);
  for (let line = 0; line < 1000; line++) destination.write(`${line}\n`);
  closeSync(full);
});

test("a reader that stands still loses lines, is told how many, and gets no half ones", () => {
  const directory = mkdtempSync(join(tmpdir(), "springhouse-log-"));
  const path = join(directory, "log");
  execFileSync("mkfifo", [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const read = (): string => {
      const parts: string[] = [];
      const buffer = Buffer.alloc(65_536);
      try {
        for (;;) parts.push(buffer.toString("latin1", 0, readSync(pipe, buffer)));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
      }
      return parts.join("");
    };
    const destination = logDestination(pipe);
    // Longer than a pipe writes at once, so that one of them is cut off.
    const line = `${JSON.stringify({ detail: "x".repeat(10_000) })}\n`;
    for (let count = 0; count < 20; count++) destination.write(line);
    const whole = read().split("\n");
    const torn = whole.pop();
    expect(torn).not.toBe("");
    expect(whole.length).toBeGreaterThan(0);
    destination.write('{"detail":"after"}\n');
    const [rest, told, after] = read().split("\n");
    expect(rest).toBe("");
    expect(JSON.parse(told!)).toMatchObject({ kind: "log_lines_lost", lost: 20 - whole.length });
    expect(after).toBe('{"detail":"after"}');
  } finally {
    closeSync(pipe);
    rmSync(directory, { recursive: true });
  }
});
