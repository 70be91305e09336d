import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
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

/** Its own, and where there is one that which systemd-nspawn made of the same name for old systemds. */
async function groupsOf(directory: string): Promise<string[]> {
  const group = await readFile(join(directory, "group"), "utf8").catch(() => null);
  if (group === null) return [];
  return [group.trim(), join("/sys/fs/cgroup/systemd", basename(group.trim()))];
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
    // With its process 1 all others end; systemd-nspawn alone would leave them behind.
    const target = child.exitCode === null ? await leader().catch(() => undefined) : undefined;
    if (target !== undefined) process.kill(Number(target), "SIGKILL");
    else child.kill("SIGKILL");
    await gone;
    // What was in them ends a moment later.
    for (const group of await groupsOf(directory))
      await until("the end of its processes", () =>
        removeGroup(group).then(
          () => true,
          () => !existsSync(group),
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
