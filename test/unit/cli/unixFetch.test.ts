import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unixFetch } from "../../../src/cli/unixFetch.ts";

test("a request that comes as the server ends the connection of the one before is answered", async () => {
  const directory = await mkdtemp(join(tmpdir(), "springhouse-"));
  const path = join(directory, "socket");
  const answer = "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
  const server = createServer((socket) => {
    // One answer a connection, and nothing said of that.
    socket.once("data", () => socket.end(answer)).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    const ask = unixFetch(path);
    for (let i = 0; i < 20; i++) expect(await (await ask("http://localhost/")).text()).toBe("ok");
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
