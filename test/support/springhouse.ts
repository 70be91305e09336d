import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BIN = new URL("../../bin/springhouse", import.meta.url).pathname;

export interface Running {
  readonly url: string;
  readonly state: string;
  readonly child: ChildProcess;
  /** Headers with the admin token. */
  readonly authorization: { readonly authorization: string };
  /** Everything written to stderr so far. */
  log(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; the state directory stays. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** YAML. */
  readonly configuration?: string;
  /** An existing state directory, which then is not removed. */
  readonly state?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A program and arguments in front of the command, such as `prlimit --fsize=...`. */
  readonly wrapper?: readonly string[];
  /** HOST:PORT. Default a free port of 127.0.0.1. */
  readonly listen?: string;
  /** Return as soon as it listens, without waiting for /readyz. */
  readonly unready?: boolean;
}

/** A state directory of one's own; remove it with `removeState`. */
export function makeState(): Promise<string> {
  return mkdtemp(join(tmpdir(), "springhouse-"));
}

export function removeState(state: string): Promise<void> {
  return rm(state, { recursive: true, force: true });
}

/** Polls until `condition` gives something other than undefined or false. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMilliseconds = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMilliseconds;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Status of a GET through the Unix socket, which asks for no certificate. */
export function socketStatus(
  state: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socketPath = join(state, "springhouse.sock");
    request({ socketPath, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** Starts the real service as a process on a free port, and waits until it is ready. */
export async function startSpringhouse(options: StartOptions = {}): Promise<Running> {
  const state = options.state ?? (await makeState());
  const args = ["serve", "--state", state, "--listen", options.listen ?? "127.0.0.1:0"];
  if (options.configuration !== undefined) {
    await writeFile(join(state, "springhouse.yaml"), options.configuration);
    args.push("--config", join(state, "springhouse.yaml"));
  }
  const [program, ...rest] = [...(options.wrapper ?? []), BIN, ...args];
  const child = spawn(program!, rest, {
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...options.environment },
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const listening = async () => {
    const url = await until("a listening address", () => {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}:\n${log}`);
      return /"url":"(https?:[^"]+)"/.exec(log)?.[1];
    });
    // It is there before the service listens, also where the DRBG is not seeded yet.
    const token = (await readFile(join(state, "admin.token"), "utf8")).trim();
    const authorization = { authorization: `Bearer ${token}` };
    if (!options.unready)
      await until("readiness", async () => {
        if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}:\n${log}`);
        return (await socketStatus(state, "/readyz", authorization)) === 200;
      });
    return { url, authorization };
  };
  // Nothing is left behind where it does not come so far.
  const { url, authorization } = await listening().catch(async (error: unknown) => {
    child.kill("SIGKILL");
    await exited;
    if (options.state === undefined) await removeState(state);
    throw error;
  });
  return {
    url,
    state,
    child,
    authorization,
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      const code = await exited;
      if (options.state === undefined) await removeState(state);
      return code;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs `springhouse ARGS` to its end.
 * @param wrapper a program and arguments in front of the command, such as `prlimit --core=0`
 */
export function springhouse(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): Promise<CommandResult> {
  const [program, ...rest] = [...wrapper, BIN, ...args];
  return new Promise((resolve) => {
    const child = execFile(
      program!,
      rest,
      { encoding: "buffer", maxBuffer: 2 ** 28, env: { ...process.env, ...environment } },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr: stderr.toString() }),
    );
  });
}
