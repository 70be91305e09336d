import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import type { TpmConfiguration } from "../../src/key/seal/tpmTools.ts";
import { until } from "./springhouse.ts";

/** Debian's packages swtpm and tpm2-tools. */
export const hasSwtpm =
  spawnSync("swtpm", ["--version"]).status === 0 &&
  spawnSync("tpm2_getcap", ["--version"]).status === 0;

export interface SoftTpm extends TpmConfiguration {
  /** Runs one of tpm2-tools on it. */
  tool(program: string, ...args: string[]): string;
  stop(): Promise<void>;
}

async function freePorts(): Promise<number> {
  for (;;) {
    const [first, second] = [createServer(), createServer()];
    await new Promise<void>((resolve) => first.listen(0, "127.0.0.1", resolve));
    const { port } = first.address() as AddressInfo;
    const free = await new Promise<boolean>((resolve) => {
      second.once("error", () => resolve(false));
      second.listen(port + 1, "127.0.0.1", () => resolve(true));
    });
    for (const server of [first, second]) server.close();
    if (free) return port;
  }
}

/** A TPM of software with its state in a folder, as after a power-on. */
export async function startTpm(folder: string, name = "tpm"): Promise<SoftTpm> {
  await mkdir(folder, { recursive: true });
  const port = await freePorts();
  const listening = (at: number): string => `type=tcp,port=${at},bindaddr=127.0.0.1`;
  const place = ["--tpmstate", `dir=${folder}`];
  const doors = ["--server", listening(port), "--ctrl", listening(port + 1)];
  const flags = ["--flags", "not-need-init,startup-clear"];
  const child = spawn("swtpm", ["socket", "--tpm2", ...place, ...doors, ...flags], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // tss2's own address of it: the control port is the next one.
  const tcti = `swtpm:host=127.0.0.1,port=${port}`;
  const env = { ...process.env, TPM2TOOLS_TCTI: tcti };
  await until(
    "swtpm answers",
    () => spawnSync("tpm2_getcap", ["properties-fixed"], { env }).status === 0,
  );
  return {
    name,
    tcti,
    pcrs: [7],
    tool: (program, ...args) => execFileSync(program, args, { env, encoding: "utf8" }),
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
