import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Handler = (seen: Seen, response: ServerResponse) => void;

/** A real HTTP server on a free port, which speaks the contract as a test tells it to. */
export class ContractServer {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  handler: Handler = (_, response) => problem(response, 404, "not_found");

  constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ContractServer> {
    const server = createServer();
    const contract = new ContractServer(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const seen: Seen = {
          method: request.method!,
          url: new URL(request.url!, "http://service"),
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        contract.seen.push(seen);
        contract.handler(seen, response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return contract;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): void {
  const body = {
    type: `urn:x:${code}`,
    title: "t",
    status,
    code,
    detail: "why",
    remedy: "do this",
  };
  response.writeHead(status, { "content-type": "application/problem+json", ...headers });
  response.end(JSON.stringify({ ...body, ...more }));
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** What names the noise behind the bytes; without it no client takes them. */
export const PROOF = { "springhouse-output": "s-1-1.1", "springhouse-seed": "s-1-1" };

export function octets(
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Record<string, string> = PROOF,
): void {
  response.writeHead(200, { "content-type": "application/octet-stream", ...headers });
  response.end(bytes);
}
