import { hostname } from "node:os";
import type { FastifyInstance } from "fastify";
import { Access } from "../access/access.ts";
import { ensureAdminToken } from "../access/adminToken.ts";
import { Certificates } from "../access/certificates.ts";
import { Quotas } from "../access/quotas.ts";
import { Sessions } from "../access/sessions.ts";
import { StoreTokenRepository } from "../access/storeTokenRepository.ts";
import { TokenBook } from "../access/tokenBook.ts";
import { AssessmentDesk } from "../assess/desk.ts";
import { buildApi } from "../api/app.ts";
import { LiveWatch } from "../assess/live/liveWatch.ts";
import { selfTest as conditioningSelfTest } from "../conditioning/selfTest.ts";
import type { Configuration } from "../config/schema.ts";
import type { SourceConfiguration } from "../config/sourceSchemas.ts";
import { Deadline } from "../drbg/deadline.ts";
import { preparedSeeds, seedLimits } from "../drbg/policy.ts";
import { runSelfTests } from "../drbg/selfTest.ts";
import { DrbgSupply } from "../drbg/randomSupply.ts";
import { EntropyRoom } from "../entropy/entropyRoom.ts";
import type { RevokedCertificates } from "../key/certificate/revokedCertificates.ts";
import { openCustodyTally } from "../key/custodyTally.ts";
import { KeyGenerator } from "../key/keyGenerator.ts";
import { keyCommands } from "../key/managed/keyCommands.ts";
import { openKeyRoom } from "../key/managed/keyRoom.ts";
import { complianceReport } from "../key/compliance/complianceReport.ts";
import { recoveryCommands } from "../key/seal/recovery.ts";
import { openEventJournal } from "../lineage/eventJournal.ts";
import type { Leaf } from "../log/leaf.ts";
import { StoredLineage } from "../lineage/lineageReader.ts";
import { StoredOutputs } from "../lineage/outputRecorder.ts";
import { createSeedRecorder } from "../lineage/seedRecorder.ts";
import { RecallDesk } from "../log/recallDesk.ts";
import { ReceiptDesk } from "../log/receiptDesk.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { EventKind, ServiceEvent } from "../port/event.ts";
import type { ServiceSnapshot } from "../port/snapshot.ts";
import { attestWith } from "../log/statement.ts";
import { Backoff } from "../source/backoff.ts";
import type { Write } from "../store/store.ts";
import { openHealthMemory } from "../store/storedHealthMemory.ts";
import { reportFacts } from "../verify/verifyAttested.ts";
import { Outlets } from "../outlet/outlets.ts";
import { Retention } from "../store/retention.ts";
import { openPage } from "../console/pageFiles.ts";
import { Exposition } from "../telemetry/exposition.ts";
import { RequestTally } from "../telemetry/requestTally.ts";
import { hostsOf } from "./address.ts";
import { loggedTo, tellingDefects } from "./logged.ts";
import {
  openBackups,
  openDestructions,
  openDualControl,
  requiredOf,
  watchExpiry,
} from "./approval.ts";
import { DiskWatch } from "./diskWatch.ts";
import { openDistribution } from "./distribution.ts";
import { ownDiagnosis } from "./doctor.ts";
import { openDrills } from "./drills.ts";
import { openAtStart, openSeal } from "./seal.ts";
import { shapeOf, sourceOption, sourceOptions } from "./plan.ts";
import type { ServicePorts } from "./ports.ts";
import { needingRestart } from "./reload.ts";
import { takeSnapshot } from "./snapshot.ts";
import { openKeyRotation, openTransparency } from "./transparency.ts";
import { DiscontinuityWatch } from "./watch.ts";

const DAY_SECONDS = 86_400;
const MEGABYTE = 2 ** 20;
/** What a stop may take less what the doors may: see `api/listen.ts`. */
const KEEP_MILLISECONDS = 1500;
/** A write that failed, of a full disk say, is tried again after 1 s, 2 s, 4 s, and so on to 60 s. */
const TOKEN_RETRY = { firstMilliseconds: 1000, longestMilliseconds: 60_000 };

