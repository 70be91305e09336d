import type { Quota, Role } from "../port/principal.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { columns, type Terminal } from "./terminal.ts";

export interface CreateTokenOptions extends ConnectionOptions {
  readonly role: readonly Role[];
  /** Left out, it is as the service is configured. */
  readonly requestsPerSecond?: number | "unlimited";
  readonly bytesPerSecond?: number | "unlimited";
  readonly expiresInDays?: number;
  readonly json?: boolean;
}

/** `springhouse token create`: the token goes to stdout and nowhere else. */
export async function createToken(
  terminal: Terminal,
  name: string,
  options: CreateTokenOptions,
): Promise<void> {
  const rates = (["requestsPerSecond", "bytesPerSecond"] as const).flatMap((name) => {
    const rate = options[name];
    return rate === undefined ? [] : [[name, rate === "unlimited" ? null : rate] as const];
  });
  const quota: Partial<Quota> = Object.fromEntries(rates);
  const created = await connect(terminal, options).tokens.create({
    name,
    roles: [...options.role],
    ...(Object.keys(quota).length === 0 ? {} : { quota }),
    ...(options.expiresInDays === undefined
      ? {}
      : { expiresInSeconds: Math.round(options.expiresInDays * 86_400) }),
  });
  if (options.json) {
    await terminal.write(`${JSON.stringify(created, null, 2)}\n`);
    return;
  }
  terminal.tell(`token ${created.id} for ${name}; this is the only time it is shown:`);
  await terminal.write(`${created.token}\n`);
}

const day = (milliseconds: number | null): string =>
  milliseconds === null ? "never" : new Date(milliseconds).toISOString().slice(0, 10);

/** `springhouse token list` */
export async function listTokens(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const tokens = await connect(terminal, options).tokens.list();
  if (options.json) {
    await terminal.write(`${JSON.stringify(tokens, null, 2)}\n`);
    return;
  }
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    token.roles.join(","),
    day(token.createdMilliseconds),
    day(token.expiresMilliseconds),
    token.revokedMilliseconds === null ? "" : `revoked ${day(token.revokedMilliseconds)}`,
  ]);
  await terminal.write(
    `${columns([["id", "name", "roles", "created", "expires", ""], ...rows])}\n`,
  );
}

/** `springhouse token revoke` */
export async function revokeToken(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  await connect(terminal, options).tokens.revoke(id);
  terminal.tell(`token ${id} is revoked`);
}
