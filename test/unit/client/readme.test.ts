import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ContractServer, json, octets } from "./contractServer.ts";

test("the example in the README runs as it stands", async () => {
  const folder = new URL("../../../src/client/", import.meta.url);
  const readme = await readFile(new URL("README.md", folder), "utf8");
  const example = /```ts\n([^]*?)```/.exec(readme)![1]!;
  const server = await ContractServer.start();
  server.handler = ({ url }, response) => {
    if (url.pathname === "/v1/random")
      octets(response, Buffer.alloc(32), {
        "springhouse-output": "s-1.1",
        "springhouse-seed": "s-1",
      });
    else if (url.pathname === "/v1/stream") octets(response, Buffer.alloc(1_000_000));
    else if (url.pathname === "/v1/outputs/s-1.1") json(response, { seed: { credits: ["usb"] } });
    else json(response, { key: "PRIVATE", publicKey: "PUBLIC" });
  };
  const temporary = await mkdtemp(join(tmpdir(), "springhouse-readme-"));
  try {
    const file = join(temporary, "example.ts");
    const client = new URL("client.ts", folder).href;
    await writeFile(file, example.replace('"springhouse/client"', JSON.stringify(client)));
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      env: { ...process.env, SPRINGHOUSE_URL: server.url, SPRINGHOUSE_TOKEN: "t" },
    });
    expect(stdout).toBe(
      "32 bytes; the noise behind them: [ 'usb' ]\nPUBLIC string\n1000000 bytes, or an error: never fewer\n",
    );
  } finally {
    await server.stop();
    await rm(temporary, { recursive: true });
  }
});
