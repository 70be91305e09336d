import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeDatedCertificate } from "../../support/certificates.ts";
import { startEmulator } from "../../support/emulator.ts";
import { type Running, springhouse, startSpringhouse } from "../../support/springhouse.ts";
import { testFolder } from "./servers.ts";

let service: Running;
beforeAll(async () => {
  service = await startSpringhouse();
});
afterAll(() => service.stop());

interface Told {
  readonly check: string;
  readonly level: string;
  readonly cause: string;
  readonly evidence: string;
  readonly remedy: string | null;
}

async function doctor(environment: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await springhouse(["doctor", "--json"], {
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
    ...environment,
  });
  return { code, stderr, told: JSON.parse(stdout.toString()) as Told[] };
}

test("with a token it looks at everything, the machine too, and finds a healthy service", async () => {
  const { code, told } = await doctor({});
  expect(code).toBe(0);
  const levels = new Map(told.map(({ check, level }) => [check, level]));
  expect(levels.get("service")).toBe("ok");
  expect(levels.get("source os")).toBe("ok");
  expect(levels.get("noise")).toBe("note");
  // As the service's process sees them.
  for (const check of ["admin token", "Node.js", "disk"]) expect(levels.get(check)).toBe("ok");
  for (const check of ["limit on locked memory", "core dumps", "clock"])
    expect(levels.has(check)).toBe(true);
});

test("a client's token is told what its status shows, and nothing of the machine", async () => {
  const made = await springhouse(["token", "create", "app", "--role", "client"], {
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
  });
  const { code, told } = await doctor({ SPRINGHOUSE_TOKEN: made.stdout.toString().trim() });
  expect(code).toBe(0);
  expect(told.map(({ check }) => check)).toEqual(["noise", "service", "source os"]);
});

test("an admin token that every user may read is a fault, here and from afar", async () => {
  const path = join(service.state, "admin.token");
  const token = (await readFile(path, "utf8")).trim();
  await chmod(path, 0o644);
  onTestFinished(() => chmod(path, 0o600));
  const afar = await doctor({ SPRINGHOUSE_TOKEN: token, SPRINGHOUSE_STATE: "/none" });
  expect(afar.code).toBe(1);
  expect(afar.told[0]).toMatchObject({ check: "admin token", level: "fault" });
  const { code, stdout } = await springhouse(
    ["doctor", "--token-file", path, "--url", service.url, "--json"],
    {},
  );
  expect(code).toBe(1);
  expect(JSON.parse(stdout.toString())[0]).toMatchObject({ check: "token file", level: "fault" });
  expect(stdout.toString()).not.toContain(token);
});

test("without a token, or with a wrong one, it says so and asks the public probe", async () => {
  for (const [environment, check] of [
    [{ SPRINGHOUSE_STATE: "/nonexistent" }, "token"],
    [{ SPRINGHOUSE_TOKEN: "sph_wrong" }, "service"],
    [
      {
        SPRINGHOUSE_STATE: "/nonexistent",
        SPRINGHOUSE_URL: `unix:${service.state}/springhouse.sock`,
      },
      "token",
    ],
  ] as const) {
    const { code, told, stderr } = await doctor(environment);
    expect(code).toBe(1);
    expect(told[0]).toMatchObject({ check, level: "fault" });
    expect(told[0]!.remedy).toMatch(/token/i);
    expect(told[1]).toMatchObject({ check: "service", level: "ok", cause: "ready" });
    expect(JSON.stringify(told) + stderr).not.toContain("sph_wrong");
  }
});

const NOBODY = { SPRINGHOUSE_URL: "http://127.0.0.1:1" };

