import type { FastifyInstance } from "fastify";
import type { Configuration } from "../config/schema.ts";
import type { SourceConfiguration } from "../config/sourceSchemas.ts";
import { Deadline } from "../drbg/deadline.ts";
import type { DrbgSupply } from "../drbg/randomSupply.ts";
import type { EntropyRoom } from "../entropy/entropyRoom.ts";
import type { RevokedCertificates } from "../key/certificate/revokedCertificates.ts";
import { openEventJournal } from "../lineage/eventJournal.ts";
import { StoredLineage } from "../lineage/lineageReader.ts";
import { attestWith } from "../log/statement.ts";
import type { Outlets } from "../outlet/outlets.ts";
import type { ServiceSnapshot } from "../port/snapshot.ts";
import { Retention } from "../store/retention.ts";
import { RequestTally } from "../telemetry/requestTally.ts";
import { keepAdminToken, openAccess } from "./access.ts";
import { watchExpiry } from "./approval.ts";
import { openAssessments } from "./assessments.ts";
import { DiskWatch } from "./diskWatch.ts";
import { ownDiagnosis } from "./doctor.ts";
import { openDoors } from "./doors.ts";
import { openDrills } from "./drills.ts";
import { openKeys } from "./keys.ts";
import { actsOf, loggedTo, tellTo } from "./logged.ts";
import { openNoise } from "./noise.ts";
import { openOutlets } from "./outlets.ts";
import { shapeOf } from "./plan.ts";
import type { ServicePorts } from "./ports.ts";
import { openRandom } from "./random.ts";
import { needingRestart } from "./reload.ts";
import { openAtStart, openSeal } from "./seal.ts";
import { takeSnapshot } from "./snapshot.ts";
import { openTransparency } from "./transparency.ts";
import { DiscontinuityWatch } from "./watch.ts";

const DAY_SECONDS = 86_400;
const MEGABYTE = 2 ** 20;
/** What a stop may take less what the doors may: see `api/listen.ts`. */
const KEEP_MILLISECONDS = 1500;

/** The running service. What it does not do itself is listening: see `api/listen.ts`. */
export interface Service {
  readonly api: FastifyInstance;
  readonly drbg: DrbgSupply;
  readonly entropy: EntropyRoom;
  /** Client certificates that a listener is to refuse. */
  readonly revoked: RevokedCertificates;
  /** Open them once the service listens; stop them before it. */
  readonly outlets: Outlets;
  snapshot(): ServiceSnapshot;
  /**
   * A device that was plugged in and recognised. Never credited: an assessment is configuration, and
   * the construction's shape does not change while it runs.
   */
  addSource(source: SourceConfiguration): void;
  /** Takes over what can change while it runs; @returns the fields that need a restart. */
  reload(configuration: Configuration): readonly string[];
  /**
   * Overwrites secrets, keeps what is left to keep, closes the store. Close the listeners first.
   * @returns false when the store did not take it in time and was given up; its thread still hangs
   */
  stop(): Promise<boolean>;
}

