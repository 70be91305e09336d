import type { Access } from "../access/access.ts";
import type { Configuration } from "../config/schema.ts";
import { Outlets } from "../outlet/outlets.ts";
import type { Observer } from "../port/event.ts";
import type { RequestTally } from "../telemetry/requestTally.ts";
import { hostsOf } from "./address.ts";
import type { ServicePorts } from "./ports.ts";
import type { Random } from "./random.ts";

/** Where no threads can be started, none are. */
const NO_THREADS = {
  clockOrigin: 0n,
  startThread(): never {
    throw new Error("there are no outlets beside the main thread here");
  },
};

/** Threads that answer beside the main one, from seeds of this house. */
export function openOutlets(
  configuration: Configuration,
  { clock, outlets: threads }: ServicePorts,
  { drbg, instance, outputs }: Random,
  { tokens, quotas }: Access,
  tally: RequestTally,
  observer: Observer,
): Outlets {
  return new Outlets({
    clock,
    count: threads ? configuration.outlets : 1,
    ...(threads ?? NO_THREADS),
    drbg,
    instance,
    hosts: hostsOf(configuration),
    origins: configuration.allowedOrigins,
    tokens,
    quotas,
    outputs,
    tally,
    observer,
  });
}
