import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkTlsTexts } from "../../../src/config/tlsFiles.ts";
import { deviceFacts, modeText } from "../../../src/platform/host/deviceFile.ts";
import { diskFacts, fileFacts } from "../../../src/platform/host/files.ts";
import { findProcess, holdersOf } from "../../../src/platform/host/holders.ts";
import { mayLockAnyMemory, softLimit } from "../../../src/platform/host/process.ts";
import { tlsFacts } from "../../../src/platform/host/tlsFacts.ts";
import type { SpringhouseError } from "../../../src/port/errors.ts";
import { makeCertificate, makeDatedCertificate } from "../../support/certificates.ts";
import { startEmulator } from "../../support/emulator.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "springhouse-host-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A shell that holds the file until the test is over. */
async function holder(path: string, lock = false): Promise<number> {
  const script = `exec 3<>"$0"; ${lock ? "flock -n 3;" : ""} echo held; read -r _`;
  const child = spawn("/bin/bash", ["-c", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child.pid!;
}

/** In a process of its own, so that it is no child of this one. */
async function orphan(path: string, lock = false): Promise<number> {
  const inner = `exec 3<>"$0"; ${lock ? "flock -n 3;" : ""} echo $$; exec sleep 60`;
  const child = spawn("/bin/bash", ["-c", 'setsid /bin/bash -c "$1" "$0" & wait', path, inner], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = await new Promise<number>((resolve) =>
    child.stdout.once("data", (text) => resolve(Number(String(text)))),
  );
  onTestFinished(() => {
    process.kill(pid, "SIGKILL");
    child.kill("SIGKILL");
  });
  return pid;
}

describe("who holds a device", () => {
  test("a pseudo-terminal that another process has open, and one that has it locked", async () => {
    const emulator = await startEmulator({ family: "truerng" });
    onTestFinished(() => emulator.close());
    expect((await deviceFacts("trng", emulator.path, emulator.path, true)).holders).toEqual([]);
    const open = await orphan(emulator.path);
    const locked = await orphan(emulator.path, true);
    const { holders, error, isAccessible, mode } = await deviceFacts(
      "trng",
      emulator.path,
      emulator.path,
      true,
    );
    expect([error, isAccessible]).toEqual([null, true]);
    expect(mode).toMatch(/^crw/);
    expect(holders.toSorted((one, other) => one.pid - other.pid)).toEqual(
      [
        { pid: open, command: "sleep 60", how: "open" },
        { pid: locked, command: "sleep 60", how: "locked" },
      ].toSorted((one, other) => one.pid - other.pid),
    );
  });

  test("a child of ours is no other program", async () => {
    const file = join(folder(), "device");
    writeFileSync(file, "");
    await holder(file, true);
    expect((await holdersOf(file)).holders).toEqual([]);
  });

  test("what stands behind another program's options is not told", async () => {
    const file = join(folder(), "device");
    writeFileSync(file, "");
    const script = 'exec 3<>"$0"; echo $$; exec sleep 60 --canary-of-somebody=secret!';
    const child = spawn("setsid", ["-f", "/bin/bash", "-c", `${script} 2>/dev/null`, file], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(JSON.stringify(await holdersOf(file))).not.toContain("canary");
  });

  test("a process is found by its name, ModemManager's is too long for the kernel's", async () => {
    const path = join(folder(), "ModemManagerOfATest");
    writeFileSync(path, "#!/bin/sh\nread _\n");
    chmodSync(path, 0o755);
    const child = spawn(path, { stdio: ["pipe", "ignore", "ignore"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await findProcess("ModemManagerOfATest")).toEqual({ pid: child.pid });
    expect(await findProcess("no-such-program")).toBeNull();
  });
});

describe("files and devices", () => {
  test("modes as they are", () => {
    const path = join(folder(), "token");
    writeFileSync(path, "x");
    chmodSync(path, 0o644);
    expect(fileFacts(path)).toMatchObject({ error: null, mode: 0o644 });
    expect(fileFacts(`${path}-not`)).toMatchObject({ error: "ENOENT", mode: null });
    expect(modeText(0o020660)).toBe("crw-rw----");
    expect(modeText(0o100604)).toBe("-rw----r--");
  });

  test("a device that is not there, and one of the system", async () => {
    expect(await deviceFacts("x", "/dev/none", "/dev/none", false)).toMatchObject({
      error: "ENOENT",
    });
    expect(await deviceFacts("x", "04d8:f5fe", null, true)).toMatchObject({ error: "ENODEV" });
    expect(await deviceFacts("x", "/dev/null", "/dev/null", true)).toMatchObject({
      error: null,
      mode: "crw-rw-rw-",
      owner: "root",
      group: "root",
      isAccessible: true,
    });
  });

  test("the disk behind a folder, and what is in it; memory is told from disk", () => {
    const path = folder();
    writeFileSync(join(path, "springhouse.db"), new Uint8Array(5000));
    const facts = diskFacts(path);
    expect(facts).toMatchObject({ error: null, usedBytes: 5000 });
    expect(facts.freeBytes).toBeGreaterThan(0);
    expect(facts.lastWriteMilliseconds).toBeGreaterThan(Date.now() - 60_000);
    expect(diskFacts("/dev/shm").isVolatile).toBe(true);
    expect(diskFacts(join(path, "none")).error).toBe("ENOENT");
  });
});

describe("limits of a process", () => {
  const limitsUnder = (...args: string[]): string =>
    execFileSync("prlimit", [...args, "cat", "/proc/self/limits"], { encoding: "utf8" });

  test("as prlimit set them", () => {
    const limits = limitsUnder("--memlock=65536:65536", "--core=0");
    expect(softLimit("Max locked memory", limits)).toBe(65_536);
    expect(softLimit("Max core file size", limits)).toBe(0);
    expect(softLimit("Max cpu time", limits)).toBeNull();
    expect(softLimit("Max of nothing", limits)).toBeNull();
  });

  test("CAP_IPC_LOCK is bit 14", () => {
    expect(mayLockAnyMemory("CapEff:\t0000000000004000\n")).toBe(true);
    expect(mayLockAnyMemory("CapEff:\t000001ffffffbfff\n")).toBe(false);
    expect(mayLockAnyMemory(null)).toBe(false);
  });
});

describe("files of TLS, made by openssl", () => {
  const check = (texts: Parameters<typeof checkTlsTexts>[0]): string[] => {
    try {
      checkTlsTexts(texts);
      return [];
    } catch (error) {
      return (error as SpringhouseError).message.split("\n").map((line) => line.trim());
    }
  };

  test("an expired one, its chain in order and out of order, names, and another key", () => {
    const path = folder();
    const ca = makeCertificate(path, "CA", null);
    const past = ["20200101000000Z", "20200102000000Z"] as const;
    const old = makeDatedCertificate(path, "old.example", ca, past);
    const leaf = makeDatedCertificate(path, "rng.example", ca, [past[0], "20400102000000Z"]);
    const facts = (
      certificate: string,
      key: string,
      hosts: readonly string[] = [],
      clientAuthority?: string,
    ) => tlsFacts({ certificate, key, clientAuthority }, hosts, check);

    const expired = facts(old.certificatePath, old.keyPath);
    expect(expired).toMatchObject({ faults: [], isChained: true });
    expect(expired.chain).toEqual([
      {
        subject: "CN=old.example",
        issuer: "CN=CA",
        fromMilliseconds: Date.parse("2020-01-01T00:00:00Z"),
        toMilliseconds: Date.parse("2020-01-02T00:00:00Z"),
      },
    ]);

    const chain = join(path, "chain.pem");
    writeFileSync(chain, leaf.certificate + ca.certificate);
    const hosts = ["rng.example", "other.example"];
    const whole = facts(chain, leaf.keyPath, hosts, ca.certificatePath);
    expect(whole).toMatchObject({ isChained: true, unnamedHosts: ["other.example"], faults: [] });
    expect(whole.authority.map(({ subject }) => subject)).toEqual(["CN=CA"]);
    writeFileSync(chain, ca.certificate + leaf.certificate);
    expect(facts(chain, ca.keyPath).isChained).toBe(false);
    expect(facts(leaf.certificatePath, ca.keyPath).faults).toEqual([
      "tls.key: is not the key of tls.certificate",
    ]);
    expect(facts(leaf.certificatePath, join(path, "none")).key.error).toBe("ENOENT");
  });
});
