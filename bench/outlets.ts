import { availableParallelism } from "node:os";
import { pacedLoad } from "./paced.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import {
  type Load,
  loads,
  type RequestCost,
  requestCost,
  type Server,
  spent,
  spentSince,
  withService,
} from "./server.ts";

/*
 * Two threads that answer, against one: server CPU a request, in turns, both running all the time. At
 * full speed one thread is never idle and wakes for many requests at once, where two wake for few each;
 * so also at a rate that is the same for both. With four cores or more also what they answer a second, from clients in as many processes; with
 * fewer the clients would take the second thread's core.
 */

const ROUNDS = 9;
const PATH = "/v1/random?bytes=32";
const CONNECTIONS = [32, 256];
const WORK: Load = { path: PATH, connections: 32, requests: 40_000 };
const PACED_SECONDS = 2;
const CORES_FOR_SPEED = 4;

type Spent = Omit<RequestCost, "seconds">;

function cpuRatio(how: string, own: readonly Spent[], theirs: readonly Spent[]): Ratio {
  const cpu = (costs: readonly Spent[]): number[] => costs.map((cost) => cost.cpuMicroseconds);
  const costText = (costs: readonly Spent[]): string =>
    `${median(cpu(costs)).toFixed(1)} us CPU and ` +
    `${median(costs.map((cost) => cost.switches)).toFixed(2)} switches a request`;
  const figure = `${costText(own)}; theirs ${costText(theirs)}`;
  const what = `GET ${PATH}, two outlets, ${how}`;
  const naming = { what, baseline: "server CPU of one outlet", goal: 1.25, figure };
  return ratioOf({ ...naming, better: "less" }, quotients(cpu(own), cpu(theirs)));
}

function compareCpu(two: Server, one: Server, connections: number): Ratio {
  const work = { ...WORK, connections };
  const [own, theirs]: [Spent[], Spent[]] = [[], []];
  for (const server of [two, one]) requestCost(server, work);
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push(requestCost(two, work));
    theirs.push(requestCost(one, work));
  }
  return cpuRatio(`${connections} connections`, own, theirs);
}

/** At a quarter of what one can: neither is full. */
async function comparePaced(two: Server, one: Server): Promise<Ratio> {
  const asked = async (server: Server, rate: number): Promise<Spent> => {
    const before = spent(server);
    const { requestsPerSecond } = await pacedLoad(server, PATH, PACED_SECONDS, rate);
    return spentSince(server, before, requestsPerSecond * PACED_SECONDS);
  };
  const most = (await pacedLoad(one, PATH, PACED_SECONDS, 0)).requestsPerSecond;
  const rate = most / 4;
  const [own, theirs]: [Spent[], Spent[]] = [[], []];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push(await asked(two, rate));
    theirs.push(await asked(one, rate));
  }
  return cpuRatio(`${rate.toFixed(0)} a second of both`, own, theirs);
}

async function compareSpeed(two: Server, one: Server): Promise<Ratio> {
  const [own, theirs]: [number[], number[]] = [[], []];
  const clients = availableParallelism() - 2;
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push(await loads(two, WORK, clients));
    theirs.push(await loads(one, WORK, clients));
  }
  const a = (values: readonly number[]): string => median(values).toFixed(0);
  const figure = `${a(own)} requests/s; theirs ${a(theirs)}`;
  const what = "requests a second, two outlets";
  return ratioOf({ what, baseline: "one outlet", goal: 1.8, figure }, quotients(own, theirs));
}

/** Also waits until both threads answer. */
export function run(): Promise<readonly Ratio[]> {
  return withService(
    (two, service) =>
      withService(async (one) => {
        while (!service.log().includes("outlet_opened"))
          await new Promise((resolve) => setTimeout(resolve, 20));
        const ratios = CONNECTIONS.map((connections) => compareCpu(two, one, connections));
        ratios.push(await comparePaced(two, one));
        if (availableParallelism() >= CORES_FOR_SPEED) ratios.push(await compareSpeed(two, one));
        return ratios;
      }),
    { configuration: "outlets: 2\n" },
  );
}
