import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test, type TestContext } from "vitest";
import type { KeptEvent } from "../../src/port/event.ts";
import type { SourceSnapshot } from "../../src/port/snapshot.ts";
import { startEmulator } from "../support/emulator.ts";
import { type Running, springhouse, startSpringhouse, until } from "../support/springhouse.ts";

const CLAIM = 7.5;

/** A device that is read as 8-bit samples, claimed at 7.5 bits, and estimated once a second. */
async function withDevice({ onTestFinished }: TestContext, more = "") {
  const emulator = await startEmulator({ family: "truerngpro", rate: 100_000 });
  onTestFinished(() => emulator.close());
  const service = await startSpringhouse({
    configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: ${CLAIM}, evidence: "the emulator's own figure" }
    samplesPerSecond: 100000
assess: { live: { intervalSeconds: 1 ${more} } }
`,
  });
  onTestFinished(async () => void (await service.stop()));
  return { emulator, service };
}

async function ask<T>(service: Running, path: string): Promise<T> {
  const response = await fetch(service.url + path, { headers: service.authorization });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const trng = (service: Running) => ask<SourceSnapshot>(service, "/v1/sources/trng");

/** Windows rest longer where each takes longer: on a machine that has other work, for minutes. */
const PATIENCE = 180_000;

async function liveEvents(service: Running): Promise<KeptEvent[]> {
  const response = await fetch(`${service.url}/v1/events?since=0`, {
    headers: service.authorization,
  });
  const text = await response.text();
  const lines = text.trimStart().startsWith('{"events"')
    ? (JSON.parse(text) as { events: KeptEvent[] }).events
    : text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as KeptEvent);
  return lines.filter(({ kind }) => kind.startsWith("live_estimate"));
}

const windows = async (service: Running, count: number) =>
  until(
    `${count} windows`,
    async () => {
      const { live } = await trng(service);
      return live !== null && live.windows.estimated >= count && live;
    },
    PATIENCE,
  );

// Side by side: nearly all of their time goes by until a window is due.
test.concurrent("a device's estimate stands beside its claim; a bias is told, and its end", async (context) => {
  const { emulator, service } = await withDevice(context);
  const live = await windows(service, 2);
  expect(live).toMatchObject({ claimedEntropy: CLAIM, samples: 65_536, low: false });
  const lowest = Math.min(...live.figures.map(({ lower }) => lower));
  // Ideal bytes: what the standard's own intervals leave of 8 bits.
  expect(lowest).toBeGreaterThan(7);
  expect(lowest).toBeLessThan(8);
  expect(await liveEvents(service)).toEqual([]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const ratio = (estimator: string, bound: string): number =>
    Number(
      new RegExp(
        `^springhouse_source_live_entropy_ratio\\{source="trng",estimator="${estimator}",bound="${bound}"\\} (\\S+)$`,
        "m",
      ).exec(metrics)?.[1],
    );
  expect(ratio("most_common_value", "lower")).toBeGreaterThan(7 / 8);
  expect(ratio("multi_mmc", "upper")).toBe(1);
  expect(metrics).toContain(
    `springhouse_source_live_claimed_entropy_ratio{source="trng"} ${CLAIM / 8}`,
  );
  expect(metrics).toContain('springhouse_source_live_entropy_low{source="trng"} 0');

  // Ones with 0.57: the likeliest byte has 8 x 0.811 = 6.5 bits, which the health tests let pass.
  await emulator.command("bias 0.57");
  const [low] = await until(
    "an event",
    async () => {
      const events = await liveEvents(service);
      return events.length > 0 && events;
    },
    PATIENCE,
  );
  expect(low).toMatchObject({
    kind: "live_estimate_low",
    source: "trng",
    severity: "warning",
    data: { claim: CLAIM },
  });
  expect(low!.data["upper"]).toBeLessThan(CLAIM);
  expect(low!.data["upper"]).toBeGreaterThan(6.4);
  const { live: refuted, state, credited } = await trng(service);
  expect(refuted!.low).toBe(true);
  // It is advice: the source goes on, credited.
  expect({ state, credited }).toEqual({ state: "healthy", credited: true });
  const { stdout } = await springhouse(["sources"], {
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
  });
  const told = /live ([\d.]+) \(\w+\) to ([\d.]+) bits a sample, claim 7\.5: below/.exec(
    stdout.toString(),
  );
  const [lower, upper] = [Number(told?.[1]), Number(told?.[2])];
  expect(upper).toBeLessThan(CLAIM);
  expect(upper).toBeGreaterThan(6.4);
  expect(lower).toBeLessThan(upper);

  await emulator.command("noise");
  const events = await until(
    "its end",
    async () => {
      const found = await liveEvents(service);
      return found.length > 1 && found;
    },
    PATIENCE,
  );
  expect(events.map(({ kind }) => kind)).toEqual(["live_estimate_low", "live_estimate_recovered"]);
});

/** User and system time of the estimators' thread, in milliseconds; undefined without one. */
function threadMilliseconds(pid: number): number | undefined {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    if (readFileSync(`${folder}/comm`, "utf8").trim() !== "live estimate") continue;
    const text = readFileSync(`${folder}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }
  return undefined;
}

test.concurrent("switched off there is no thread, no figure and no metric", async (context) => {
  const { service } = await withDevice(context, ", enabled: false");
  await until("samples", async () => (await trng(service)).conditionedSamplesTotal > 200_000);
  expect((await trng(service)).live).toBeNull();
  if (existsSync("/proc")) expect(threadMilliseconds(service.child.pid!)).toBeUndefined();
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).not.toContain("springhouse_source_live_entropy_ratio{");
});

test
  .skipIf(!existsSync("/proc"))
  .concurrent("of a device of 100 kB/s it costs less than 2 % of a core", async (context) => {
    const { service } = await withDevice(context);
    // The thread's start, and the first windows while it is compiled, come once.
    const { windows: before } = await windows(service, 3);
    const pid = service.child.pid!;
    const spentBefore = threadMilliseconds(pid)!;
    const from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const { windows: after } = (await trng(service)).live!;
    const share = (threadMilliseconds(pid)! - spentBefore) / (performance.now() - from);
    const count = after.estimated - before.estimated;
    console.log(`${count} windows of one source, ${(share * 100).toFixed(2)} % of a core`);
    expect(count).toBeGreaterThan(0);
    expect(after).toMatchObject({ broken: before.broken, lost: before.lost });
    expect(share).toBeLessThan(0.02);
  });