/** Everything that changes hands in here is a port or a room: the one place that ties them. */
export async function createService(
  configuration: Configuration,
  ports: ServicePorts,
): Promise<Service> {
  const { clock, store, log } = ports;
  const startedMilliseconds = clock.wallMilliseconds();
  const journal = await openEventJournal(store, clock);
  const events = loggedTo(journal, ports);
  const tell = tellTo(events, clock);
  const shape = shapeOf(configuration);
  const start = { at: startedMilliseconds, shape };
  const transparency = await openTransparency(configuration, ports, events, start);
  const acts = actsOf(transparency.log, events);

  const noise = await openNoise(configuration, ports, events, start);
  const { room } = noise;
  const random = openRandom(configuration, ports, room, events);
  const { drbg, outputs } = random;
  const access = await openAccess(configuration, ports, drbg, events);
  const seal = await openSeal(configuration, ports, drbg, (event, writes, leaf) =>
    leaf === null ? events.record(event, writes) : acts.record(event, writes, leaf),
  );
  const disk = ports.disk ? new DiskWatch(clock, ports.disk) : null;
  const tally = new RequestTally();
  const outlets = openOutlets(configuration, ports, random, access, tally, events);
  room.onSourceDiscarded((source) => drbg.discardSource(source));
  room.onPoolChanged(() => {
    drbg.poolChanged();
    outlets.poolChanged();
  });
  room.onStateChanged(() => outlets.availabilityChanged());

  const snapshot = (): ServiceSnapshot =>
    takeSnapshot(
      {
        version: ports.version,
        startedMilliseconds,
        configuration,
        room,
        instances: () => [...drbg.instances(), ...outlets.instances()],
        outlets: () => outlets.snapshot(),
        selfTests: () => drbg.selfTests(),
        drills: () => drills.snapshot(),
        store,
        vault: () => seal.state(),
        keys: () => keys.managed.tally.figures(),
        custody: () => keys.custody.figures(),
        log: () => transparency.snapshot(),
        disk: () => disk?.latest ?? null,
        tlsCertificates: ports.tlsCertificates,
      },
      clock.wallMilliseconds(),
    );
  const introspection = { snapshot };
  const attest = attestWith(ports.signer);
  const assessments = openAssessments(configuration, ports, room, introspection, events, attest);
  const drills = await openDrills(
    configuration,
    ports,
    (event, together) => events.record(event, together),
    { introspection, options: (source) => room.healthOptions(source) },
  );
  const lineage = new StoredLineage(store);
  const keys = await openKeys(configuration, ports, {
    random: drbg,
    seal,
    log: transparency.log,
    lineage,
    events,
    acts,
  });
  const watch = new DiscontinuityWatch(clock, ports.generation, (what, detail) => {
    tell(what, "warning", detail);
    // A resume shows as a clock jump and cannot be told from one.
    room.restartAll(detail);
    drbg.reseedAll(what);
  });
  const api = openDoors(configuration, ports, {
    entropy: room,
    random: drbg,
    access,
    seal,
    keys,
    log: transparency.log,
    lineage,
    events,
    introspection,
    outlets,
    tally,
    attest,
    assessments,
    drills,
    doctor: ownDiagnosis(configuration, ports, snapshot, watch),
  });

  const forgetHealth = store.onHealthChange(({ ok, detail }) => {
    tell(ok ? "store_recovered" : "store_failed", ok ? "info" : "critical", detail);
  });
  const retention = new Retention(store, clock, {
    seedAgeSeconds: configuration.retention.lineageDays * DAY_SECONDS,
    outputAgeSeconds: null,
    eventAgeSeconds: configuration.retention.eventDays * DAY_SECONDS,
    totalBytes: configuration.retention.maximumMegabytes * MEGABYTE,
  });

  tell("service_started", "info", `version ${ports.version}, ${shape}`);
  room.start();
  drbg.start();
  watch.start();
  retention.start();
  disk?.start();
  keys.managed.start();
  keys.destructions.start();
  drills.start();
  const stopExpiry = watchExpiry(keys.approvals, ports);
  const cancelAdmin = await keepAdminToken(access.tokens, ports);
  if (configuration.seal.openAtStart) openAtStart(seal, ports);

  return {
    api,
    drbg,
    entropy: room,
    revoked: keys.revoked,
    outlets,
    snapshot,
    addSource: (source) => noise.add(source),
    reload(next) {
      access.certificates.replace(next.clientCertificates);
      const fixed = needingRestart(configuration, next);
      tell(
        "configuration_reloaded",
        fixed.length > 0 ? "warning" : "info",
        fixed.length > 0 ? `a restart is needed for: ${fixed.join(", ")}` : "all of it",
      );
      return fixed;
    },
    async stop() {
      tell("service_stopping", "info", "asked to stop");
      cancelAdmin();
      stopExpiry();
      seal.seal("The service stopped.");
      watch.stop();
      disk?.stop();
      forgetHealth();
      // The secrets go first: the rest waits for others.
      drbg.stop();
      const assessed = Promise.all([assessments.stop(), drills.stop()]);
      await noise.stop();
      const keepTheRest = async (): Promise<void> => {
        await assessed;
        await keys.destructions.stop();
        await keys.managed.stop();
        await retention.stop();
        await outputs.stop();
        await transparency.stop();
        await journal.stop();
        await store.close();
      };
      const kept = await new Deadline(clock, KEEP_MILLISECONDS).within(keepTheRest());
      if (kept !== "late") return true;
      log.error(
        { kind: "database_given_up" },
        "the database does not take what is left to keep; it is given up",
      );
      return false;
    },
  };
}
