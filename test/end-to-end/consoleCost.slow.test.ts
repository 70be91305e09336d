import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { startEmulator } from "../support/emulator.ts";
import { startSpringhouse } from "../support/springhouse.ts";

/** Many, because what one costs (0.02 %) is lost in what the rest of the service takes from second to second. */
const PAGES = 40;
const MEASURED_MILLISECONDS = 8000;

/** User and system time of a process, in milliseconds. */
function cpuMilliseconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test.skipIf(!existsSync("/proc/self/stat"))(
  "an open page of the console costs less than 1 % of a core",
  async () => {
    const emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
    onTestFinished(() => emulator.close());
    const service = await startSpringhouse({
      configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
`,
    });
    onTestFinished(async () => void (await service.stop()));
    const measure = async (): Promise<number> => {
      const before = cpuMilliseconds(service.child.pid!);
      const from = performance.now();
      await pause(MEASURED_MILLISECONDS);
      return (cpuMilliseconds(service.child.pid!) - before) / (performance.now() - from);
    };
    await pause(3000);
    const without = await measure();
    let frames = 0;
    const live = `${service.url.replace("http", "ws")}/v1/live`;
    const pages = Array.from({ length: PAGES }, () => {
      const page = new WebSocket(live, { headers: service.authorization });
      page.on("message", () => frames++);
      return page;
    });
    onTestFinished(() => pages.forEach((page) => page.terminate()));
    await Promise.all(pages.map((page) => once(page, "open")));
    frames = 0;
    const together = await measure();
    const share = (together - without) / PAGES;
    console.log(
      `without a page ${(without * 100).toFixed(1)} % of a core, each of ${PAGES} ${(share * 100).toFixed(3)} % more`,
    );
    // Two a second for each of them: they were not starved.
    expect(frames).toBeGreaterThan(PAGES * (MEASURED_MILLISECONDS / 1000));
    expect(share).toBeLessThan(0.01);
  },
);
