import { mkdir, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { springhouse } from "../../support/springhouse.ts";
import { SNAPSHOT } from "../api/house.ts";
import { ANY_TOKEN, httpServer, testFolder } from "./servers.ts";

/** A service, and where one may find a token for it: each place with another one. */
async function places() {
  const tokens: (string | undefined)[] = [];
  const url = await httpServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(SNAPSHOT));
  });
  const folder = await testFolder();
  const state = async (name: string): Promise<string> => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "admin.token"), `of-${name}\n`);
    return join(folder, name);
  };
  const file = join(folder, "token");
  await writeFile(file, "  of-file\n\n");
  const option = await state("state-option");
  const environment = await state("state-environment");
  await state("state");
  return { url, tokens, folder, file, option, environment };
}

/** In another working directory than the tests', where ./state is the folder's own. */
function statusIn(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number | null> {
  const bin = new URL("../../../bin/springhouse", import.meta.url).pathname;
  const {
    SPRINGHOUSE_STATE: _,
    SPRINGHOUSE_TOKEN: __,
    SPRINGHOUSE_URL: ___,
    ...rest
  } = process.env;
  const child = spawn(bin, ["status", ...args], {
    cwd: folder,
    env: { ...rest, ...environment },
    stdio: "ignore",
  });
  return new Promise((resolve) => child.once("exit", resolve));
}

test("the token is that of --token-file, SPRINGHOUSE_TOKEN, --state, SPRINGHOUSE_STATE, ./state", async () => {
  const { url, tokens, folder, file, option, environment } = await places();
  const SPRINGHOUSE_TOKEN = "of-variable";
  const SPRINGHOUSE_STATE = environment;
  const cases: [string[], Record<string, string>, string][] = [
    [
      ["--token-file", file, "--state", option],
      { SPRINGHOUSE_TOKEN, SPRINGHOUSE_STATE },
      "of-file",
    ],
    [["--state", option], { SPRINGHOUSE_TOKEN, SPRINGHOUSE_STATE }, "of-variable"],
    [["--state", option], { SPRINGHOUSE_TOKEN: "", SPRINGHOUSE_STATE }, "of-state-option"],
    [[], { SPRINGHOUSE_STATE }, "of-state-environment"],
    [[], {}, "of-state"],
  ];
  for (const [args, variables, wanted] of cases) {
    expect(await statusIn(folder, args, { SPRINGHOUSE_URL: url, ...variables })).toBe(0);
    expect(tokens.at(-1)).toBe(`Bearer ${wanted}`);
  }
});

test("a place that was named and holds no token is an error, and no other place is tried", async () => {
  const { url, tokens, folder } = await places();
  for (const [args, variables] of [
    [["--token-file", join(folder, "missing")], ANY_TOKEN],
    [["--state", join(folder, "missing")], {}],
  ] as const) {
    const { code, stdout, stderr } = await springhouse(
      ["status", "--url", url, ...args],
      variables,
    );
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toMatch(/cannot read the token from .*missing.* \(ENOENT\)\n  → ./);
  }
  expect(tokens).toEqual([]);
});

test("--url goes before SPRINGHOUSE_URL", async () => {
  const { url, folder } = await places();
  const nobody = { ...ANY_TOKEN, SPRINGHOUSE_URL: "http://127.0.0.1:1" };
  expect(await statusIn(folder, ["--url", url], nobody)).toBe(0);
  expect(await statusIn(folder, [], nobody)).toBe(1);
});

describe("no secret is shown", () => {
  test("by a token that is refused", async () => {
    const url = await httpServer((_request, response) => response.writeHead(401).end());
    const { code, stdout, stderr } = await springhouse(["status", "--url", url], ANY_TOKEN);
    expect(code).toBe(1);
    expect(stdout.toString() + stderr).not.toContain(ANY_TOKEN.SPRINGHOUSE_TOKEN);
  });

  // fetch() would quote a header that it cannot send.
  test.each(["status", "doctor"])("by %s with a file of two tokens", async (command) => {
    const file = join(await testFolder(), "tokens");
    await writeFile(file, "sph_first\nsph_second\n");
    const args = [command, "--token-file", file, "--url", "http://127.0.0.1:1"];
    const { stdout, stderr } = await springhouse(args);
    expect(stdout.toString() + stderr).not.toContain("sph_");
  });

  test("by doctor with a password in the URL", async () => {
    const args = ["doctor", "--url", "http://me:passw0rd@127.0.0.1:1"];
    const { stdout, stderr } = await springhouse(args, ANY_TOKEN);
    expect(stdout.toString() + stderr).not.toContain("passw0rd");
  });
});
