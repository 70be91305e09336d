import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that goes with the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "springhouse-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Listens for as long as the test takes, on a free port or on a socket. @returns for `--url` */
async function listen(server: Server, socketPath?: string): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => {
    if (socketPath === undefined) server.listen(0, "127.0.0.1", resolve);
    else server.listen(socketPath, resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  if (socketPath !== undefined) return `unix:${socketPath}`;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function httpServer(answer: RequestListener): Promise<string> {
  return listen(createHttpServer(answer));
}

/** Answers the head of each request with these very bytes, and then says goodbye. */
export function rawServer(answer: string | Uint8Array, socketPath?: string): Promise<string> {
  const server = createServer((socket) => {
    let head = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      head += text;
      if (head.includes("\r\n\r\n")) socket.end(answer);
    });
  });
  return listen(server, socketPath);
}

/** Whoever asks one of these servers needs a token, and any will do. */
export const ANY_TOKEN = { SPRINGHOUSE_TOKEN: "sph_of-no-service" };

/** Headers without which the client takes no bytes for random ones. */
export const PROOF = {
  "content-type": "application/octet-stream",
  "springhouse-output": "s-0123456789abcdef-1.7",
  "springhouse-seed": "s-0123456789abcdef-1",
};