test("where nobody listens it says how to start, and looks at the machine from here", async () => {
  const { code, told } = await doctor(NOBODY);
  expect(code).toBe(1);
  expect(told[0]).toMatchObject({ check: "service", level: "fault" });
  expect(told[0]!.remedy).toContain("npm start");
  expect(told.map(({ check }) => check)).toContain("limit on locked memory");
  const elsewhere = await doctor({ SPRINGHOUSE_URL: "http://rng.invalid" });
  expect(elsewhere.told.map(({ check }) => check)).toEqual(["service"]);
});

describe("of a configuration, with nobody running", () => {
  async function asked(configuration: string, wrapper: readonly string[] = []) {
    const folder = await testFolder();
    const config = join(folder, "springhouse.yaml");
    await writeFile(config, configuration);
    const args = ["doctor", "--json", "--config", config];
    const environment = { ...NOBODY, SPRINGHOUSE_STATE: join(folder, "state") };
    const { stdout } = await springhouse(args, environment, wrapper);
    const told = JSON.parse(stdout.toString()) as Told[];
    return { folder, find: (check: string) => told.find((one) => one.check === check) };
  }

  test("a device that another process has locked, and one that is not there", async () => {
    const emulator = await startEmulator({ family: "truerng" });
    onTestFinished(() => emulator.close());
    const script = 'exec 3<>"$0"; flock -n 3; echo held; exec sleep 60';
    const holder = spawn("/bin/bash", ["-c", script, emulator.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void holder.kill("SIGKILL"));
    await once(holder.stdout, "data");
    const { find } = await asked(`
sources:
  - { id: trng, kind: serial-truerng, path: ${emulator.path} }
  - { id: pro, kind: serial-truerngpro, path: /dev/none, mode: NORMAL }
`);
    expect(find("device of trng")).toMatchObject({ level: "ok" });
    const held = find(`holder of ${emulator.path}`)!;
    expect(held).toMatchObject({ level: "fault" });
    expect(held.evidence).toContain(`sleep 60 (pid ${holder.pid}, locked)`);
    expect(find("device of pro")).toMatchObject({ level: "fault", cause: "not there" });
    expect(find("mode of pro")).toMatchObject({ level: "warning" });
    expect(find("mode of trng")).toMatchObject({ level: "note" });
  });

  test("an expired certificate whose key everybody may read", async () => {
    const folder = await testFolder();
    const past = ["20200101000000Z", "20200102000000Z"] as const;
    const pair = makeDatedCertificate(folder, "old.example", null, past);
    const { certificatePath: certificate, keyPath: key } = pair;
    await chmod(key, 0o644);
    const { find } = await asked(`tls: { certificate: ${certificate}, key: ${key} }\n`);
    expect(find("tls certificate")).toMatchObject({ level: "fault", cause: "expired" });
    expect(find("tls.key")).toMatchObject({ level: "fault" });
    expect(find("tls chain")).toMatchObject({ level: "note" });
  });

  test("limits as the shell has them", async () => {
    const low = ["prlimit", "--memlock=16384:16384", "--core=unlimited:unlimited"];
    // Root may lock what it likes, so the capability is taken away.
    const plain = ["setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock"];
    const { find } = await asked("", [...low, ...plain]);
    expect(find("limit on locked memory")).toMatchObject({ level: "fault" });
    expect(find("limit on locked memory")!.evidence).toContain("16 KiB");
    expect(find("core dumps")).toMatchObject({ level: "warning" });
  });

  test("every fault of the configuration itself", async () => {
    const { find } = await asked("listen: nowhere\n");
    expect(find("configuration")).toMatchObject({ level: "fault" });
    expect(find("configuration")!.cause).toContain("listen");
  });
});

test("wrong usage exits with 2, and says nothing on stdout", async () => {
  for (const args of [
    ["random", "abc"],
    ["random"],
    ["nonsense"],
    ["stream", "--bytes", "-1"],
    ["status", "--what"],
  ]) {
    const { code, stdout, stderr } = await springhouse(args);
    expect(code, args.join(" ")).toBe(2);
    expect(stdout.length).toBe(0);
    expect(stderr).toContain("--help");
  }
});
