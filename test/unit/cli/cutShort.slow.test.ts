import { spawn } from "node:child_process";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { springhouse } from "../../support/springhouse.ts";
import { SNAPSHOT } from "../api/house.ts";
import { ANY_TOKEN, httpServer, PROOF, rawServer, testFolder } from "./servers.ts";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

const DOCUMENT = JSON.stringify(SNAPSHOT);

const JSON_TYPE = { "content-type": "application/json" };

/** The head and what follows it, as they stand on the wire. */
function answer(headers: Readonly<Record<string, string>>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 200 OK\r\n${lines.join("")}\r\n${body}`;
}

/** All of `sent`, of a body that would be a byte longer. */
const shortOfItsLength = (type: Readonly<Record<string, string>>, sent: string): string =>
  answer({ ...type, "content-length": String(sent.length + 1) }, sent);

/** All of `sent`, and no last chunk. */
const withoutAnEnd = (type: Readonly<Record<string, string>>, sent: string): string =>
  answer({ ...type, "transfer-encoding": "chunked" }, `${sent.length.toString(16)}\r\n${sent}\r\n`);

/** Half a document, and a whole one: what was cut off might have been no more than a line's end. */
const SENT = [
  ["half the document", DOCUMENT.slice(0, DOCUMENT.length / 2)],
  ["the document, but not the end of the body", DOCUMENT],
] as const;

const BODIES = [
  ["shorter than its Content-Length", shortOfItsLength],
  ["chunked, without an end", withoutAnEnd],
] as const;

const CASES = BODIES.flatMap(([kind, cut]) =>
  SENT.map(([what, sent]) => [`${what}, ${kind}`, cut(JSON_TYPE, sent)] as const),
);

async function expectNothing(args: readonly string[], url: string): Promise<void> {
  const { code, stdout, stderr } = await springhouse([...args, "--url", url], ANY_TOKEN);
  expect(code, args.join(" ")).toBe(1);
  expect(stdout.toString(), args.join(" ")).toBe("");
  expect(stderr).toMatch(/^springhouse: ./);
}

test("the same answers, whole, are taken", async () => {
  const last = "0\r\n\r\n";
  const length = { ...JSON_TYPE, "content-length": String(DOCUMENT.length) };
  const folder = await testFolder();
  for (const url of [
    await rawServer(answer(length, DOCUMENT)),
    await rawServer(withoutAnEnd(JSON_TYPE, DOCUMENT) + last),
    await rawServer(withoutAnEnd(JSON_TYPE, DOCUMENT) + last, join(folder, "whole.sock")),
  ]) {
    const { code, stdout } = await springhouse(["status", "--json", "--url", url], ANY_TOKEN);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual(SNAPSHOT);
  }
  const bytes = await rawServer(withoutAnEnd(PROOF, "sixteen of bytes") + last);
  const drawn = await springhouse(["random", "16", "--format", "raw", "--url", bytes], ANY_TOKEN);
  expect([drawn.code, drawn.stdout.toString()]).toEqual([0, "sixteen of bytes"]);
});

describe("an answer that was cut short is an error and nothing on stdout", () => {
  test.each(CASES)("status: %s", async (_name, sent) => {
    await expectNothing(["status", "--json"], await rawServer(sent));
  });

  test.each(CASES)("status over the Unix socket: %s", async (_name, sent) => {
    const url = await rawServer(sent, join(await testFolder(), "cut.sock"));
    await expectNothing(["status", "--json"], url);
  });

  test("status, where only the end of the connection ends the body", async () => {
    const half = answer(JSON_TYPE, SENT[0][1]);
    await expectNothing(["status", "--json"], await rawServer(half));
  });

  test.each(BODIES)("for people, sources, tokens and a new token: %s", async (_kind, cut) => {
    const status = await rawServer(cut(JSON_TYPE, DOCUMENT));
    await expectNothing(["status"], status);
    await expectNothing(["sources", "--json"], status);
    await expectNothing(
      ["token", "list", "--json"],
      await rawServer(cut(JSON_TYPE, '{"tokens":[]}')),
    );
    const token = await rawServer(cut(JSON_TYPE, '{"id":"t-1","token":"sph_new"}'));
    await expectNothing(["token", "create", "app", "--role", "client"], token);
  });

  test.each(BODIES)("random bytes: %s", async (_kind, cut) => {
    const url = await rawServer(cut(PROOF, "sixteen of bytes"));
    await expectNothing(["random", "16", "--format", "raw"], url);
    await expectNothing(["random", "17", "--json"], url);
  });

  test("doctor says that the service cannot be asked, as a whole document", async () => {
    const url = await rawServer(shortOfItsLength(JSON_TYPE, DOCUMENT));
    const { code, stdout } = await springhouse(["doctor", "--json", "--url", url], ANY_TOKEN);
    expect(code).toBe(1);
    // What can be seen from here without the service comes after it.
    const [first] = JSON.parse(stdout.toString()) as unknown[];
    expect(first).toMatchObject({ check: "service", level: "fault" });
  });
});

describe("a stream that was cut short", () => {
  /** Not before the command has printed what came: what waits in fetch() is lost with a reset. */
  async function stream() {
    let answered: ServerResponse | undefined;
    const url = await httpServer((_request, response) => {
      response.writeHead(200, { ...PROOF, "content-length": "19" }).write("what came is sound");
      answered = response;
    });
    const child = spawn(BIN, ["stream", "--bytes", "19", "--url", url], {
      env: { ...process.env, ...ANY_TOKEN },
    });
    let stdout = "";
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      answered!.destroy();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { code, stdout, stderr };
  }

  test("prints what came, and fails saying how much that was", async () => {
    const { code, stdout, stderr } = await stream();
    expect([code, stdout]).toEqual([1, "what came is sound"]);
    expect(stderr).toContain("cut short after 18 bytes");
  });

  test("and says what to do", async () => {
    expect((await stream()).stderr).toContain("  → Read on with a new request");
  });
});
