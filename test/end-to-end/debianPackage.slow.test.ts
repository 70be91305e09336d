import { execFile, spawnSync } from "node:child_process";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootMachine, HAS_MACHINES, type Machine } from "../support/machine.ts";
import { until } from "../support/springhouse.ts";

/*
 * The Debian package from its build to its purge, on a machine of its own with systemd as process 1: the
 * real dpkg, the real unit with its sandbox, a real (emulated) device. Debian: debhelper, lintian,
 * systemd-container. SPRINGHOUSE_TEST_PACKAGE: one that is built already, to save a minute.
 */

const CLONE = new URL("../..", import.meta.url).pathname;
const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const CAN_BUILD = has("dh") && HAS_MACHINES;
const run = promisify(execFile);
let folder = "";
let file = "";

beforeAll(async () => {
  if (!CAN_BUILD) return;
  folder = await mkdtemp(join(tmpdir(), "springhouse-packages-"));
  file = process.env["SPRINGHOUSE_TEST_PACKAGE"] || "";
  if (file) return;
  await run(join(CLONE, "packaging/debian/build"), [folder], { maxBuffer: 2 ** 26 });
  file = join(
    folder,
    (await readdir(folder)).find((name) => name.endsWith(".deb"))!,
  );
}, 1_500_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.skipIf(!CAN_BUILD)("it holds programs for this processor and C library alone", async () => {
  const { stdout } = await run("dpkg-deb", ["--contents", file], { maxBuffer: 2 ** 26 });
  const paths = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/)[5]!);
  const addons = paths.filter((path) => path.endsWith(".node"));
  expect(addons.map((path) => basename(path)).toSorted()).toEqual([
    "@serialport+bindings-cpp.glibc.node",
    "pkcs11.node",
    "sodium-native.node",
  ]);
  expect(paths.filter((path) => /\.(ts|map|bare|musl\.node)$/.test(path))).toEqual([]);
  for (const absent of ["vitest", "typescript", "oxlint", "fast-check"])
    expect(paths).not.toContain(`./usr/lib/springhouse/node_modules/${absent}/package.json`);
  // The console: its page is files, and no module that another one imports.
  for (const part of ["index.html", "main.js", "base.css", "icon.svg"])
    expect(paths).toContain(`./usr/lib/springhouse/dist/console/page/${part}`);
  expect(paths).toContain("./usr/lib/springhouse/node_modules/uplot/dist/uPlot.esm.js");
});

// Beside the next: a machine mostly waits.
test.skipIf(!CAN_BUILD || !has("lintian")).concurrent("lintian finds nothing", async () => {
  const args = ["--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", file];
  const { stdout } = await run("lintian", args).catch((error: { stdout: string }) => error);
  expect(stdout).toBe("");
});

