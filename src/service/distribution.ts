import { CertificateAuthority } from "../key/certificate/certificateAuthority.ts";
import { openRevokedCertificates } from "../key/certificate/revokedCertificates.ts";
import { PairedKeys } from "../key/distribution/pairedKeys.ts";
import type { KeyRoom } from "../key/managed/keyRoom.ts";
import { StatusListPublisher } from "../key/revocation/statusListPublisher.ts";
import type { Vault } from "../key/seal/vault.ts";
import type { RandomSupply } from "../port/draw.ts";
import type { EventJournal } from "../port/service.ts";
import type { Acts } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

export type Distribution = Awaited<ReturnType<typeof openDistribution>>;

/** Keys leave, and whoever relies on one is told when it is not to be relied on any more. */
export async function openDistribution(
  { store, clock, signer, log }: Pick<ServicePorts, "store" | "clock" | "signer" | "log">,
  random: RandomSupply,
  keys: KeyRoom,
  vault: Vault,
  events: Pick<EventJournal, "subscribe">,
  record: Acts["record"],
) {
  const statusList = new StatusListPublisher(store, clock, signer);
  const certificates = new CertificateAuthority({ store, random, keys, record });
  const revoked = await openRevokedCertificates(store, clock, (detail) =>
    log.error({ kind: "revocations_not_read" }, detail),
  );
  events.subscribe(revoked.observe);
  events.subscribe(statusList.observe);
  events.subscribe(certificates.observe);
  const pairs = new PairedKeys({ store, vault, random, now: () => keys.service.now(), record });
  return { statusList, certificates, revoked, pairs };
}
