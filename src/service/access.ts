import { Access } from "../access/access.ts";
import { ensureAdminToken } from "../access/adminToken.ts";
import { Certificates } from "../access/certificates.ts";
import { Quotas } from "../access/quotas.ts";
import { Sessions } from "../access/sessions.ts";
import { StoreTokenRepository } from "../access/storeTokenRepository.ts";
import { TokenBook } from "../access/tokenBook.ts";
import type { Configuration } from "../config/schema.ts";
import type { RandomSupply } from "../port/draw.ts";
import { SpringhouseError } from "../port/errors.ts";
import { Backoff } from "../source/backoff.ts";
import type { LoggedEvents } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** A write that failed, of a full disk say, is tried again after 1 s, 2 s, 4 s, and so on to 60 s. */
const TOKEN_RETRY = { firstMilliseconds: 1000, longestMilliseconds: 60_000 };

/**
 * Who may come in, and how much they may have.
 * @throws SpringhouseError `store_failed`
 */
export async function openAccess(
  { quota, clientCertificates }: Configuration,
  { clock, store, osRandom }: ServicePorts,
  random: RandomSupply,
  events: LoggedEvents,
): Promise<Access> {
  const repository = new StoreTokenRepository(store, events);
  const tokens = new TokenBook({ clock, random, repository, defaultQuota: quota });
  await tokens.load();
  return new Access(
    tokens,
    new Sessions({ clock, tokens, osRandom, observer: events }),
    new Certificates(clock, clientCertificates),
    new Quotas(clock),
  );
}

/**
 * Sees to the admin token before anybody is let in, so that whoever finds the service listening finds
 * the token too; a write that fails is tried again, and holds up nothing.
 * @returns ends the attempts
 */
export async function keepAdminToken(
  tokens: TokenBook,
  {
    clock,
    log,
    adminTokenPath,
    osRandom,
  }: Pick<ServicePorts, "clock" | "log" | "adminTokenPath" | "osRandom">,
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
