import { selfTest as conditioningSelfTest } from "../conditioning/selfTest.ts";
import type { Configuration } from "../config/schema.ts";
import { preparedSeeds, seedLimits } from "../drbg/policy.ts";
import { DrbgSupply } from "../drbg/randomSupply.ts";
import { runSelfTests } from "../drbg/selfTest.ts";
import type { EntropyRoom } from "../entropy/entropyRoom.ts";
import { StoredOutputs } from "../lineage/outputRecorder.ts";
import { createSeedRecorder } from "../lineage/seedRecorder.ts";
import type { Observer } from "../port/event.ts";
import type { OutletsTerms } from "../outlet/outlets.ts";
import { tellingDefects } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** The DRBG instances of the main thread, and what one in an outlet is made by. */
export interface Random {
  readonly drbg: DrbgSupply;
  readonly outputs: StoredOutputs;
  readonly instance: OutletsTerms["instance"];
}

/** Instances that are seeded by this room, with the limits of its construction. */
export function openRandom(
  { construction, quorum }: Configuration,
  ports: ServicePorts,
  room: EntropyRoom,
  observer: Observer,
): Random {
  const { clock, store, boot } = ports;
  const { shape } = room;
  const { hash } = construction;
  const selfTestMilliseconds = construction.selfTestSeconds * 1000;
  const limits =
    shape === "RBGC"
      ? {
          bytes: construction.parentOutputBytes,
          requests: construction.parentRequests,
          ageMilliseconds: construction.parentAgeSeconds * 1000,
        }
      : { ageMilliseconds: construction.seedAgeSeconds * 1000 };
  const outputs = new StoredOutputs(store, clock);
  const drbg = new DrbgSupply({
    clock,
    seeds: room,
    seedRecorder: tellingDefects(createSeedRecorder(store), ports),
    outputRecorder: outputs,
    observer,
    shape,
    quorum,
    hash,
    boot,
    limits,
    selfTestMilliseconds,
    selfTests: (now) => [...runSelfTests(now), ...conditioningSelfTest(now)],
  });
  const instance = {
    shape,
    hash,
    boot,
    limits: seedLimits(shape, limits),
    ahead: preparedSeeds(shape, "http"),
    selfTestMilliseconds,
  };
  return { drbg, outputs, instance };
}
