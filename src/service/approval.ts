import type { Configuration } from "../config/schema.ts";
import { type Approvals, openApprovals } from "../key/approval/approvals.ts";
import { Backups, type BackupTerms } from "../key/backup/backups.ts";
import { Destructions, type DestructionTerms } from "../key/destruction/destructions.ts";
import type { CustodyTally } from "../key/custodyTally.ts";
import type { KeyRoom } from "../key/managed/keyRoom.ts";
import type { CommandKeepers } from "../key/approval/commandKeeper.ts";
import type { RequiredApprovals } from "../key/approval/intent.ts";
import type { KeyRotation } from "../log/keyRotation.ts";
import type { Acts } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** Dual control over the operations of the other rooms, with the first custodians if it names some. */
export async function openDualControl(
  { approval }: Configuration,
  { store, boot, signer, log }: ServicePorts,
  commands: CommandKeepers,
  acts: Acts,
  tally: Pick<CustodyTally, "refused">,
  now: () => number,
): Promise<Approvals> {
  const approvals = await openApprovals({
    // One time for keys and for what is approved of them, so that the log tells of one too.
    clock: { wallMilliseconds: now },
    store,
    boot,
    deployment: signer.verifier.name,
    required: requiredOf(approval.required),
    commands,
    refused: (operation) => tally.refused(operation),
    ...acts,
  });
  const first = approval.custodians.flatMap(({ person, keys, principals }) =>
    keys.map((publicKey) => ({ person, publicKey, principals })),
  );
  if (first.length > 0 && (await approvals.custodians()).length === 0) {
    const made = await approvals.bootstrap(first, "springhouse");
    if ("ok" in made) log.error({ kind: "custodians_refused" }, made.detail);
  }
  return approvals;
}

export function requiredOf(required: Configuration["approval"]["required"]): RequiredApprovals {
  return {
    "key.restore": required.restore,
    "key.destroy": required.destroy,
    "key.process": required.process,
    "key.export": required.export,
    "custodian.enrol": required.custodians,
    "custodian.remove": required.custodians,
    "seal.recover": required.recover,
  };
}

/** Backups for the configured recovery recipients. */
export function openBackups(
  { backup }: Configuration,
  { clock, store, boot, signer, state }: ServicePorts,
  seal: BackupTerms["seal"],
  logKey: Pick<KeyRotation, "steady">,
  acts: Acts,
): Backups {
  const { recipients } = backup;
  const deployment = signer.verifier.name;
  return new Backups({
    clock,
    store,
    boot,
    deployment,
    recipients,
    state,
    seal,
    steady: (work) => logKey.steady(work),
    ...acts,
  });
}

/** Destruction of what custodians approved, after its window. */
export function openDestructions(
  { destruction }: Configuration,
  { clock, store, signer, log }: ServicePorts,
  { service, reader }: KeyRoom,
  seal: DestructionTerms["seal"],
  transparency: DestructionTerms["log"],
  { record }: Pick<DestructionTerms, "record">,
  tally: CustodyTally,
): Destructions {
  return new Destructions({
    clock,
    store,
    signer,
    service,
    reader,
    seal,
    log: transparency,
    record,
    windowMilliseconds: destruction.windowHours * 3_600_000,
    failed(detail) {
      tally.delayed();
      log.error({ kind: "destruction_deferred" }, detail);
    },
    batched: () => tally.batched(),
  });
}

/** As often as destructions are looked for. */
const EXPIRY_MILLISECONDS = 60_000;

/** @returns ends it */
export function watchExpiry(
  approvals: Pick<Approvals, "expireDue">,
  { clock, log }: Pick<ServicePorts, "clock" | "log">,
): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    cancel = clock.schedule(EXPIRY_MILLISECONDS, () => {
      approvals.expireDue().catch((error: unknown) => {
        log.warn(
          { kind: "intents_not_expired", error },
          "intents that have expired could not be written down",
        );
      });
      again();
    });
  };
  again();
  return () => cancel();
}
