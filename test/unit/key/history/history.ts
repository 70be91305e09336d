import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { enrolment } from "../approval/rig.ts";
import { ACTS, CANARY, PEOPLE, WEIGHTS } from "./acts.ts";
import { nothingDestroyedOpens, nothingIsTold, replayIsDatabase } from "./invariants.ts";
import { collect, copied, type Devices, open, slotOf, type World } from "./world.ts";

/*
 * What must hold after every history of keys (issue: "three invariants"): no material is in anything that
 * was written or said, the log replayed is the database, and what was destroyed opens from no copy.
 */

type ActName = keyof typeof ACTS;
export type Step = readonly [ActName, number, number];

export function steps(maximum: number): fc.Arbitrary<readonly Step[]> {
  const names = Object.keys(ACTS) as ActName[];
  const act = fc.oneof(
    ...names.map((name) => ({ arbitrary: fc.constant(name), weight: WEIGHTS[name] ?? 1 })),
  );
  return fc.array(fc.tuple(act, fc.nat(30), fc.nat(30)), {
    minLength: Math.floor(maximum / 2),
    maxLength: maximum,
    size: "max",
  });
}

/** Runs a history over real SQLite, a real log and a real vault. @returns how often each act was done */
export async function runHistory(
  devices: Devices,
  history: readonly Step[],
): Promise<ReadonlyMap<string, number>> {
  const state = await temporaryState();
  const clock = new FakeClock();
  const parent = join(state.directory, "..");
  const world: World = {
    rig: await open(state.directory, clock, devices),
    directory: state.directory,
    parent,
    clock,
    devices,
    copies: [],
    told: [],
    secrets: [CANARY],
    done: new Map(),
  };
  try {
    await world.rig.keeper!.initialise(slotOf(devices, "first"), "tester");
    await world.rig.approvals.bootstrap(
      PEOPLE.slice(0, 3).map((who) => enrolment(who)),
      "p-admin",
    );
    for (const step of history) await take(world, step);
    await copied(world);
    await collect(world);
    await replayIsDatabase(world);
    for (const { kind, op } of await logged(world))
      world.done.set(`${kind} ${op}`, (world.done.get(`${kind} ${op}`) ?? 0) + 1);
  } finally {
    await world.rig[Symbol.asyncDispose]();
  }
  await nothingIsTold(world);
  await nothingDestroyedOpens(world);
  await rm(parent, { recursive: true, force: true });
  return world.done;
}

async function take(world: World, [act, one, other]: Step): Promise<void> {
  try {
    const result: unknown = await ACTS[act](world, one, other);
    world.told.push(JSON.stringify(result) ?? "");
    const refused = typeof result === "object" && result !== null && "remedy" in result;
    if (result !== undefined && !refused) world.done.set(act, (world.done.get(act) ?? 0) + 1);
  } catch (error) {
    if (!(error instanceof SpringhouseError)) throw error;
    world.told.push(String(error), error.stack ?? "", JSON.stringify(error));
  }
}

/** What the log says was done. */
async function logged({ rig }: World): Promise<readonly { kind: string; op: string }[]> {
  const rows = await rig.keys.store.read("logLeaf.bodies", [0, 1e9]);
  return rows.map(({ body }) => ({ op: "", ...(JSON.parse(String(body)) as { kind: string }) }));
}
