import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { HmacDrbgBank } from "../src/drbg/hmacDrbgBank.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { type Server, withService } from "./server.ts";

/*
 * `springhouse stream` into `cat >/dev/null`, against the kernel alone (four lanes that generate into
 * the same 64 KiB again and again) and against `openssl rand` into the same. Wall time; the commands'
 * own start is taken off.
 */

const BIN = new URL("../bin/springhouse", import.meta.url).pathname;
const ROUNDS = 7;
const BYTES = 2 ** 28;
const CHUNK_BYTES = 65_536;

/** MB a second of a command that writes so many bytes, into `cat`. */
function piped(command: (bytes: number) => string, environment: NodeJS.ProcessEnv = {}): number {
  const seconds = (bytes: number): number => {
    const begin = performance.now();
    const script = `set -o pipefail; ${command(bytes)} | cat >/dev/null`;
    const env = { ...process.env, ...environment };
    execFileSync("bash", ["-c", script], { stdio: ["ignore", "inherit", "inherit"], env });
    return (performance.now() - begin) / 1000;
  };
  return BYTES / 1e6 / (seconds(BYTES) - seconds(1));
}

function kernelRate(bank: HmacDrbgBank, out: Uint8Array): number {
  const quarter = CHUNK_BYTES / 4;
  const lanes = bank.lanes.map((_lane, i) => out.subarray(i * quarter, (i + 1) * quarter));
  const begin = performance.now();
  for (let left = BYTES; left > 0; left -= CHUNK_BYTES) bank.generate(lanes);
  return BYTES / 1e3 / (performance.now() - begin);
}

function streamRate({ url, token }: Server): number {
  return piped((bytes) => `"${BIN}" stream --bytes ${bytes}`, {
    SPRINGHOUSE_URL: url,
    SPRINGHOUSE_TOKEN: token,
  });
}

export function run(): Promise<readonly Ratio[]> {
  const nothing = new Uint8Array(0);
  const bank = new HmacDrbgBank("sha256");
  for (const lane of bank.lanes) lane.instantiate(randomBytes(48), nothing, nothing, 256, false);
  const out = new Uint8Array(CHUNK_BYTES);
  return withService((server) => {
    const [stream, kernel, openSsl]: [number[], number[], number[]] = [[], [], []];
    kernelRate(bank, out);
    for (let round = rounds(ROUNDS); round > 0; round--) {
      stream.push(streamRate(server));
      kernel.push(kernelRate(bank, out));
      openSsl.push(piped((bytes) => `openssl rand ${bytes}`));
    }
    const figure = (theirs: readonly number[]): string =>
      `${median(stream).toFixed(0)} MB/s; theirs ${median(theirs).toFixed(0)} MB/s`;
    const what = "springhouse stream | cat >/dev/null";
    const named = (baseline: string, goal: number | null, theirs: readonly number[]): Ratio =>
      ratioOf({ what, baseline, goal, figure: figure(theirs) }, quotients(stream, theirs));
    return [
      named("the kernel alone, four lanes", 0.8, kernel),
      named("openssl rand (AES-256-CTR_DRBG) into the same", null, openSsl),
    ];
  });
}