/** stdout of a line that must go well. */
async function good(machine: Machine, line: string): Promise<string> {
  const { code, stdout, stderr } = await machine.run(line);
  expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

const property = async (machine: Machine, name: string): Promise<string> =>
  (await good(machine, `systemctl show --property=${name} --value springhouse`)).trim();

const DEVICE = "/run/trng/ttyACM0";
const CONFIGURATION = `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${DEVICE}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
seal:
  keyFiles:
    - { name: unseal, credential: key_unseal }
`;

/** A device on a port with the group that the udev rules give. */
async function plugIn(machine: Machine): Promise<void> {
  await copyFile(
    join(CLONE, "native-fixtures/build/trng-emulator"),
    join(machine.given, "trng-emulator"),
  );
  const emulator = `sleep infinity | /mnt/trng-emulator truerngpro ${DEVICE}`;
  await good(machine, `mkdir /run/trng && systemd-run --unit=trng sh -c '${emulator}'`);
  await until("a device", async () => (await machine.run(`test -e ${DEVICE}`)).code === 0);
  await good(machine, `chgrp springhouse-trng $(readlink -f ${DEVICE})`);
  await good(machine, `chmod 0660 $(readlink -f ${DEVICE})`);
}

/** What an installation, a boot and a purge write on any machine, whatever the package. */
const OF_ANY_PACKAGE =
  /^(dev|run|proc|sys|tmp|mnt)\/|^var\/(log|tmp|cache\/(man|ldconfig|debconf)|lib\/(dpkg|systemd|ucf))\/|^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^etc\/(machine-id|hostname|\.pwd\.lock|\.updated|resolv\.conf)$|^var\/\.updated$|^usr\/sbin\/policy-rc\.d$/;

async function writtenFiles(machine: Machine): Promise<string[]> {
  const entries = await readdir(machine.written, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(machine.written.length + 1))
    .filter((path) => !OF_ANY_PACKAGE.test(path));
}

test.skipIf(!CAN_BUILD).concurrent(
  "it is installed, run, upgraded, removed and purged",
  async () => {
    await using machine = await bootMachine();
    await copyFile(file, join(machine.given, "springhouse.deb"));
    const before = await writtenFiles(machine);

    // Installed, it runs: with no configuration, as its user, in its sandbox.
    await good(machine, "dpkg -i /mnt/springhouse.deb");
    expect(await property(machine, "ActiveState")).toBe("active");
    expect(await property(machine, "StatusText")).toBe("Listening on http://127.0.0.1:7450");
    expect(await good(machine, "springhouse random 32")).toMatch(/^[0-9a-f]{64}\n$/);
    const pid = await property(machine, "MainPID");
    const status = await good(machine, `cat /proc/${pid}/status`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(await good(machine, `stat -c %U /proc/${pid}`)).toBe("springhouse\n");
    expect(await good(machine, "stat -c '%U %a' /var/lib/springhouse")).toBe("springhouse 700\n");
    expect(await good(machine, `grep 'Max core file size' /proc/${pid}/limits`)).toMatch(/ 0 +0 /);

    // The unit, and what is said of its sandbox.
    const verified = await machine.run("systemd-analyze verify springhouse.service");
    expect([verified.code, verified.stderr]).toEqual([0, ""]);
    const exposure = await good(machine, "systemd-analyze security --no-pager springhouse.service");
    expect(Number(/exposure level .*: ([\d.]+)/.exec(exposure)?.[1])).toBeLessThanOrEqual(1.8);
    const rules = await machine.run("udevadm test /sys/class/misc/hw_random 2>&1");
    if (!rules.stdout.includes("No such"))
      expect(rules.stdout).toMatch(/60-springhouse\.rules:\d+ GROUP \d+/);
    expect(rules.stdout).not.toMatch(/60-springhouse\.rules:\d+ (Invalid|Unknown|Failed)/);

    // Configured: a device that is counted, a vault that a credential opens.
    await plugIn(machine);
    await good(
      machine,
      `head -c 32 /dev/urandom > /etc/springhouse/credentials/unseal
       cat >> /etc/springhouse/springhouse.yaml <<'END'\n${CONFIGURATION}END\n
       systemctl restart springhouse`,
    );
    const credited = () => machine.run("springhouse random 32 --sources 1");
    await until("noise that is credited", async () => (await credited()).code === 0);
    expect((await credited()).stdout).toMatch(/^[0-9a-f]{64}\n$/);
    await good(machine, "springhouse seal initialise first --kind key-file --place unseal");
    const key = (await good(machine, "springhouse key create aes-256")).trim();
    await good(machine, "springhouse doctor");
    await good(machine, "systemctl reload springhouse");
    // `reload` is over when the signal was sent.
    await until("the reload", async () => (await property(machine, "ActiveState")) === "active");

    // A configuration that is refused is told, and not tried again and again.
    await good(machine, "cp -p /etc/springhouse/springhouse.yaml /root/good.yaml");
    await good(machine, "echo 'lisen: typo' >> /etc/springhouse/springhouse.yaml");
    expect((await machine.run("systemctl restart springhouse")).code).toBe(1);
    expect(await property(machine, "ActiveState")).toBe("failed");
    expect(await good(machine, "journalctl --no-pager -u springhouse")).toContain("lisen");
    await good(machine, "mv /root/good.yaml /etc/springhouse/springhouse.yaml");
    await good(machine, "systemctl start springhouse");

    // Upgraded over itself it keeps configuration and state, and the vault opens by itself.
    const kept = "cat /etc/springhouse/springhouse.yaml /var/lib/springhouse/admin.token";
    const was = await good(machine, kept);
    const first = await property(machine, "MainPID");
    await good(machine, "dpkg -i /mnt/springhouse.deb");
    expect(await good(machine, kept)).toBe(was);
    expect(await property(machine, "MainPID")).not.toBe(first);
    await until("an open vault", async () =>
      (await machine.run("springhouse seal status")).stdout.includes("open"),
    );
    const sealed = `echo milk | springhouse key encrypt ${key} | springhouse key decrypt ${key} -`;
    // Each door has a seed of its own, and noise takes its time.
    await until("milk", async () => (await machine.run(sealed)).stdout === "milk\n");

    // Removed, state and configuration stay; purged, nothing does but the names of its accounts.
    await good(machine, "dpkg -r springhouse");
    expect((await machine.run("systemctl is-active springhouse")).stdout).toBe("inactive\n");
    expect((await machine.run("command -v springhouse")).code).not.toBe(0);
    expect(await good(machine, kept)).toBe(was);
    await good(machine, "dpkg -P springhouse");
    const after = await writtenFiles(machine);
    expect(after.filter((path) => !before.includes(path))).toEqual([]);
    expect((await machine.run("ls -d /var/lib/springhouse /etc/springhouse")).stdout).toBe("");
    expect(await good(machine, "grep -hc springhouse /etc/passwd /etc/group")).toBe("1\n2\n");
  },
  600_000,
);
