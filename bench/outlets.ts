import { availableParallelism } from "node:os";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { type Load, loads, requestCost, type Server, withService } from "./server.ts";

/*
 * Two threads that answer, against one: server CPU a request, in turns, both running all the time.
 * With four cores or more also what they answer a second, from clients in as many processes; with
 * fewer the clients would take the second thread's core.
 */

const ROUNDS = 9;
const PATH = "/v1/random?bytes=32";
const CONNECTIONS = [32, 256];
const WORK: Load = { path: PATH, connections: 32, requests: 40_000 };
const CORES_FOR_SPEED = 4;

function compareCpu(two: Server, one: Server, connections: number): Ratio {
  const work = { ...WORK, connections };
  const [own, theirs]: [number[], number[]] = [[], []];
  for (const server of [two, one]) requestCost(server, work);
  for (let round = rounds(ROUNDS); round > 0; round--) {
    own.push(requestCost(two, work).cpuMicroseconds);
    theirs.push(requestCost(one, work).cpuMicroseconds);
  }
  const figure = `${median(own).toFixed(1)} us CPU a request; theirs ${median(theirs).toFixed(1)} us`;
  const what = `GET ${PATH}, two outlets, ${connections} connections`;
  const naming = { what, baseline: "server CPU of one outlet", goal: 1.25, figure };
  return ratioOf({ ...naming, better: "less" }, quotients(own, theirs));
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
        if (availableParallelism() >= CORES_FOR_SPEED) ratios.push(await compareSpeed(two, one));
        return ratios;
      }),
    { configuration: "outlets: 2\n" },
  );
}
