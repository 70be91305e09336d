import { type Ratio, ratioOf, rounds } from "./ratio.ts";
import { collectGarbage, INSPECTED, load, residentMegabytes, withService } from "./server.ts";

/* Resident memory over a million requests: the most of it, and what stays after a collection. */

const SAMPLES = 10;
const REQUESTS = 100_000;

export function run(): Promise<readonly Ratio[]> {
  return withService(async (server, service) => {
    const most: number[] = [];
    const collected: number[] = [];
    const half = Math.max(1, Math.floor(rounds(SAMPLES) / 2));
    for (let sample = 1; sample <= 2 * half; sample++) {
      load(server, { path: "/v1/random?bytes=32", connections: 32, requests: REQUESTS });
      most.push(residentMegabytes(server.pid));
      if (sample % half !== 0) continue;
      await collectGarbage(service);
      collected.push(residentMegabytes(server.pid));
    }
    const text = (values: readonly number[]) => values.map((one) => one.toFixed(0)).join(" ");
    const [middle, end] = collected as [number, number];
    const requests = (2 * half * REQUESTS).toLocaleString("en-US");
    return [
      ratioOf(
        {
          what: `the most memory over ${requests} requests`,
          baseline: "a limit",
          unit: "MB",
          better: "less",
          goal: 256,
          figure: `${text(most)} MB after each ${REQUESTS.toLocaleString("en-US")}`,
        },
        [Math.max(...most)],
      ),
      ratioOf(
        {
          what: "growth of memory in the second half of them",
          baseline: "the first half's end, collected",
          unit: "%",
          better: "less",
          goal: 5,
          figure: `${text(collected)} MB`,
        },
        [(end / middle - 1) * 100],
      ),
    ];
  }, INSPECTED);
}
