import { isLoopback } from "../api/listen.ts";
import type { Configuration } from "../config/schema.ts";
import { SpringhouseError } from "../port/errors.ts";

/** `HOST:PORT` or `[IPv6]:PORT`, as the configuration's pattern allows them, taken apart. */
export function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon), port: Number(listen.slice(colon + 1)) };
}

/** Host names that a request may carry; null where the certificate's name decides. */
export function hostsOf(configuration: Configuration): readonly string[] | null {
  const { host } = addressOf(configuration.listen);
  if (configuration.tls && !isLoopback(host) && configuration.allowedHosts.length === 0)
    return null;
  return [host, "localhost", "127.0.0.1", "[::1]", ...configuration.allowedHosts];
}

/** @throws SpringhouseError `configuration_invalid` */
export function assertListenable(configuration: Configuration): void {
  const { host, port } = addressOf(configuration.listen);
  if (port > 65_535)
    throw new SpringhouseError("configuration_invalid", `  listen: port ${port} is above 65535`);
  if (!configuration.tls && !isLoopback(host))
    throw new SpringhouseError(
      "listen_insecure",
      `listening on ${host} would send tokens and keys over the network in the clear`,
    );
}
