import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ADMIN_TOKEN_FILE } from "../access/adminToken.ts";
import { SpringhouseClient } from "../client/client.ts";
import { unixFetch } from "./unixFetch.ts";
import { Failure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

export interface ConnectionOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly state?: string;
}

export const DEFAULT_URL = "http://127.0.0.1:7450";

export function stateDirectory(terminal: Terminal, options: ConnectionOptions): string {
  // A variable that is empty is as one that is not set.
  return options.state ?? (terminal.environment["SPRINGHOUSE_STATE"] || "./state");
}

function readToken(path: string, remedy: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read the token from ${path} (${code})`, remedy);
  }
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Failure(1, `${path} holds no token, or more than one`, "Put one token into it.");
}

/** The token by `--token-file`, SPRINGHOUSE_TOKEN or STATE/admin.token, in that order. */
function findToken(terminal: Terminal, options: ConnectionOptions): string {
  if (options.tokenFile !== undefined)
    return readToken(options.tokenFile, "Check the path and its mode.");
  const given = terminal.environment["SPRINGHOUSE_TOKEN"];
  if (given !== undefined && given !== "") return given;
  return readToken(
    join(stateDirectory(terminal, options), ADMIN_TOKEN_FILE),
    "Run this where the service runs, or give --state, --token-file or SPRINGHOUSE_TOKEN.",
  );
}

/** The URL as it may be shown: without a password that it should not have had in it. */
export function shownUrl(terminal: Terminal, options: ConnectionOptions): string {
  const given = serviceUrl(terminal, options);
  const url = URL.parse(given);
  if (url === null) return given.includes("@") ? "the URL that was given" : given;
  if (url.username === "" && url.password === "") return given;
  url.username = "";
  url.password = "";
  return url.href;
}

function serviceUrl(terminal: Terminal, options: ConnectionOptions): string {
  return options.url ?? (terminal.environment["SPRINGHOUSE_URL"] || DEFAULT_URL);
}

/** How the service is reached: its URL, and the fetch to use for it. `unix:PATH` is its socket. */
export function reach(
  terminal: Terminal,
  options: ConnectionOptions,
): { readonly url: string; readonly fetch?: typeof globalThis.fetch } {
  const url = serviceUrl(terminal, options);
  if (!url.startsWith("unix:")) return { url };
  return { url: "http://localhost", fetch: unixFetch(url.slice("unix:".length)) };
}

/** A client of the running service. */
export function connect(terminal: Terminal, options: ConnectionOptions): SpringhouseClient {
  const token = findToken(terminal, options);
  // A person or a script is told at once; whoever wants to wait can read Retry-After.
  const common = { token, signal: terminal.signal, retries: 0 };
  return new SpringhouseClient({ ...common, ...reach(terminal, options) });
}
