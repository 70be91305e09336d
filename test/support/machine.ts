import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./springhouse.ts";

const SCRIPT = new URL("machine.sh", import.meta.url).pathname;

/** A machine of systemd's own, on top of this one's files. */
export interface Machine {
  /** What it wrote: an overlay's upper directory, where a character device stands for what was removed. */
  readonly written: string;
  /** Its /mnt. */
  readonly given: string;
  /** Runs a shell's command line in it, as root. */
  run(line: string): Promise<Ran>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Debian: systemd-container, util-linux; and root, with overlayfs. */
export const HAS_MACHINES =
  process.getuid?.() === 0 && spawnSync("systemd-nspawn", ["--version"]).error === undefined;

async function removeGroup(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await rmdir(path);
}

export async function bootMachine(): Promise<Machine> {
  const directory = await mkdtemp(join(tmpdir(), "springhouse-machine-"));
  await mkdir(join(directory, "given"));
  const child = spawn("unshare", ["--mount", SCRIPT, directory], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const gone = new Promise((resolve) => child.once("exit", resolve));

  const leader = async (): Promise<string | undefined> => {
    if (child.exitCode !== null) throw new Error(`it does not boot:\n${said}`);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    return children.trim().split(" ")[0] || undefined;
  };
  const run = async (line: string): Promise<Ran> => {
    const target = await until("its process 1", leader);
    return await new Promise((resolve) => {
      const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root"];
      const environment = ["-i", "-C", "/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];
      const ran = execFile(
        "nsenter",
        ["--target", target, ...namespaces, "env", ...environment, "sh", "-c", line],
        { maxBuffer: 2 ** 26, cwd: "/" },
        (_error, stdout, stderr) => resolve({ code: ran.exitCode ?? -1, stdout, stderr }),
      );
    });
  };
  const dispose = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
    const group = await readFile(join(directory, "group"), "utf8").catch(() => null);
    // What was in it ends a moment later.
    if (group)
      await until("the end of its processes", () =>
        removeGroup(group.trim()).then(
          () => true,
          () => false,
        ),
      );
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(
      "a machine that is up",
      async () => (await run("systemctl is-active basic.target")).stdout === "active\n",
      120_000,
    );
  } catch (error) {
    await dispose();
    throw new Error(`it did not come up:\n${said}`, { cause: error });
  }
  return {
    written: join(directory, "written"),
    given: join(directory, "given"),
    run,
    [Symbol.asyncDispose]: dispose,
  };
}
