import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lockedMemory } from "../../../../src/key/seal/lockedMemory.ts";

const MODULE = new URL("../../../../src/key/seal/lockedMemory.ts", import.meta.url).href;

/** Locked pages of this process, as the kernel counts them. */
const lockedKilobytes = (): number =>
  Number(/VmLck:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

/** Runs a script with memory that may not be locked, as root too: root passes over the limit. */
function withoutLocking(script: string): { readonly status: number | null; readonly text: string } {
  const drop = process.getuid?.() === 0 ? "setpriv --bounding-set=-ipc_lock " : "";
  const run = spawnSync(
    "sh",
    ["-c", `ulimit -l 0 && exec ${drop}"$0" --input-type=module -e "$1"`, process.execPath, script],
    { encoding: "utf8" },
  );
  return { status: run.status, text: `${run.stdout}${run.stderr}` };
}

test("a secret is in pages that the kernel counts as locked, until it is given back", () => {
  const memory = lockedMemory(true);
  const before = lockedKilobytes();
  const secret = memory.allocate(8192);
  expect(memory.report()).toMatchObject({ ok: true, bytes: 8192 });
  expect(lockedKilobytes() - before).toBeGreaterThanOrEqual(8);
  secret.use((bytes) => bytes.fill(7));
  expect(secret.use((bytes) => secret.use((inner) => inner[8191]! + bytes[0]!))).toBe(14);
  secret.free();
  secret.free();
  expect(memory.report().bytes).toBe(0);
  // What is given back is overwritten, and its pages are taken again.
  const held = lockedKilobytes();
  const next = memory.allocate(8192);
  expect(next.use((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  expect(lockedKilobytes()).toBe(held);
  expect(() => secret.use(() => 0)).toThrow("after they were given back");
});

test("it cannot be given back while it is in use", () => {
  const secret = lockedMemory(true).allocate(32);
  expect(() => secret.use(() => secret.free())).toThrow("while in use");
  secret.free();
});

test("no access but in a turn of the event loop that uses it: a stray read ends the process", () => {
  const { status, text } = withoutLocking(`
    const { lockedMemory } = await import(${JSON.stringify(MODULE)});
    let leaked;
    lockedMemory(false).allocate(32).use((bytes) => { bytes[0] = 5; leaked = bytes; });
    console.log("alive", leaked[0]);
    setImmediate(() => setImmediate(() => console.log("read", leaked[0])));
  `);
  expect(text).toContain("alive 5");
  expect(text).not.toContain("read");
  expect(status).not.toBe(0);
});

test("where nothing may be locked, no secret is kept, or it is told", () => {
  const { text } = withoutLocking(`
    const { lockedMemory } = await import(${JSON.stringify(MODULE)});
    const preferred = lockedMemory(false);
    preferred.allocate(64).use((bytes) => bytes.fill(1));
    console.log(JSON.stringify(preferred.report()));
    try { lockedMemory(true).allocate(64); } catch (error) { console.log(error.code, error.message, error.remedy); }
  `);
  expect(text).toContain('{"ok":false,"bytes":64,"detail":"the system did not let 64 bytes');
  expect(text).toMatch(
    /sealed No secret is kept: the system did not let 64 bytes be locked\. Raise/,
  );
});
