import type { FastifyInstance } from "fastify";
import type { Access } from "../access/access.ts";
import { buildApi } from "../api/app.ts";
import type { ApiPorts } from "../api/ports.ts";
import type { Configuration } from "../config/schema.ts";
import { openPage } from "../console/pageFiles.ts";
import type { DrbgSupply } from "../drbg/randomSupply.ts";
import type { EntropyRoom } from "../entropy/entropyRoom.ts";
import { complianceReport } from "../key/compliance/complianceReport.ts";
import type { KeyRoom } from "../key/managed/keyRoom.ts";
import type { SealKeeper } from "../key/seal/sealKeeper.ts";
import { RecallDesk, type RecallDeskTerms } from "../log/recallDesk.ts";
import { ReceiptDesk } from "../log/receiptDesk.ts";
import type { TransparencyLog } from "../log/transparencyLog.ts";
import type { Outlets } from "../outlet/outlets.ts";
import type { Introspection, LineageReader } from "../port/service.ts";
import { Exposition } from "../telemetry/exposition.ts";
import type { RequestTally } from "../telemetry/requestTally.ts";
import { hostsOf } from "./address.ts";
import { requiredOf } from "./approval.ts";
import type { Keys } from "./keys.ts";
import type { LoggedEvents } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** The rooms behind the doors. */
export interface House extends Pick<ApiPorts, "assessments" | "drills" | "doctor" | "attest"> {
  readonly entropy: EntropyRoom;
  readonly random: DrbgSupply;
  readonly access: Access;
  readonly seal: SealKeeper;
  readonly keys: Keys;
  readonly log: TransparencyLog;
  readonly lineage: LineageReader;
  readonly events: LoggedEvents;
  readonly introspection: Introspection;
  readonly outlets: Outlets;
  readonly tally: RequestTally;
}

/** The front doors: what each of them is given of the house. */
export function openDoors(
  configuration: Configuration,
  ports: ServicePorts,
  house: House,
): FastifyInstance {
  const { clock, store, version, build, log } = ports;
  const { keys, random, lineage, introspection, events, access, tally } = house;
  const { managed, approvals } = keys;
  return buildApi(
    {
      clock,
      random,
      keys: keys.generator,
      managed,
      ...keys.distribution,
      compliance: () =>
        complianceReport({
          store,
          snapshot: () => introspection.snapshot(),
          custodians: () => approvals.custodians(),
          required: requiredOf(configuration.approval.required),
          now: () => managed.service.now(),
        }),
      sources: house.entropy,
      assessments: house.assessments,
      doctor: house.doctor,
      drills: house.drills,
      seal: house.seal,
      approvals,
      destructions: keys.destructions,
      backups: keys.backups,
      events,
      lineage,
      introspection,
      transparency: house.log,
      logKey: keys.logKey,
      attest: house.attest,
      recall: new RecallDesk({
        clock,
        store,
        log: house.log,
        record: (event, together) => events.record(event, together),
        suspend: suspending(managed),
      }),
      receipts: new ReceiptDesk({
        clock,
        log: house.log,
        lineage,
        random,
        maker: { configuration: configuration.version, build },
      }),
      selfTest: { run: () => random.runSelfTests() },
      metrics: metricsOf(house),
      access,
      tally,
      page: openPage(),
      log,
    },
    {
      version,
      hosts: hostsOf(configuration),
      origins: configuration.allowedOrigins,
      publicProbes: configuration.publicProbes,
    },
  );
}

/** What a recall may do to a key that it names. */
function suspending({ service }: KeyRoom): RecallDeskTerms["suspend"] {
  return async (key, version, { actor, reason }) => {
    const rest = { occurredMilliseconds: null, approval: null } as const;
    const order = { transition: "suspend", version, reason, ...rest } as const;
    const changed = await service.transit(key, order, { id: actor, anyKey: true });
    return "ok" in changed ? changed : null;
  };
}

function metricsOf({ outlets, introspection, tally, access }: House): Exposition {
  const folded = {
    snapshot() {
      outlets.fold();
      return introspection.snapshot();
    },
  };
  return new Exposition(folded, tally, () => access.quotas.uses());
}
