import type { Configuration } from "../config/schema.ts";
import { parseWitnessKey } from "../log/cosignature.ts";
import { KeyRotation } from "../log/keyRotation.ts";
import { LogReader } from "../log/logReader.ts";
import { consistencyPlan } from "../log/proof.ts";
import { openTransparencyLog, type TransparencyLog } from "../log/transparencyLog.ts";
import { fileWitness, httpWitness, type Witness } from "../log/witness.ts";
import { Witnesses } from "../log/witnesses.ts";
import type { Observer } from "../port/event.ts";
import type { Shape } from "../port/lineage.ts";
import type { LogSnapshot } from "../port/snapshot.ts";
import type { Acts } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** The log with its witnesses. */
export interface Transparency {
  readonly log: TransparencyLog;
  snapshot(): LogSnapshot;
  stop(): Promise<void>;
}

function witnessesOf({ transparency }: Configuration): Witness[] {
  return transparency.witnesses.map(({ name, file, url, key }) =>
    file === undefined
      ? httpWitness(name, url!, parseWitnessKey(key ?? ""))
      : fileWitness(name, file),
  );
}

/** @throws SpringhouseError `store_failed`, also for a log that is not what its last checkpoint says */
export async function openTransparency(
  configuration: Configuration,
  { store, clock, signer, boot, version, build }: ServicePorts,
  observer: Observer,
  start: { readonly at: number; readonly shape: Shape },
): Promise<Transparency> {
  // Every start begins sealed: a slot opens the vault later, which is a leaf of its own.
  const hasVault = (await store.read("sealEpoch.all", [])).length > 0;
  const log = await openTransparencyLog({
    store,
    clock,
    key: signer,
    boot,
    first: {
      v: 1,
      kind: "service_start",
      actor: "springhouse",
      version,
      configuration: configuration.version,
      build,
      ...(hasVault ? { sealed: true } : {}),
      ...start,
    },
  });
  const reader = new LogReader(store);
  const witnesses = new Witnesses(witnessesOf(configuration), {
    clock,
    observer,
    intervalMilliseconds: configuration.transparency.witnessSeconds * 1000,
    proof: (first, second) => reader.proof(consistencyPlan(first, second)),
    cosigned: (witness, checkpoint, note) => log.cosigned.add(witness, checkpoint, note),
  });
  log.onCheckpoint((checkpoint) => witnesses.offer(checkpoint));
  witnesses.offer(log.checkpoint());
  return {
    log,
    snapshot: () => ({
      origin: signer.verifier.name,
      verifierKey: log.verifierKey,
      leaves: log.checkpoint().size,
      checkpointMilliseconds: log.checkpointMilliseconds,
      behindMilliseconds: log.behindMilliseconds,
      failuresTotal: log.failures,
      witnesses: witnesses.snapshot(),
    }),
    async stop() {
      await log.stop();
      await witnesses.stop();
    },
  };
}

/** Hands the log's key over when it is asked to; what an earlier run left half done is ended by itself. */
export function openKeyRotation(
  { clock, store, signer }: ServicePorts,
  log: TransparencyLog,
  record: Acts["record"],
): KeyRotation {
  const rotation = new KeyRotation({ clock, store, key: signer, log, record });
  log.onCheckpoint(() => {
    // What fails now is tried with the next checkpoint.
    if (signer.next) rotation.resume().catch(() => {});
  });
  return rotation;
}
