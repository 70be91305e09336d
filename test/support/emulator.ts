import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = new URL("../../native-fixtures/build/trng-emulator", import.meta.url).pathname;

export type EmulatedFamily = "truerng" | "truerngpro" | "truerngprov2" | "onerng" | "generic";

export interface EmulatorOptions {
  readonly family: EmulatedFamily;
  /** Bytes per second; 0 is as fast as the port takes them. Default 50,000, as a TrueRNG v3. */
  readonly rate?: number;
  /** Of the generator: the same seed gives the same samples. Default 1. */
  readonly seed?: number;
  /** Probability of a one from the start; without it the bits are balanced. */
  readonly bias?: number;
  /** Bytes per sample in TrueRNGpro's RAW_BIN: 2 is a 12-bit word, low byte first. Default 1. */
  readonly frame?: 1 | 2;
  /** What OneRNG says after "Version ". Default "3". */
  readonly firmware?: string;
  /** Sends nothing until the command `noise`. */
  readonly silent?: boolean;
}

export interface Emulator {
  /** What to open: a symbolic link to the pts. It is missing while unplugged, and the same after `replug`. */
  readonly path: string;
  readonly pid: number;
  /**
   * Sends a command and resolves with the line that answers it, `ok ...`; rejects on `error ...`.
   * Commands: `stuck V`, `bias P`, `period K`, `drift RATE`, `silence`, `torn`, `noise`, `unplug`,
   * `replug`, `rate R`, `status`.
   */
  command(line: string): Promise<string>;
  /** SIGKILL: to a reader, the same as pulling the plug, but the link stays behind, dangling. */
  kill(): Promise<void>;
  /** Ends the process and removes the folder. May be called twice. */
  close(): Promise<void>;
}

/** Starts one emulated device of native-fixtures/ in a folder of its own; resolves when it can be opened. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const folder = mkdtempSync(join(tmpdir(), "springhouse-trng-"));
  // A name that serialport's list() takes for a serial port, for tests with a fake udevadm.
  const path = join(folder, "ttyACM0");
  const child = spawn(PROGRAM, [options.family, path, ...flags(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting: ((line: string | null) => void)[] = [];
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  void ended.then(() => {
    for (const answer of waiting.splice(0)) answer(null);
  });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const nextLine = (): Promise<string | null> => new Promise((resolve) => waiting.push(resolve));

  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ready = await nextLine();
  if (!ready?.startsWith("ready ")) {
    await close();
    throw new Error(`the emulator did not start: run \`make -C native-fixtures\` (${PROGRAM})`);
  }
  return {
    path,
    pid: child.pid!,
    async command(line) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error("emulator ended");
      const answer = nextLine();
      child.stdin.write(`${line}\n`);
      const text = await answer;
      if (!text?.startsWith("ok ")) throw new Error(`${line}: ${text ?? "the emulator ended"}`);
      return text;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    close,
  };
}

function flags({ rate, seed, bias, frame, firmware, silent }: EmulatorOptions): string[] {
  const valued = { rate, seed, bias, frame, firmware };
  const list = Object.entries(valued).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return silent ? [...list, "--silent"] : list;
}

/**
 * The emulator's generator (splitmix64, bytes least significant first), written a second time so
 * that a test can hold what arrived against what was sent.
 * @param mode 0, or OneRNG's mask (`cmd1`: 1), or TrueRNGpro's baud rate (RAW_BIN: 19200)
 */
export function emulatedNoise(seed: number, mode: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 8) * 8);
  const view = new DataView(bytes.buffer);
  let state = BigInt(seed) + BigInt(mode);
  for (let at = 0; at < bytes.length; at += 8) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let word = state;
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    view.setBigUint64(at, word ^ (word >> 31n), true);
  }
  return bytes.subarray(0, length);
}
