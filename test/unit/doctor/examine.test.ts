import { describe, expect, test } from "vitest";
import { examine } from "../../../src/doctor/examine.ts";
import type { Finding } from "../../../src/port/finding.ts";
import type { DeviceFacts, FileFacts, HostFacts, TlsFacts } from "../../../src/port/host.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const DAY = 86_400_000;

const FILE: FileFacts = { path: "/s/admin.token", error: null, mode: 0o600, ownerId: 990 };

const DEVICE: DeviceFacts = {
  source: "trng",
  path: "/dev/ttyACM0",
  wanted: "/dev/ttyACM0",
  error: null,
  mode: "crw-rw----",
  owner: "root",
  group: "dialout",
  groupMembers: ["alice"],
  isInGroup: true,
  isAccessible: true,
  holders: [],
  unseenProcesses: 0,
  isIgnoredByModemManager: true,
};

const LEAF = {
  subject: "CN=rng.example",
  issuer: "CN=Example CA",
  fromMilliseconds: NOW - DAY,
  toMilliseconds: NOW + 90 * DAY,
};

const TLS: TlsFacts = {
  certificate: { ...FILE, path: "/s/leaf.pem", mode: 0o644 },
  key: { ...FILE, path: "/s/key.pem" },
  clientAuthority: null,
  faults: [],
  chain: [LEAF],
  isChained: true,
  authority: [],
  unnamedHosts: [],
};

const WELL: HostFacts = {
  atMilliseconds: NOW,
  of: "service",
  user: "springhouse",
  userId: 990,
  nodeVersion: "24.7.0",
  lockedMemory: { limitBytes: 8 * 2 ** 20, isExempt: false, isRequired: true },
  coreDumps: { limitBytes: 0, pattern: "core", isDumpable: true },
  clock: {
    isSynchronised: true,
    evidence: "timedatectl",
    lastWriteMilliseconds: NOW - 1000,
    jumps: 0,
    lastJump: null,
  },
  state: {
    directory: "/s",
    error: null,
    freeBytes: 10 * 2 ** 30,
    isVolatile: false,
    usedBytes: 2 ** 20,
    maximumBytes: 2 ** 31,
    token: FILE,
  },
  modemManager: null,
  devices: [DEVICE],
  whitened: [],
  tls: TLS,
};

test("a machine on which all is well yields only ok", () => {
  const findings = examine(WELL);
  expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
  expect(findings.map(({ check }) => check)).toEqual([
    "device of trng",
    "admin token",
    "tls.key",
    "tls certificate",
    "tls chain",
    "Node.js",
    "limit on locked memory",
    "core dumps",
    "clock",
    "disk",
  ]);
});

const device = (more: Partial<DeviceFacts>): Partial<HostFacts> => ({
  devices: [{ ...DEVICE, ...more }],
});
const closed = { isAccessible: false, isInGroup: false };
const tls = (more: Partial<TlsFacts>): Partial<HostFacts> => ({ tls: { ...TLS, ...more } });
const state = (more: Partial<HostFacts["state"]>): Partial<HostFacts> => ({
  state: { ...WELL.state, ...more },
});
const clock = (more: Partial<HostFacts["clock"]>): Partial<HostFacts> => ({
  clock: { ...WELL.clock, ...more },
});
const memory = (more: Partial<HostFacts["lockedMemory"]>): Partial<HostFacts> => ({
  lockedMemory: { ...WELL.lockedMemory, ...more },
});
const core = (more: Partial<HostFacts["coreDumps"]>): Partial<HostFacts> => ({
  coreDumps: { ...WELL.coreDumps, ...more },
});

