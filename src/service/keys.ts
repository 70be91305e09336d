import type { Configuration } from "../config/schema.ts";
import type { Approvals } from "../key/approval/approvals.ts";
import type { Backups } from "../key/backup/backups.ts";
import type { RevokedCertificates } from "../key/certificate/revokedCertificates.ts";
import { type CustodyTally, openCustodyTally } from "../key/custodyTally.ts";
import type { Destructions } from "../key/destruction/destructions.ts";
import { KeyGenerator } from "../key/keyGenerator.ts";
import { keyCommands } from "../key/managed/keyCommands.ts";
import { type KeyRoom, openKeyRoom } from "../key/managed/keyRoom.ts";
import { recoveryCommands } from "../key/seal/recovery.ts";
import type { SealKeeper } from "../key/seal/sealKeeper.ts";
import type { KeyRotation } from "../log/keyRotation.ts";
import type { TransparencyLog } from "../log/transparencyLog.ts";
import type { RandomSupply } from "../port/draw.ts";
import type { LineageReader } from "../port/service.ts";
import { openBackups, openDestructions, openDualControl } from "./approval.ts";
import { type Distribution, openDistribution } from "./distribution.ts";
import type { Acts, LoggedEvents } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";
import { openKeyRotation } from "./transparency.ts";

/** What keys stand on. */
export interface KeyGround {
  readonly random: RandomSupply;
  readonly seal: SealKeeper;
  readonly log: TransparencyLog;
  readonly lineage: LineageReader;
  readonly events: LoggedEvents;
  readonly acts: Acts;
}

/** Keys: generated, managed, approved of, handed out, backed up, destroyed. */
export interface Keys {
  readonly generator: KeyGenerator;
  readonly managed: KeyRoom;
  readonly custody: CustodyTally;
  readonly approvals: Approvals;
  readonly destructions: Destructions;
  readonly distribution: Omit<Distribution, "revoked">;
  /** Client certificates that a listener is to refuse. */
  readonly revoked: RevokedCertificates;
  readonly backups: Backups;
  /** Of the log itself. */
  readonly logKey: KeyRotation;
}

/** @throws SpringhouseError `store_failed` */
export async function openKeys(
  configuration: Configuration,
  ports: ServicePorts,
  ground: KeyGround,
): Promise<Keys> {
  const { store, log } = ports;
  const { random, seal, events, acts } = ground;
  const generator = new KeyGenerator({
    random,
    words: ports.words,
    pairs: ports.pairs,
    rsaConcurrency: configuration.keys.rsaSearches,
  });
  const managed = await openManaged(configuration, ports, ground, generator);
  const logKey = openKeyRotation(ports, ground.log, acts.record);
  const custody = await openCustodyTally(store, (detail) =>
    log.warn({ kind: "backups_not_read" }, detail),
  );
  events.subscribe(custody.observe);
  const destructions = openDestructions(
    configuration,
    ports,
    managed,
    seal,
    ground.log,
    events,
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
    random,
    managed,
    seal.vault,
    events,
    acts.record,
  );
  const backups = openBackups(configuration, ports, seal, logKey, acts);
  return {
    generator,
    managed,
    custody,
    approvals,
    destructions,
    distribution,
    revoked,
    backups,
    logKey,
  };
}

function openManaged(
  configuration: Configuration,
  { clock, store, boot, build, log }: ServicePorts,
  { random, seal, log: transparency, lineage, events }: KeyGround,
  generator: KeyGenerator,
): Promise<KeyRoom> {
  return openKeyRoom({
    clock,
    store,
    random,
    generator,
    vault: seal.vault,
    log: transparency,
    record: (event, writes) => events.record(event, writes),
    boot,
    lineage,
    maker: { configuration: configuration.version, build },
    failed: (key, act, detail) => log.warn({ kind: "key_policy_deferred", key, act }, detail),
  });
}
