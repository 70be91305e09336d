import type { DrillSnapshot } from "../port/drill.ts";
import type { CustodyFigures } from "../port/custody.ts";
import type { KeyFigures } from "../port/key.ts";
import type { Configuration } from "../config/schema.ts";
import type { EntropyRoom } from "../entropy/entropyRoom.ts";
import { ERRORS, type ErrorCode } from "../port/errors.ts";
import type { Shape } from "../port/lineage.ts";
import type { VaultState } from "../port/seal.ts";
import type {
  DiskSnapshot,
  InstanceSnapshot,
  LogSnapshot,
  OutletsSnapshot,
  SelfTestSnapshot,
  ServiceSnapshot,
  TlsCertificateSnapshot,
} from "../port/snapshot.ts";
import type { Store } from "../store/store.ts";

export interface SnapshotParts {
  readonly version: string;
  readonly startedMilliseconds: number;
  readonly configuration: Configuration;
  readonly room: EntropyRoom;
  readonly instances: () => readonly InstanceSnapshot[];
  readonly outlets: () => OutletsSnapshot;
  readonly selfTests: () => readonly SelfTestSnapshot[];
  readonly drills: () => readonly DrillSnapshot[];
  readonly store: Store;
  readonly vault: () => VaultState;
  readonly keys: () => KeyFigures;
  readonly custody: () => CustodyFigures;
  readonly log: () => LogSnapshot;
  readonly disk: () => DiskSnapshot | null;
  readonly tlsCertificates: () => readonly TlsCertificateSnapshot[];
}

/** What this construction does not claim, in words that status and receipts carry. */
export function reasonsNotValidated(shape: Shape, configuration: Configuration): string[] {
  const reasons = ["no CAVP or CMVP certificate exists for this software"];
  if (shape === "RBGC")
    return [
      ...reasons,
      "no source is credited: seeds come from the OS RNG, which has a strength and no entropy",
    ];
  for (const source of configuration.sources)
    if (source.assessed && !source.compliant)
      reasons.push(`${source.id} is credited by its operator's assessment, without a certificate`);
  return reasons;
}

interface Cause {
  readonly code: ErrorCode;
  readonly source?: string | null;
  readonly detail: string;
}

function unready(
  snapshot: Pick<ServiceSnapshot, "selfTests" | "store" | "sources" | "quorum" | "shape">,
  serving: boolean,
): ServiceSnapshot["unready"] {
  const causes: Cause[] = [];
  for (const test of snapshot.selfTests)
    if (!test.passed) causes.push({ code: "self_test_failed", detail: test.name });
  if (causes.length > 0 || serving) return causes.map(explain);
  if (!snapshot.store.ok) causes.push({ code: "store_failed", detail: snapshot.store.detail });
  const needed = snapshot.sources.filter(
    (source) => source.kind === "os" || source.assessedEntropy > 0,
  );
  for (const source of needed)
    if (source.state !== "healthy")
      causes.push({
        code: (source.cause ?? "not_ready") as ErrorCode,
        source: source.id,
        detail: `${source.id} is ${source.state}: ${source.detail}`,
      });
  if (snapshot.shape !== "RBGC" && !snapshot.quorum.met)
    causes.push({
      code: "unmet",
      detail: `quorum: ${snapshot.quorum.available} healthy credited sources of ${snapshot.quorum.sources}`,
    });
  if (causes.length === 0)
    causes.push({ code: "not_ready", detail: "the noise for the first seed is being collected" });
  return causes.map(explain);
}

function explain({ code, source = null, detail }: Cause) {
  const entry = code in ERRORS ? ERRORS[code] : ERRORS.not_ready;
  return { code, source, detail, remedy: entry.remedy };
}

/** The one picture of the service that status, metrics and `doctor` are made of. */
export function takeSnapshot(parts: SnapshotParts, atMilliseconds: number): ServiceSnapshot {
  const { room, configuration, store } = parts;
  const instances = parts.instances();
  const http = instances.find(({ id }) => id === "http");
  const serving = http?.state === "ready";
  const some = {
    shape: room.shape,
    quorum: room.quorum(),
    sources: room.snapshot(),
    selfTests: parts.selfTests(),
    drills: parts.drills(),
    store: store.health(),
    vault: parts.vault(),
    keys: parts.keys(),
    custody: parts.custody(),
  };
  const causes = unready(some, serving);
  return {
    version: parts.version,
    startedMilliseconds: parts.startedMilliseconds,
    atMilliseconds,
    // Certificates of this software's algorithms and of each source would have to be configured.
    validated: false,
    reasons: reasonsNotValidated(room.shape, configuration),
    ready: causes.length === 0,
    unready: causes,
    configurationVersion: configuration.version,
    instances,
    outlets: parts.outlets(),
    ...some,
    log: parts.log(),
    disk: parts.disk(),
    tlsCertificates: parts.tlsCertificates(),
  };
}
