import type { Configuration } from "../config/schema.ts";
import { type Approvals, openApprovals } from "../key/approval/approvals.ts";
import { Backups, type BackupTerms } from "../key/backup/backups.ts";
import { Destructions, type DestructionTerms } from "../key/destruction/destructions.ts";
import type { KeyRoom } from "../key/managed/keyRoom.ts";
import type { CommandKeepers } from "../key/approval/commandKeeper.ts";
import type { RequiredApprovals } from "../key/approval/intent.ts";
import type { Leaf } from "../log/leaf.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { Write } from "../store/store.ts";
import type { ServicePorts } from "./ports.ts";

interface Journal {
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
  readonly tell: (event: ServiceEvent) => void;
}

/** Dual control over the operations of the other rooms, with the first custodians if it names some. */
export async function openDualControl(
  { approval }: Configuration,
  { clock, store, boot, signer, log }: ServicePorts,
  commands: CommandKeepers,
  journal: Journal,
): Promise<Approvals> {
  const approvals = await openApprovals({
    clock,
    store,
    boot,
    deployment: signer.verifier.name,
    required: requiredOf(approval.required),
    commands,
    ...journal,
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
    "key.export": required.export,
    "custodian.enrol": required.custodians,
    "custodian.remove": required.custodians,
  };
}

/** Backups for the configured recovery recipients. */
export function openBackups(
  { backup }: Configuration,
  { clock, store, boot, signer, state }: ServicePorts,
  seal: BackupTerms["seal"],
  { record }: Journal,
): Backups {
  const { recipients } = backup;
  const deployment = signer.verifier.name;
  return new Backups({ clock, store, boot, deployment, recipients, state, seal, record });
}

/** Destruction of what custodians approved, after its window. */
export function openDestructions(
  { destruction }: Configuration,
  { clock, store, signer, log }: ServicePorts,
  { service, reader }: KeyRoom,
  seal: DestructionTerms["seal"],
  transparency: DestructionTerms["log"],
  { record }: Pick<DestructionTerms, "record">,
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
    failed: (detail) => log.error({ kind: "destruction_deferred" }, detail),
  });
}
