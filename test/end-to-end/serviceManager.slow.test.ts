import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import {
  makeState,
  removeState,
  startSpringhouse,
  type Running,
  until,
} from "../support/springhouse.ts";

/* Debian: systemd (systemd-notify), python3. */
const HAS_TOOLS =
  spawnSync("systemd-notify", ["--version"]).error === undefined &&
  spawnSync("python3", ["--version"]).error === undefined;
const MANAGER = new URL("../support/notifySocket.py", import.meta.url).pathname;

/** A service started as systemd starts one, and what its manager heard, without barriers. */
async function startManaged(
  configuration: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ service: Running; heard: string[][] }> {
  const directory = await makeState();
  onTestFinished(() => removeState(directory));
  const socket = join(directory, "notify");
  const manager = spawn("python3", [MANAGER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void manager.kill());
  const heard: string[][] = [];
  createInterface({ input: manager.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as string[];
    if (message[0] !== "BARRIER=1") heard.push(message);
  });
  await until("a manager", () => heard.length === 1);
  const service = await startSpringhouse({
    configuration,
    unready: true,
    environment: { NOTIFY_SOCKET: socket, ...environment },
  });
  onTestFinished(async () => void (await service.stop()));
  return { service, heard };
}

const ABSENT = `
sources:
  - { id: absent, kind: character-device, path: /dev/no-such-device, samplesPerSecond: 1000,
      raw: { evidence: "none: it is absent" },
      assessed: { entropy: 1, evidence: "none: it is absent" } }
`;

test.skipIf(!HAS_TOOLS)(
  "a service manager hears of readiness, a reload and the end, in their order",
  async () => {
    const { service, heard } = await startManaged("");
    const ready = ["READY=1", `STATUS=Listening on ${service.url}`];
    await until("READY=1", () => heard.length === 2);
    expect(heard[1]).toEqual(ready);
    service.child.kill("SIGHUP");
    await until("the end of a reload", () => heard.length === 4);
    expect(heard[2]).toEqual(["RELOADING=1", expect.stringMatching(/^MONOTONIC_USEC=\d+$/)]);
    expect(heard[3]).toEqual(ready);
    expect(await service.stop()).toBe(0);
    await until("STOPPING=1", () => heard.length === 5);
    expect(heard[4]).toEqual(["STOPPING=1"]);
    expect(service.log()).not.toContain("could not be told");
  },
);

test.skipIf(!HAS_TOOLS)(
  "it is ready when it listens, with no quorum, and tells the watchdog that it lives",
  async () => {
    const { service, heard } = await startManaged(ABSENT, { WATCHDOG_USEC: "400000" });
    expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    await until("READY=1", () => heard.length >= 2);
    expect(heard[1]?.[0]).toBe("READY=1");
    await until("signs of life", () => heard.length >= 4);
    expect(heard.slice(2, 4)).toEqual([["WATCHDOG=1"], ["WATCHDOG=1"]]);
  },
);

test("a manager that cannot be told is named in the log, and stops nothing", async () => {
  const service = await startSpringhouse({ environment: { NOTIFY_SOCKET: "/nowhere/notify" } });
  onTestFinished(async () => void (await service.stop()));
  await until("a warning", () => service.log().includes("service_manager_not_told"));
  expect(service.log()).toContain("systemd-notify READY=1");
  expect(await service.stop()).toBe(0);
});