/** Where no threads can be started, none are. */
const NO_THREADS = {
  clockOrigin: 0n,
  startThread(): never {
    throw new Error("there are no outlets beside the main thread here");
  },
};

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
  const observed = loggedTo(journal, ports);
  const tell = (kind: EventKind, severity: ServiceEvent["severity"], detail: string): void =>
    observed.event({
      kind,
      atMilliseconds: clock.wallMilliseconds(),
      source: null,
      severity,
      actor: null,
      reason: null,
      detail,
      data: {},
    });

  const shape = shapeOf(configuration);
  const { quorum, construction } = configuration;
  const transparency = await openTransparency(configuration, ports, observed, {
    at: startedMilliseconds,
    shape,
  });
  const memory = await openHealthMemory(
    store,
    configuration.sources.map(({ id }) => id),
    startedMilliseconds,
  );
  const { startLiveThread } = ports;
  const { enabled, intervalSeconds } = configuration.assess.live;
  const live =
    enabled && startLiveThread
      ? new LiveWatch({
          clock,
          observer: observed,
          startThread: startLiveThread,
          intervalMilliseconds: intervalSeconds * 1000,
        })
      : null;
  const room = new EntropyRoom({
    memory,
    live,
    sources: sourceOptions(configuration, ports),
    shape,
    quorum,
    clock,
    observer: observed,
    boot: ports.boot,
    osRandom: ports.osRandom,
    onFault: (source, error) =>
      log.error({ kind: "source_session_failed", source, error }, "a source's session failed"),
  });
  const outputs = new StoredOutputs(store, clock);
  const limits =
    shape === "RBGC"
      ? {
          bytes: construction.parentOutputBytes,
          requests: construction.parentRequests,
          ageMilliseconds: construction.parentAgeSeconds * 1000,
        }
      : { ageMilliseconds: construction.seedAgeSeconds * 1000 };
  const selfTestMilliseconds = construction.selfTestSeconds * 1000;
  const drbg = new DrbgSupply({
    clock,
    seeds: room,
    seedRecorder: tellingDefects(createSeedRecorder(store), ports),
    outputRecorder: outputs,
    observer: observed,
    shape,
    quorum,
    hash: construction.hash,
    boot: ports.boot,
    limits,
    selfTestMilliseconds,
    selfTests: (now) => [...runSelfTests(now), ...conditioningSelfTest(now)],
  });
  room.onSourceDiscarded((source) => drbg.discardSource(source));

  const tokens = new TokenBook({
    clock,
    random: drbg,
    repository: new StoreTokenRepository(store, observed),
    defaultQuota: configuration.quota,
  });
  await tokens.load();
  const seal = await openSeal(configuration, ports, drbg, async (event, writes, leaf) => {
    if (leaf === null) await observed.record(event, writes);
    else await transparency.log.append(leaf, writes, (batch) => observed.record(event, batch));
  });
  const disk = ports.disk ? new DiskWatch(clock, ports.disk) : null;
  const quotas = new Quotas(clock);
  const certificates = new Certificates(clock, configuration.clientCertificates);
  const tally = new RequestTally();
  const { outlets: threads } = ports;
  const outlets = new Outlets({
    clock,
    count: threads ? configuration.outlets : 1,
    ...(threads ?? NO_THREADS),
    drbg,
    instance: {
      shape,
      hash: construction.hash,
      boot: ports.boot,
      limits: seedLimits(shape, limits),
      ahead: preparedSeeds(shape, "http"),
      selfTestMilliseconds,
    },
    hosts: hostsOf(configuration),
    origins: configuration.allowedOrigins,
    tokens,
    quotas,
    outputs,
    tally,
    observer: observed,
  });
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
        keys: () => managed.tally.figures(),
        custody: () => custody.figures(),
        log: () => transparency.snapshot(),
        disk: () => disk?.latest ?? null,
        tlsCertificates: ports.tlsCertificates,
      },
      clock.wallMilliseconds(),
    );
  const attest = attestWith(ports.signer);
  const assessments = new AssessmentDesk({
    clock,
    sources: room,
    introspection: { snapshot },
    host: hostname(),
    events: observed,
    version: ports.version,
    attest: (report) => attest("assessment", reportFacts(report)),
    ...configuration.assess,
  });
  const drills = await openDrills(
    configuration,
    ports,
    (event, together) => observed.record(event, together),
    { introspection: { snapshot }, options: (source) => room.healthOptions(source) },
  );
  const generator = new KeyGenerator({
    random: drbg,
    words: ports.words,
    pairs: ports.pairs,
    rsaConcurrency: configuration.keys.rsaSearches,
  });
  const lineage = new StoredLineage(store);
  const managed = await openKeyRoom({
    clock,
    store,
    random: drbg,
    generator,
    vault: seal.vault,
    log: transparency.log,
    record: (event, writes) => observed.record(event, writes),
    boot: ports.boot,
    lineage,
    maker: { configuration: configuration.version, build: ports.build },
    failed: (key, act, detail) => log.warn({ kind: "key_policy_deferred", key, act }, detail),
  });
  const acts = {
    record: async (event: ServiceEvent, writes: readonly Write[], leaf: Leaf): Promise<void> => {
      await transparency.log.append(leaf, writes, (batch) => observed.record(event, batch));
    },
    tell: (event: ServiceEvent): void => observed.event(event),
  };
  const logKey = openKeyRotation(ports, transparency.log, acts.record);
  const custody = await openCustodyTally(store, (detail) =>
    log.warn({ kind: "backups_not_read" }, detail),
  );
  observed.subscribe(custody.observe);
  const destructions = openDestructions(
    configuration,
    ports,
    managed,
    seal,
    transparency.log,
    {
      record: (event, batch) => observed.record(event, batch),
    },
    custody,
  );
  const commands = {
    ...keyCommands(managed),
    ...destructions.commands(),
    ...recoveryCommands(seal),
  };
  const approvals = await openDualControl(configuration, ports, commands, acts, custody, () =>
    managed.service.now(),
  );
  const { revoked, ...distribution } = await openDistribution(
    ports,
    drbg,
    managed,
    seal.vault,
    observed,
    acts.record,
  );
  const api = buildApi(
    {
      clock,
      random: drbg,
      keys: generator,
      managed,
      ...distribution,
      compliance: () =>
        complianceReport({
          store,
          snapshot,
          custodians: () => approvals.custodians(),
          required: requiredOf(configuration.approval.required),
          now: () => managed.service.now(),
        }),
      sources: room,
      assessments,
      doctor: ownDiagnosis(
        () => configuration,
        ports,
        snapshot,
        () => watch,
      ),
      drills,
      seal,
      approvals,
      destructions,
      backups: openBackups(configuration, ports, seal, logKey, acts),
      events: observed,
      lineage,
      introspection: { snapshot },
      transparency: transparency.log,
      logKey,
      attest,
      recall: new RecallDesk({
        clock,
        store,
        log: transparency.log,
        record: (event, together) => observed.record(event, together),
        async suspend(key, version, { actor, reason }) {
          const rest = { occurredMilliseconds: null, approval: null } as const;
          const order = { transition: "suspend", version, reason, ...rest } as const;
          const changed = await managed.service.transit(key, order, { id: actor, anyKey: true });
          return "ok" in changed ? changed : null;
        },
      }),
      receipts: new ReceiptDesk({
        clock,
        log: transparency.log,
        lineage,
        random: drbg,
        maker: { configuration: configuration.version, build: ports.build },
      }),
      selfTest: { run: () => drbg.runSelfTests() },
      metrics: new Exposition(
        {
          snapshot() {
            outlets.fold();
            return snapshot();
          },
        },
        tally,
        () => quotas.uses(),
      ),
      access: new Access(
        tokens,
        new Sessions({ clock, tokens, osRandom: ports.osRandom, observer: observed }),
        certificates,
        quotas,
      ),
      tally,
      page: openPage(),
      log,
    },
    {
      version: ports.version,
      hosts: hostsOf(configuration),
      origins: configuration.allowedOrigins,
      publicProbes: configuration.publicProbes,
    },
  );

  const forgetHealth = store.onHealthChange((health) => {
    tell(
      health.ok ? "store_recovered" : "store_failed",
      health.ok ? "info" : "critical",
      health.detail,
    );
  });
  const watch = new DiscontinuityWatch(clock, ports.generation, (what, detail) => {
    tell(what, "warning", detail);
    // A resume shows as a clock jump and cannot be told from one.
    room.restartAll(detail);
    drbg.reseedAll(what);
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
  managed.start();
  destructions.start();
  drills.start();
  const stopExpiry = watchExpiry(approvals, ports);
  const cancelAdmin = await keepAdminToken(tokens, ports);
  if (configuration.seal.openAtStart) openAtStart(seal, ports);

  return {
    api,
    drbg,
    entropy: room,
    revoked,
    outlets,
    snapshot,
    addSource(source) {
      const { assessed: _assessed, compliant: _compliant, ...uncredited } = source;
      const given = sourceOption(uncredited, configuration.version, ports);
      room.add(given);
      log.info(
        { kind: "source_recognised", source: source.id, family: source.kind },
        "recognised a TRNG; it is not credited",
      );
    },
    reload(next) {
      certificates.replace(next.clientCertificates);
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
      await room.stop();
      await live?.stop();
      // A source that stops may still have something to remember.
      memory.stop();
      const keepTheRest = async (): Promise<void> => {
        await assessed;
        await destructions.stop();
        await managed.stop();
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

/**
 * Sees to the admin token before anybody is let in, so that whoever finds the service listening finds
 * the token too; a write that fails is tried again, and holds up nothing.
 * @returns ends the attempts
 */
async function keepAdminToken(
  tokens: TokenBook,
  { clock, log, adminTokenPath, osRandom }: ServicePorts,
): Promise<() => void> {
  if (adminTokenPath === null) return () => {};
  const backoff = new Backoff(TOKEN_RETRY);
  let cancel = (): void => {};
  const attempt = async (): Promise<void> => {
    try {
      const result = await ensureAdminToken(tokens, adminTokenPath, osRandom);
      if (!result.ok) throw new SpringhouseError(result.code, result.detail);
      if (result.written)
        log.info({ kind: "admin_token_written", path: adminTokenPath }, "wrote an admin token");
    } catch (error) {
      log.error({ kind: "admin_token_not_written", error }, "the admin token could not be written");
      cancel = clock.schedule(backoff.ended(0), () => void attempt());
    }
  };
  await attempt();
  return () => cancel();
}
