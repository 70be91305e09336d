import { access, constants, realpath, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import type { DeviceFacts } from "../../port/host.ts";
import { holdersOf } from "./holders.ts";
import { readProc } from "./process.ts";

interface Group {
  readonly name: string;
  readonly members: readonly string[];
}

/** Of /etc/group; what a directory service adds is not asked for. */
function groupOf(id: number): Group {
  const line = (readProc("/etc/group") ?? "")
    .split("\n")
    .find((one) => one.split(":")[2] === String(id));
  if (line === undefined) return { name: String(id), members: [] };
  const [name = "", , , members = ""] = line.split(":");
  return { name, members: members.split(",").filter((member) => member !== "") };
}

function ownerOf(id: number): string {
  const line = (readProc("/etc/passwd") ?? "")
    .split("\n")
    .find((one) => one.split(":")[2] === String(id));
  return line?.split(":")[0] ?? String(id);
}

const FORMATS: readonly (readonly [number, string])[] = [
  [constants.S_IFCHR, "c"],
  [constants.S_IFBLK, "b"],
  [constants.S_IFIFO, "p"],
  [constants.S_IFDIR, "d"],
  [constants.S_IFSOCK, "s"],
];

/** `crw-rw----`. */
export function modeText(mode: number): string {
  const kind = FORMATS.find(([format]) => (mode & constants.S_IFMT) === format)?.[1] ?? "-";
  const bits = [8, 7, 6, 5, 4, 3, 2, 1, 0].map((bit) =>
    (mode >> bit) & 1 ? "rwx"[(8 - bit) % 3]! : "-",
  );
  return kind + bits.join("");
}

/** What udev keeps of a device, by its number; null where it keeps nothing. */
function ignoredByModemManager(number: number): boolean | null {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  const kept = readProc(`/run/udev/data/c${major}:${minor}`);
  return kept === null ? null : /^E:ID_MM_DEVICE_IGNORE=1$/m.test(kept);
}

/** Everything about a device file. Does not open it: an open resets some devices. */
export async function deviceFacts(
  source: string,
  wanted: string,
  path: string | null,
  writes: boolean,
): Promise<DeviceFacts> {
  const nothing = {
    source,
    path,
    wanted,
    mode: null,
    owner: null,
    group: null,
    groupMembers: [],
    isInGroup: false,
    isAccessible: false,
    holders: [],
    unseenProcesses: 0,
    isIgnoredByModemManager: null,
  };
  if (path === null) return { ...nothing, error: "ENODEV" };
  let real: string;
  let about: Awaited<ReturnType<typeof stat>>;
  try {
    real = await realpath(path);
    about = await stat(real);
  } catch (error) {
    return { ...nothing, error: (error as NodeJS.ErrnoException).code ?? "unknown" };
  }
  const group = groupOf(about.gid);
  const needed = writes ? constants.R_OK | constants.W_OK : constants.R_OK;
  const { holders, unseen } = await holdersOf(real);
  return {
    ...nothing,
    error: null,
    mode: modeText(about.mode),
    owner: ownerOf(about.uid),
    group: group.name,
    groupMembers: group.members,
    isInGroup: process.getgroups?.().includes(about.gid) ?? false,
    isAccessible: await access(real, needed).then(
      () => true,
      () => false,
    ),
    holders,
    unseenProcesses: unseen,
    isIgnoredByModemManager: /tty(ACM|USB)\d+$/.test(real)
      ? ignoredByModemManager(about.rdev)
      : null,
  };
}

/** Of the process. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
