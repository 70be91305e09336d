import type { LeafOf } from "../../../src/log/leaf.ts";
import { signerOf } from "../../../src/log/signer.ts";
import { openTransparencyLog, type TransparencyLog } from "../../../src/log/transparencyLog.ts";
import type { Clock } from "../../../src/port/clock.ts";
import type { Store } from "../../../src/store/store.ts";

export const SIGNER = signerOf("log.example/test", new Uint8Array(32).fill(7));

export function serviceStart(more: Partial<LeafOf<"service_start">> = {}): LeafOf<"service_start"> {
  return {
    v: 1,
    kind: "service_start",
    at: 1_767_225_600_000,
    actor: "springhouse",
    version: "0.0.0",
    configuration: "0123456789abcdef",
    build: "0".repeat(64),
    shape: "RBGC",
    ...more,
  };
}

let boots = 0;

/** A log on a store, as a start opens it. */
export function openLog(store: Store, clock: Clock): Promise<TransparencyLog> {
  const boot = (++boots).toString(16).padStart(16, "0");
  return openTransparencyLog({ store, clock, signer: SIGNER, boot, first: serviceStart() });
}
