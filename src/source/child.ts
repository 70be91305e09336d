import { spawn, type ChildProcess } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import type { Clock } from "../port/clock.ts";
import type { Session } from "./session.ts";
import { openFailure } from "./systemError.ts";

export interface ChildOptions {
  /** Program and arguments; no shell ever sees them. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly started: () => void;
  /** Bytes of its stdout, overwritten after the call. */
  readonly output: (bytes: Uint8Array) => void;
  /** It ended by itself, and everything it wrote has been handed over. */
  readonly exited: (how: string) => void;
}

/** Together they leave a margin within the second that a session's end may take. */
const TERMINATE_MILLISECONDS = 300;
const KILL_MILLISECONDS = 300;
/** For a descendant that left the process group and still holds the pipe. */
const DRAIN_MILLISECONDS = 200;
const STDERR_BYTES = 2048;
const STDERR_LINES = 4;
const STDERR_LINE_CHARACTERS = 160;

/**
 * An external program in a process group of its own, whose stdout is read all the time: a pipe that
 * fills up would throttle the noise source behind it. The session's end terminates the whole group.
 */
export class Child {
  /** Resolves when no process of it is left, or when one survived SIGKILL for too long to wait. */
  readonly gone: Promise<void>;
  readonly #resolveGone: () => void;
  readonly #options: ChildOptions;
  #process: ChildProcess | null = null;
  #cancel = (): void => {};
  #stderr = Buffer.alloc(0);

  constructor(session: Session, options: ChildOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#resolveGone = resolve;
    if (session.over) resolve();
    else this.#start(session);
  }

  #start(session: Session): void {
    const [program, ...args] = this.#options.command;
    const failed = (error: unknown): void => {
      const end = openFailure(error, program);
      session.end(end.reason, end.detail);
      this.#resolveGone();
    };
    let child: ReturnType<typeof spawnChild>;
    try {
      child = spawnChild(program, args, this.#options.environment);
    } catch (error) {
      return failed(error);
    }
    this.#process = child;
    child.on("error", (error) => {
      if (child.pid === undefined) failed(error);
    });
    child.on("spawn", () => session.guard(this.#options.started));
    child.stdout.on("data", (chunk: Buffer) => {
      session.guard(() => this.#options.output(chunk));
      chunk.fill(0);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_BYTES);
    });
    child.on("exit", (code, signal) => {
      this.#signal("SIGKILL"); // what it left behind in its group
      this.#cancel();
      const how = code === null ? `was killed by ${signal}` : `ended with exit code ${code}`;
      const finish = (): void => {
        this.#cancel();
        session.guard(() => this.#options.exited(`${how}${this.#lastWords()}`));
        this.#release();
      };
      if (session.over) return finish();
      child.once("close", finish);
      this.#cancel = this.#options.clock.schedule(DRAIN_MILLISECONDS, finish);
      session.defer(finish);
    });
    session.defer(() => {
      if (child.exitCode === null && child.signalCode === null) this.#terminate();
    });
  }

  #terminate(): void {
    if (this.#process?.pid === undefined) return;
    const { clock } = this.#options;
    this.#signal("SIGTERM");
    this.#cancel = clock.schedule(TERMINATE_MILLISECONDS, () => {
      this.#signal("SIGKILL");
      this.#cancel = clock.schedule(KILL_MILLISECONDS, () => this.#release());
    });
  }

  /** To the whole group: the program may have started others. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // ESRCH: nobody is left in the group.
    }
  }

  #release(): void {
    this.#process?.stdout?.destroy();
    this.#process?.stderr?.destroy();
    this.#process?.unref();
    this.#resolveGone();
  }

  /** The end of its stderr as one printable line. */
  #lastWords(): string {
    const text = stripVTControlCharacters(this.#stderr.toString("latin1"));
    const lines = text
      .split(/[\r\n]+/)
      .map((line) => line.replace(/[^\x20-\x7e]/g, "").trim())
      .filter((line) => line !== "")
      .slice(-STDERR_LINES)
      .map((line) => line.slice(0, STDERR_LINE_CHARACTERS));
    return lines.length === 0 ? "" : `; its last words: ${lines.join(" | ")}`;
  }
}

function spawnChild(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
) {
  // `detached` makes it the leader of a new session, and so of a process group of its own.
  return spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: environment,
  });
}

/** What a child gets of our environment: no token, no NODE_OPTIONS, nothing else that is ours. */
export function childEnvironment(more: Readonly<Record<string, string>> = {}) {
  const environment: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "LANG", "LC_ALL", "TZ"]) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...more };
}
