import { pacedLoad } from "./paced.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { type Server, withService } from "./server.ts";

/*
 * Latency under a reseed every 2^17 bits, against a service that reseeds every 2^27 bits or 2^16
 * requests, too seldom for a 99th percentile to see: that stands for reseeds switched off, which no
 * configuration does. Both run all the time; 32 clients ask them in turns, at a quarter of the slower
 * one's most: at half of it the client's own core is full, and the percentile its own.
 */

const ROUNDS = 9;
const SECONDS = 3;
/** Of the most requests a second. */
const SHARE = 1 / 4;
const OFTEN = "construction: { parentOutputBytes: 16384 }\n";
const SIZES = [32, 1024];

async function compare(often: Server, seldom: Server, bytes: number): Promise<Ratio> {
  const path = `/v1/random?bytes=${bytes}`;
  const asked = (server: Server, rate: number) => pacedLoad(server, path, SECONDS, rate);
  const most = async (server: Server): Promise<number> => {
    await asked(server, 0);
    return (await asked(server, 0)).requestsPerSecond;
  };
  const rate = Math.min(await most(often), await most(seldom)) * SHARE;
  const [own, without]: [number[], number[]] = [[], []];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push((await asked(often, rate)).p99Milliseconds);
    without.push((await asked(seldom, rate)).p99Milliseconds);
  }
  const figure =
    `${median(own).toFixed(2)} ms; theirs ${median(without).toFixed(2)} ms, ` +
    `at ${rate.toFixed(0)} requests/s`;
  const what = `p99 of ${bytes} bytes, a reseed every 2^17 bits`;
  const baseline = "p99 with reseeds all but off";
  return ratioOf({ what, baseline, goal: 1.2, better: "less", figure }, quotients(own, without));
}

export function run(): Promise<readonly Ratio[]> {
  return withService(
    (often) =>
      withService(async (seldom) => {
        const ratios: Ratio[] = [];
        for (const bytes of SIZES) ratios.push(await compare(often, seldom, bytes));
        return ratios;
      }),
    { configuration: OFTEN },
  );
}
