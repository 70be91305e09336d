import { chmod, unlink } from "node:fs/promises";
import { createServer as createHttpServer, type Server, type ServerOptions } from "node:http";
import type { Server as NetServer } from "node:net";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { connect, createServer, isIP, BlockList, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { isMainThread } from "node:worker_threads";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../port/clock.ts";
import { refuse, SpringhouseError } from "../port/errors.ts";
import { HotConnections } from "./hot/connections.ts";
import {
  HEADERS_TIMEOUT_MILLISECONDS,
  KEEP_ALIVE_MILLISECONDS,
  MAXIMUM_CONNECTIONS,
  REQUEST_TIMEOUT_MILLISECONDS,
} from "./hot/limits.ts";
import { secureContextOf, type TlsFiles } from "./tlsContext.ts";
import { answerProblem } from "./upgrade.ts";

/** A TLS socket, or what stands for one of another thread. */
type CertifiedSocket = Duplex & Pick<TLSSocket, "authorized" | "getPeerX509Certificate">;

/** Which client certificates were revoked: known without waiting, and told when it changes. */
export interface Revoked {
  isRevoked(fingerprint: string): boolean;
  onChange(listener: () => void): void;
}

export interface ListenOptions {
  readonly clock: Clock;
  /** TCP; null: none. Port 0 takes a free one. */
  readonly address: { readonly host: string; readonly port: number } | null;
  readonly tls?: TlsFiles;
  /** Client certificates that are refused, whoever signed them. */
  readonly revoked?: Revoked;
  /** Unix socket, made with mode 0600; a stale one is replaced. Clients need a token all the same. */
  readonly socketPath?: string;
  /** Connections for each of the two. Default 4096. */
  readonly maximumConnections?: number;
  /** Threads of this process are to listen on the TCP address too. */
  readonly isShared?: boolean;
}

export interface Listening {
  /** Where TCP listens, with the port that was taken. */
  readonly address: { readonly host: string; readonly port: number } | null;
  /** Takes a connection that came by another listener, TLS or not, as if it had come by this one. */
  accept(connection: Duplex): void;
  /**
   * New connections get the new certificate, key and authority; a broken file changes nothing. Another
   * authority ends the connections of clients that came in by a certificate.
   */
  reloadTls(tls: TlsFiles): void;
  /** Ends streams and sockets, lets short answers finish, then closes whatever is left. */
  close(): Promise<void>;
}

/**
 * What an RSA key of a batch may still take when the service stops, and a WebSocket's peer to say
 * goodbye. Of the five seconds that the service has in all, the rest is for what comes after.
 */
const CLOSE_MILLISECONDS = 3500;
/** Between two looks for connections that have become idle meanwhile. */
const SWEEP_MILLISECONDS = 50;

/** unix(7): 108 bytes with the zero at its end. Longer ones would be cut off in silence. */
const SOCKET_PATH_BYTES = 107;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether nobody but this machine can reach it; a name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(bare);
  if (family === 0) return bare.toLowerCase() === "localhost";
  return LOOPBACK.check(bare, family === 4 ? "ipv4" : "ipv6");
}

/** @throws SpringhouseError `listen_insecure` */
function assertSecure(host: string, hasTls: boolean): void {
  if (!hasTls && !isLoopback(host))
    throw new SpringhouseError(
      "listen_insecure",
      `Listening on ${host} would send tokens and keys over the network in the clear.`,
    );
}

/** An h2c upgrade that curl offers, say, is not taken up: it goes on as HTTP/1.1. */
const SERVER_OPTIONS: ServerOptions = {
  headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
  requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
  keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
  shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
};

/**
 * Puts the reader of hot heads in front of node's own, which gets every connection on which anything
 * else comes.
 * @param event with which node's server gets a connection that may carry HTTP
 */
function readHotFirst(
  server: Server,
  event: "connection" | "secureConnection",
  app: FastifyInstance,
): HotConnections {
  const readers = server.listeners(event) as ((socket: Socket) => void)[];
  server.removeAllListeners(event);
  const hot = new HotConnections(app.hot, (socket) => {
    for (const read of readers) read.call(server, socket);
    socket.resume();
  });
  server.on(event, (socket: Socket) => hot.serve(socket));
  return hot;
}

/** @param open receives every connection for as long as it is open, upgraded ones too */
function prepare(
  server: Server,
  app: FastifyInstance,
  clock: Clock,
  open: Set<Socket>,
  maximumConnections: number,
): void {
  server.maxConnections = maximumConnections;
  server.on("connection", (connection: Socket) => {
    open.add(connection);
    connection.once("close", () => open.delete(connection));
  });
  server.on("request", (request, response) => {
    app.routing(request, response);
  });
  server.on("upgrade", (request, connection, head) => {
    app.upgrades.handle(request, connection, head);
  });
  // What is not HTTP never becomes a request; it is told so, without a word of what it sent.
  server.on("clientError", (error: NodeJS.ErrnoException, connection: Duplex) => {
    if (error.code === "ECONNRESET" || !connection.writable) {
      connection.destroy();
      return;
    }
    const detail =
      error.code === "HPE_HEADER_OVERFLOW" ? "The head is too large." : "This is not HTTP/1.1.";
    answerProblem(connection, refuse("invalid_parameter", detail), "-", clock);
  });
}

function listening(server: NetServer, where: string, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = ({ code = "unknown" }: NodeJS.ErrnoException): void =>
      reject(new SpringhouseError("listen_failed", `Cannot listen on ${where} (${code}).`));
    server.once("error", fail);
    server.once("listening", () => {
      server.off("error", fail);
      resolve();
    });
    start();
  });
}

/**
 * A port that can be shared can also be shared by accident, with a second service: so it is taken
 * alone first, which fails where anybody has it.
 */
