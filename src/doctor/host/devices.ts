import type { DeviceFacts, HostFacts } from "../../port/host.ts";
import type { Finding } from "../../port/finding.ts";
import { finding } from "../finding.ts";

/** Programs that are known to hold such devices, and how each is made to let go. */
const KNOWN_HOLDERS: readonly (readonly [RegExp, string])[] = [
  [/\brngd\b/, "rngd feeds the kernel with it: `systemctl disable --now rng-tools`."],
  [/ModemManager/, "ModemManager probes it: see the check of ModemManager."],
  [/\b(minicom|picocom|screen|cu|tio)\b/, "A terminal program has it open: quit it."],
];

const SPRINGHOUSE = /springhouse|\/main\.[jt]s serve/;

function udevRule(mode: string): string {
  const file = "/etc/udev/rules.d/60-springhouse.rules";
  return `Give the device a group of its own in ${file} (${mode}), then \`udevadm control --reload && udevadm trigger\`.`;
}

function permission(device: DeviceFacts, { user, userId }: HostFacts): Finding {
  const { source, path, mode, owner, group, groupMembers, isInGroup, isAccessible } = device;
  const check = `device of ${source}`;
  const who = groupMembers.length === 0 ? "nobody" : groupMembers.join(", ");
  const evidence = `${path}: ${mode} ${owner}:${group}; ${user} is ${isInGroup ? "" : "not "}in ${group}, whose members are ${who}`;
  if (isAccessible)
    return finding(check, "ok", "there, and may be opened", `${path}: ${mode} ${owner}:${group}`);
  const groupMay = mode?.[4] === "r";
  if (groupMay && groupMembers.includes(user) && !isInGroup)
    return finding(
      check,
      "fault",
      "may not be opened: the group came after this process started",
      evidence,
      "Restart the service (a user logs in again), so that it gets its groups.",
    );
  if (groupMay && group !== "root")
    return finding(
      check,
      "fault",
      `may not be opened: ${user} is not in the group ${group}`,
      evidence,
      `\`usermod -aG ${group} ${user}\`, then restart the service.`,
    );
  return finding(
    check,
    "fault",
    `may not be opened: only ${owner} may${groupMay ? ", and the group root" : ""}`,
    `${evidence}; uid ${userId}`,
    udevRule('`GROUP="springhouse", MODE="0660"`'),
  );
}

function holder(device: DeviceFacts): Finding[] {
  const { source, path, holders, unseenProcesses, isAccessible } = device;
  const check = `holder of ${path}`;
  if (holders.length > 0 && holders.every(({ command }) => SPRINGHOUSE.test(command)))
    return [finding(check, "note", "a springhouse that runs has it", `pid ${holders[0]!.pid}`)];
  if (holders.length > 0) {
    const names = holders.map(({ pid, command, how }) => `${command} (pid ${pid}, ${how})`);
    const remedies = KNOWN_HOLDERS.filter(([name]) =>
      holders.some(({ command }) => name.test(command)),
    ).map(([, remedy]) => remedy);
    return [
      finding(
        check,
        "fault",
        `another program holds the device of ${source}`,
        names.join("; "),
        remedies.join(" ") || `Stop it: \`kill ${holders[0]!.pid}\`, or its service.`,
      ),
    ];
  }
  // Only worth a word where it matters who else might have it.
  if (unseenProcesses > 0 && !isAccessible)
    return [
      finding(
        check,
        "note",
        "nobody that may be looked at holds it",
        `${unseenProcesses} processes of other users could not be looked into`,
        `As root: \`fuser -v ${path}\`.`,
      ),
    ];
  return [];
}

function modemManager({ modemManager: running, devices }: HostFacts): Finding[] {
  if (running === null) return [];
  const serial = devices.filter(({ path }) => path !== null && /tty(ACM|USB)/.test(path));
  const exposed = serial.filter(({ isIgnoredByModemManager: ignored }) => ignored !== true);
  const evidence = `ModemManager runs (pid ${running.pid})`;
  if (exposed.length === 0)
    return [finding("ModemManager", "ok", "runs, and leaves our devices alone", evidence)];
  const paths = exposed.map(({ path }) => path).join(", ");
  return [
    finding(
      "ModemManager",
      "warning",
      "it opens new serial ports and sends them modem commands",
      `${evidence}; no ID_MM_DEVICE_IGNORE on ${paths}`,
      'A udev rule with `ENV{ID_MM_DEVICE_IGNORE}="1"` for the device, or `systemctl mask --now ModemManager`.',
    ),
  ];
}

/** Devices of the configured sources: there, permitted, free, and left alone. */
export function deviceFindings(facts: HostFacts): Finding[] {
  return [
    ...facts.devices.flatMap((device) => {
      const { source, wanted, error, path } = device;
      if (error === null) return [permission(device, facts), ...holder(device)];
      return [
        finding(
          `device of ${source}`,
          "fault",
          "not there",
          `${path ?? wanted}: ${error}`,
          "Plug it in; `lsusb` and `ls -l /dev/tty*` show what is there. In a container the device has to be passed in.",
        ),
      ];
    }),
    ...modemManager(facts),
    ...facts.whitened.map(({ source, mode, rawMode }) =>
      finding(
        `mode of ${source}`,
        rawMode === null ? "note" : "warning",
        rawMode === null
          ? "the device whitens inside and has no raw mode: never credited"
          : "whitened instead of raw: health tests cannot see the noise, and it is never credited",
        `mode ${mode}`,
        rawMode === null
          ? "It is mixed in all the same. Credited noise needs a device with a raw mode."
          : `Configure ${rawMode}, then assess raw samples.`,
      ),
    ),
  ];
}