/** What is wrong, the finding that has to come, and words of its cause and of its remedy. */
const CASES: readonly (readonly [
  string,
  Partial<HostFacts>,
  string,
  Finding["level"],
  RegExp,
  RegExp,
])[] = [
  ["no device", device({ error: "ENOENT" }), "device of trng", "fault", /not there/, /lsusb/],
  [
    "not in the group",
    device(closed),
    "device of trng",
    "fault",
    /not in the group dialout/,
    /usermod -aG dialout springhouse/,
  ],
  [
    "in the group, but only since",
    device({ ...closed, groupMembers: ["springhouse"] }),
    "device of trng",
    "fault",
    /came after this process/,
    /Restart/,
  ],
  [
    "root's alone",
    device({ ...closed, group: "root", mode: "crw-------" }),
    "device of trng",
    "fault",
    /only root may/,
    /udev.*GROUP="springhouse"/,
  ],
  [
    "held by another program",
    device({ holders: [{ pid: 7, command: "/usr/sbin/rngd", how: "locked" }] }),
    "holder of /dev/ttyACM0",
    "fault",
    /another program/,
    /rng-tools/,
  ],
  [
    "held by nobody knows whom",
    device({ holders: [{ pid: 7, command: "cat", how: "open" }] }),
    "holder of /dev/ttyACM0",
    "fault",
    /another program/,
    /kill 7/,
  ],
  [
    "held by a springhouse",
    device({ holders: [{ pid: 7, command: "node /opt/springhouse/dist/main.js", how: "locked" }] }),
    "holder of /dev/ttyACM0",
    "note",
    /springhouse/,
    /^$/,
  ],
  [
    "ModemManager",
    { modemManager: { pid: 9 }, ...device({ isIgnoredByModemManager: false }) },
    "ModemManager",
    "warning",
    /modem commands/,
    /ID_MM_DEVICE_IGNORE/,
  ],
  [
    "whitened instead of raw",
    { whitened: [{ source: "trng", mode: "NORMAL", rawMode: "RAW_BIN" }] },
    "mode of trng",
    "warning",
    /whitened instead of raw/,
    /RAW_BIN/,
  ],
  [
    "no raw mode",
    { whitened: [{ source: "trng", mode: "its only one", rawMode: null }] },
    "mode of trng",
    "note",
    /no raw mode/,
    /raw mode/,
  ],
  [
    "a token that everybody may read",
    state({ token: { ...FILE, mode: 0o644 } }),
    "admin token",
    "fault",
    /every user/,
    /chmod 600 \/s\/admin.token/,
  ],
  [
    "a token that its group may read",
    state({ token: { ...FILE, mode: 0o640 } }),
    "admin token",
    "warning",
    /its group/,
    /chmod 600/,
  ],
  [
    "a TLS key that everybody may read",
    tls({ key: { ...TLS.key, mode: 0o644 } }),
    "tls.key",
    "fault",
    /every user/,
    /chmod 600/,
  ],
  [
    "a TLS file that is not there",
    tls({ key: { ...TLS.key, error: "ENOENT", mode: null } }),
    "tls.key",
    "fault",
    /cannot be read/,
    /able to read/,
  ],
  [
    "a key of another certificate",
    tls({ faults: ["tls.key: is not the key of tls.certificate"] }),
    "tls.key",
    "fault",
    /not the key/,
    /leaf's key/,
  ],
  [
    "an expired certificate",
    tls({ chain: [{ ...LEAF, toMilliseconds: NOW - 1 }] }),
    "tls certificate",
    "fault",
    /expired/,
    /SIGHUP/,
  ],
  [
    "a certificate of tomorrow",
    tls({ chain: [{ ...LEAF, fromMilliseconds: NOW + DAY }] }),
    "tls certificate",
    "fault",
    /not valid yet/,
    /clock/,
  ],
  [
    "a certificate that ends soon",
    tls({ chain: [{ ...LEAF, toMilliseconds: NOW + 10 * DAY }] }),
    "tls certificate",
    "warning",
    /10 days/,
    /Renew/,
  ],
  [
    "a chain out of order",
    tls({ chain: [LEAF, LEAF], isChained: false }),
    "tls chain",
    "fault",
    /not issued by/,
    /leaf comes first/,
  ],
  [
    "a certificate that signed itself",
    tls({ chain: [{ ...LEAF, issuer: LEAF.subject }] }),
    "tls chain",
    "note",
    /signed itself/,
    /authority/,
  ],
  [
    "a client authority that expired",
    tls({ authority: [{ ...LEAF, toMilliseconds: NOW - 1 }] }),
    "tls client authority",
    "fault",
    /expired/,
    /Renew/,
  ],
  [
    "a host that the certificate does not name",
    tls({ unnamedHosts: ["other.example"] }),
    "tls names",
    "warning",
    /not name/,
    /allowedHosts/,
  ],
  ["an old Node.js", { nodeVersion: "24.6.9" }, "Node.js", "fault", /too old/, /long-term/],
  ["an odd Node.js", { nodeVersion: "25.1.0" }, "Node.js", "warning", /half a year/, /even/],
  [
    "no locked memory at all",
    memory({ limitBytes: 16_384 }),
    "limit on locked memory",
    "fault",
    /may not open/,
    /LimitMEMLOCK/,
  ],
  [
    "little locked memory",
    memory({ limitBytes: 65_536 }),
    "limit on locked memory",
    "warning",
    /too low/,
    /ulimit -l/,
  ],
  [
    "no locked memory where it is only preferred",
    memory({ limitBytes: 0, isRequired: false }),
    "limit on locked memory",
    "warning",
    /swap/,
    /ulimit -l/,
  ],
  [
    "core dumps to the disk",
    core({ limitBytes: null }),
    "core dumps",
    "warning",
    /to the disk/,
    /LimitCORE=0/,
  ],
  [
    "core dumps to a program, which no limit stops",
    core({ pattern: "|/usr/lib/systemd/systemd-coredump %P" }),
    "core dumps",
    "warning",
    /whatever the limit/,
    /Storage=none/,
  ],
  [
    "a clock that nobody keeps",
    clock({ isSynchronised: false }),
    "clock",
    "warning",
    /not synchronised/,
    /set-ntp/,
  ],
  [
    "a clock of which nothing is known",
    clock({ isSynchronised: null }),
    "clock",
    "note",
    /nobody says/,
    /NTP/,
  ],
  [
    "a clock that went back",
    clock({ lastWriteMilliseconds: NOW + 2 * DAY }),
    "clock",
    "fault",
    /behind/,
    /Set the clock/,
  ],
  [
    "a clock that jumps",
    clock({ jumps: 2, lastJump: "by 9000 ms" }),
    "jumps of the clock",
    "warning",
    /2 since/,
    /slew/,
  ],
  ["a full disk", state({ freeBytes: 2 ** 20 }), "disk", "fault", /nearly full/, /Free/],
  [
    "a disk that is too small",
    state({ freeBytes: 2 ** 30 }),
    "disk",
    "warning",
    /smaller than/,
    /maximumMegabytes/,
  ],
  [
    "a state in memory",
    state({ isVolatile: true }),
    "state directory",
    "warning",
    /gone/,
    /--state/,
  ],
  ["a state of somebody else", state({ error: "EACCES" }), "disk", "fault", /looked at/, /0700/],
  ["no state yet", state({ error: "ENOENT" }), "disk", "note", /no state yet/, /^$/],
];

describe("each thing that can be wrong is found, and nothing else with it", () => {
  test.each(CASES)("%s", (_what, more, check, level, cause, remedy) => {
    const findings = examine({ ...WELL, ...more });
    const wrong = findings.filter((one) => one.level !== "ok");
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatchObject({ check, level });
    expect(wrong[0]!.cause).toMatch(cause);
    expect(wrong[0]!.remedy ?? "").toMatch(remedy);
    expect(wrong[0]!.evidence).not.toBe("");
  });

  test("what is exempt from a limit, or not dumpable, is well", () => {
    for (const more of [
      memory({ limitBytes: 0, isExempt: true }),
      memory({ limitBytes: null }),
      core({ limitBytes: null, isDumpable: false }),
    ])
      expect(examine({ ...WELL, ...more }).every(({ level }) => level === "ok")).toBe(true);
  });
});