async function unusedPort(host: string, port: number, where: string): Promise<number> {
  const probe = createServer();
  await listening(probe, where, () => probe.listen(port, host));
  const bound = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));
  return bound;
}

/** A socket file whose process has died is removed; one that answers belongs to somebody. */
async function clearStaleSocket(path: string): Promise<void> {
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.on("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
  if (answered) throw new SpringhouseError("state_in_use", `Another process listens on ${path}.`);
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function listenOnPath(server: Server, path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > SOCKET_PATH_BYTES)
    throw new SpringhouseError(
      "listen_failed",
      `The path of the Unix socket has ${length} bytes; the system takes ${SOCKET_PATH_BYTES}: ${path}`,
      "Name a state directory with a shorter path by --state.",
    );
  await clearStaleSocket(path);
  // bind() applies the umask, so there is no instant at which others could connect. Not in a worker,
  // where the mask cannot be set; there the state directory's mode 0700 has to do.
  await listening(server, path, () => {
    const before = isMainThread ? process.umask(0o177) : null;
    try {
      server.listen(path);
    } finally {
      if (before !== null) process.umask(before);
    }
  });
  await chmod(path, 0o600);
}

/**
 * Opens the doors: TCP, a Unix socket, or both at once over one app.
 * @throws SpringhouseError `listen_insecure`, `listen_failed`, `state_in_use`
 */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<Listening> {
  const { address, tls, socketPath, clock } = options;
  if (address) assertSecure(address.host, tls !== undefined);
  await app.ready();
  const servers: Server[] = [];
  const open = new Set<Socket>();
  /** What came by other listeners; no server here counts them. */
  const accepted = new Set<Duplex>();
  const hot: HotConnections[] = [];
  const closeAll = async (): Promise<void> => {
    const ends = servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
        }),
    );
    let cancelSweep = (): void => {};
    const sweep = (): void => {
      // An answer that was under way left its connection open for a next request.
      for (const server of servers) server.closeIdleConnections();
      for (const connections of hot) connections.closeIdle();
      // Opened ahead by a client, and nothing sent yet: node takes them for busy.
      for (const connection of open) if (connection.bytesRead === 0) connection.destroy();
      cancelSweep = clock.schedule(SWEEP_MILLISECONDS, sweep);
    };
    sweep();
    // Not closeAllConnections(), which has forgotten those that became WebSockets.
    const cancel = clock.schedule(CLOSE_MILLISECONDS, () => {
      for (const connection of open) connection.destroy();
    });
    await app.close();
    await Promise.all(ends);
    await Promise.all(
      [...accepted].map(
        (connection) => new Promise((resolve) => connection.once("close", resolve)),
      ),
    );
    cancel();
    cancelSweep();
  };
  const limit = options.maximumConnections ?? MAXIMUM_CONNECTIONS;
  let taken: Listening["address"] = null;
  let secure: HttpsServer | null = null;
  let accept: Listening["accept"] = (connection) => connection.destroy();
  let authority = tls?.clientAuthority;
  /** Connections whose client certificate was verified, when they were opened; with its fingerprint. */
  const certified = new Map<Duplex, string>();
  const { revoked } = options;
  revoked?.onChange(() => {
    for (const [connection, fingerprint] of certified)
      if (revoked.isRevoked(fingerprint)) connection.destroy();
  });
  try {
    if (address) {
      if (tls)
        secure = createHttpsServer({
          ...SERVER_OPTIONS,
          ...secureContextOf(tls),
          requestCert: tls.clientAuthority !== undefined,
          rejectUnauthorized: tls.requireClientCertificate ?? false,
        });
      if (secure) hot.push(readHotFirst(secure, "secureConnection", app));
      const certify = (connection: CertifiedSocket): void => {
        if (!connection.authorized) return;
        // A resumed session has it too (RFC 8446 2.2); one without would be nobody that can be judged.
        const fingerprint = connection.getPeerX509Certificate()?.fingerprint256;
        if (fingerprint === undefined || revoked?.isRevoked(fingerprint)) {
          connection.destroy();
          return;
        }
        certified.set(connection, fingerprint);
        connection.once("close", () => certified.delete(connection));
      };
      secure?.on("secureConnection", certify);
      accept = (connection) => {
        accepted.add(connection);
        open.add(connection as Socket);
        connection.once("close", () => {
          accepted.delete(connection);
          open.delete(connection as Socket);
        });
        server.emit(secure ? "secureConnection" : "connection", connection);
      };
      const server = secure ?? createHttpServer(SERVER_OPTIONS);
      if (!secure) hot.push(readHotFirst(server, "connection", app));
      prepare(server, app, clock, open, limit);
      const host = address.host.replace(/^\[(.*)\]$/, "$1");
      const where = `${address.host}:${address.port}`;
      const port = options.isShared ? await unusedPort(host, address.port, where) : address.port;
      await listening(server, where, () =>
        server.listen({ host, port, reusePort: options.isShared ?? false }),
      );
      servers.push(server);
      const bound = server.address();
      if (bound !== null && typeof bound === "object") taken = { host, port: bound.port };
    }
    if (socketPath !== undefined) {
      const server = createHttpServer(SERVER_OPTIONS);
      hot.push(readHotFirst(server, "connection", app));
      prepare(server, app, clock, open, limit);
      await listenOnPath(server, socketPath);
      servers.push(server);
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  return {
    address: taken,
    accept: (connection) => accept(connection),
    reloadTls(files) {
      if (!secure) throw new Error("this listener has no TLS");
      secure.setSecureContext(secureContextOf(files));
      if (files.clientAuthority === authority) return;
      authority = files.clientAuthority;
      // What another authority vouched for has to be shown anew.
      for (const connection of certified.keys()) connection.destroy();
    },
    close: closeAll,
  };
}
