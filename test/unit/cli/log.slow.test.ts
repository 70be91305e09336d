import { execFile } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { tilePath } from "../../../src/log/tile.ts";
import { openCopy } from "../../../src/verify/logDirectory.ts";
import { verifyLog } from "../../../src/verify/verifyLog.ts";
import { copyOf, entriesOf, SIGNER } from "../log/logs.ts";
import {
  makeState,
  removeState,
  springhouse,
  startSpringhouse,
  until,
} from "../../support/springhouse.ts";

const OTHER_VERIFIER = new URL("../verify/verifyLog.py", import.meta.url).pathname;

/** What the verifier in Python says of a copy. */
async function python(...args: string[]): Promise<string> {
  const run = promisify(execFile)("python3", [OTHER_VERIFIER, ...args]);
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return stdout.trim();
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-log-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// All side by side, each in files of its own.
describe.concurrent("the log of a real service", () => {
  test("is exported, checked offline by two verifiers, and held against its witness", async () => {
    const state = await makeState();
    const witness = join(folder, "witness");
    const configuration = `
transparency:
  origin: log.example/house
  witnessSeconds: 1
  witnesses: [{ name: elsewhere, file: ${witness} }]
`;
    const copy = join(folder, "copy");
    try {
      const notes: string[] = [];
      for (const starts of [1, 2]) {
        const service = await startSpringhouse({ state, configuration });
        const env = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: state };
        const status = await until("the start under a checkpoint, at the witness", async () => {
          const answer = await fetch(`${service.url}/v1/status`, {
            headers: service.authorization,
          });
          const { log } = (await answer.json()) as {
            log: { leaves: number; origin: string; witnesses: { size: number }[] };
          };
          return log.leaves === starts && log.witnesses[0]!.size === starts ? log : undefined;
        });
        expect(status).toMatchObject({ origin: "log.example/house", leaves: starts });
        const exported = await springhouse(["log", "export", copy], env);
        expect([exported.code, exported.stderr]).toEqual([
          0,
          `${starts} leaves of log.example/house are in ${copy}\n`,
        ]);
        const checkpoint = await springhouse(["log", "checkpoint"], env);
        notes.push(checkpoint.stdout.toString());
        expect(notes.at(-1)).toBe(await readFile(join(copy, "checkpoint"), "utf8"));
        const metrics = await (await fetch(`${service.url}/metrics`)).text();
        expect(metrics).toContain(`springhouse_log_leaves ${starts}\n`);
        expect(metrics).toContain(
          `springhouse_log_witness_leaves{witness="elsewhere"} ${starts}\n`,
        );
        expect(await service.stop()).toBe(0);
      }
      const vkey = join(folder, "kept.vkey");
      await copyFile(join(state, "log.vkey"), vkey);
      const args = ["log", "verify", copy, "--json", "--vkey", vkey, "--checkpoint", witness];
      const verified = await springhouse(args);
      const report = JSON.parse(verified.stdout.toString()) as Record<string, unknown>;
      expect([verified.code, verified.stderr]).toEqual([0, ""]);
      // The first export's own, and at least one of each start at the witness.
      expect(report).toMatchObject({
        leaves: 2,
        fault: null,
        ownKey: false,
        kinds: { service_start: 2 },
      });
      expect(report["consistent"]).toBeGreaterThanOrEqual(3);
      const key = (await readFile(vkey, "utf8")).trim();
      expect(await python(copy, key)).toBe(`ok 2 ${String(report["root"])}`);
      const text = await springhouse(["log", "verify", copy, "--vkey", key]);
      expect(text.stdout.toString()).toMatch(/^leaves +2, all as they were signed$/m);

      // What the service signed before it was written anew is not to be had any more.
      await removeState(state);
      const service = await startSpringhouse({ configuration });
      const again = await springhouse(["log", "export", copy], {
        SPRINGHOUSE_URL: service.url,
        SPRINGHOUSE_STATE: service.state,
      });
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("another log")]);
      await service.stop();
    } finally {
      await removeState(state);
    }
  });
});

describe.concurrent("the key of a real service's log", () => {
  test("is changed; whoever kept the first checks log and receipts of before and after with it", async () => {
    const state = await makeState();
    const copy = join(folder, "rotated");
    const kept = join(folder, "first.vkey");
    try {
      let service = await startSpringhouse({ state });
      const run = async (...args: string[]): Promise<string> => {
        const env = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: state };
        const { code, stdout, stderr } = await springhouse(args, env);
        expect(code, `${args.join(" ")}: ${stderr}`).toBe(0);
        return stdout.toString();
      };
      await copyFile(join(state, "log.vkey"), kept);
      const [before, after] = [join(folder, "before"), join(folder, "after")];
      await run("random", "16", "--receipt", before);
      await run("log", "export", copy);
      const keys = [await readFile(kept, "utf8")];
      for (const reason of ["a year is over", "and another"]) {
        keys.push(await run("log", "rotate-key", "--reason", reason));
        expect(await readFile(join(state, "log.vkey"), "utf8")).toBe(keys.at(-1));
      }
      expect(new Set(keys).size).toBe(3);
      expect(await service.stop()).toBe(0);
      service = await startSpringhouse({ state });
      await run("random", "16", "--receipt", after);
      await run("log", "export", copy);
      const handovers = join(folder, "handovers");
      await writeFile(handovers, await run("log", "handovers"));
      expect(await readFile(join(copy, "handovers"), "utf8")).toBe(
        await readFile(handovers, "utf8"),
      );
      expect(await service.stop()).toBe(0);

      for (const key of keys) {
        const report = JSON.parse(await run("log", "verify", copy, "--json", "--vkey", key));
        expect(report).toMatchObject({ fault: null, kinds: { log_key: 2, service_start: 2 } });
      }
      const ok = /^ok \d+ [0-9a-f]{64}$/;
      for (const key of [keys[0]!, keys[2]!]) expect(await python(copy, key)).toMatch(ok);
      await run("verify", before, "--vkey", kept);
      await run("verify", after, "--vkey", kept);
      // A receipt of before knows nothing of keys that came later; the hand-overs do.
      const newest = ["--vkey", keys[2]!];
      const old = await springhouse(["verify", before, ...newest]);
      expect([old.code, old.stderr]).toEqual([1, expect.stringContaining("not signed by")]);
      await run("verify", before, ...newest, "--handovers", handovers);
      // Without them the first key leads nowhere.
      await rm(join(copy, "handovers"));
      const alone = await springhouse(["log", "verify", copy, "--vkey", kept]);
      expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining("not signed by")]);
      expect(await python(copy, keys[0]!)).toContain("not signed");
    } finally {
      await removeState(state);
    }
  });
});

describe.concurrent("a witness that cosigns", () => {
  test("is checked offline, in the log and in a receipt", async (context) => {
    const witness = await startWitness(context);
    const configuration = `
transparency:
  origin: log.example/witnessed
  witnessSeconds: 1
  witnesses: [{ name: other, url: ${witness.url}, key: ${witness.key} }]
`;
    const service = await startSpringhouse({ configuration });
    const env = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
    try {
      const receipt = join(folder, "to-be-witnessed");
      await springhouse(["random", "16", "--receipt", receipt], env);
      const early = await springhouse(["verify", receipt, "--witness", witness.key]);
      expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("not cosigned")]);
      const notes = await until("the witness has cosigned the leaf", async () => {
        const answer = await fetch(`${service.url}/v1/log/witnessed`, {
          headers: service.authorization,
        });
        const text = await answer.text();
        return Number(text.split("\n")[1]) >= 2 ? text : undefined;
      });
      expect(notes).toContain("— witness.example/w ");
      const checkpoint = await springhouse(["log", "checkpoint"], env);
      expect(`${checkpoint.stdout.toString()}\n`).toBe(notes);
      const copy = join(folder, "witnessed");
      await springhouse(["log", "export", copy], env);
      const args = ["log", "verify", copy, "--witness", witness.key];
      const verified = await springhouse([...args, "--json"]);
      expect(JSON.parse(verified.stdout.toString())).toMatchObject({
        fault: null,
        witnessed: { name: "witness.example/w", leaves: 2 },
      });
      expect((await springhouse(args)).stdout.toString()).toMatch(
        /^witness +witness.example\/w cosigned the first 2 at /m,
      );
      const leaf = await leafIdOf(service.state, 1);
      await writeFile(receipt, (await springhouse(["log", "receipt", leaf], env)).stdout);
      const proven = await springhouse(["verify", receipt, "--witness", witness.key]);
      expect([proven.code, proven.stdout.toString()]).toEqual([
        0,
        expect.stringMatching(/^witness +witness.example\/w at /m),
      ]);
      const another = (await startWitness(context)).key;
      const refused = await springhouse([...args.slice(0, -1), another]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("no checkpoint")]);
    } finally {
      await service.stop();
    }
  });
});

/** The id of a leaf, which the log itself does not have. */
async function leafIdOf(state: string, position: number): Promise<string> {
  const database = new DatabaseSync(join(state, "springhouse.db"), { readOnly: true });
  try {
    const row = database.prepare("SELECT id FROM log_leaf WHERE position = ?").get(position);
    return String(row?.["id"]);
  } finally {
    database.close();
  }
}

/** A witness by C2SP tlog-witness that takes whatever it is given; what it checks is tried elsewhere. */
async function startWitness({
  onTestFinished,
}: TestContext): Promise<{ readonly url: string; readonly key: string }> {
  const name = "witness.example/w";
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const typed = Buffer.concat([Uint8Array.of(0x04), raw]);
  const digest = createHash("sha256").update(`${name}\n`).update(typed).digest();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const note = body.slice(body.indexOf("\n\n") + 2);
      const seconds = Math.floor(Date.now() / 1000);
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(seconds));
      const text = note.slice(0, note.indexOf("\n\n") + 1);
      const signed = sign(
        null,
        Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`),
        privateKey,
      );
      const line = Buffer.concat([digest.subarray(0, 4), time, signed]).toString("base64");
      response.end(`— ${name} ${line}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const key = `${name}+${digest.subarray(0, 4).toString("hex")}+${typed.toString("base64")}`;
  return { url: `http://127.0.0.1:${port}`, key };
}

describe.concurrent("receipts of a real service", () => {
  test("are checked offline, and opened by whoever has the value", async () => {
    const service = await startSpringhouse();
    const env = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
    try {
      const receipt = join(folder, "receipt");
      const value = join(folder, "value");
      const drawn = await springhouse(["random", "20000", "--receipt", receipt], env);
      expect([drawn.code, drawn.stderr]).toEqual([0, expect.stringContaining(`${receipt}.salt`)]);
      await writeFile(value, drawn.stdout);
      expect((await stat(`${receipt}.salt`)).mode & 0o777).toBe(0o600);
      const taken = await springhouse(["random", "32", "--receipt", receipt], env);
      expect([taken.code, taken.stdout.length]).toEqual([1, 0]);
      const vkey = join(service.state, "log.vkey");
      const args = ["verify", receipt, "--vkey", vkey, "--value-file", value];
      const verified = await springhouse([...args, "--json"]);
      expect([verified.code, verified.stderr]).toEqual([0, ""]);
      expect(JSON.parse(verified.stdout.toString())).toMatchObject({
        valid: true,
        opens: true,
        leaf: { what: "random", bytes: 20_000, births: [{ creditedBits: 0 }] },
      });
      await writeFile(value, Buffer.from(drawn.stdout).subarray(2));
      const other = await springhouse(args);
      expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("not the one")]);
      expect(other.stdout.toString()).toMatch(/^value +ANOTHER$/m);
      const text = await readFile(receipt, "utf8");
      await writeFile(value, text.replace('"bytes": 20000', '"bytes": 20001'));
      const bent = await springhouse(["verify", value]);
      expect([bent.code, bent.stderr]).toEqual([1, expect.stringContaining("not in that log")]);

      const answer = await fetch(`${service.url}/v1/keys/generate`, {
        method: "POST",
        headers: { ...service.authorization, "content-type": "application/json" },
        body: JSON.stringify({ type: "ed25519", count: 2, receipt: true }),
      });
      const { keys } = (await answer.json()) as {
        keys: { key: object; receipt: object; salt: string }[];
      };
      for (const { key, receipt: proof, salt } of keys) {
        await writeFile(receipt, JSON.stringify(proof));
        await writeFile(`${receipt}.salt`, salt);
        await writeFile(value, JSON.stringify(key, null, 2));
        const ofKey = await springhouse(args);
        expect([ofKey.code, ofKey.stderr]).toEqual([0, ""]);
        expect(ofKey.stdout.toString()).toMatch(/^what +a key, ed25519 as jwk$/m);
      }
      const recall = ["recall", "--from", "0", "--to", String(Date.now()), "--json", "--source"];
      const drewOnOs = await springhouse([...recall, "os", "--reason", "a test"], env);
      expect([drewOnOs.code, drewOnOs.stderr]).toEqual([0, ""]);
      const lines = drewOnOs.stdout.toString().trimEnd().split("\n");
      const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(told.at(-1)).toMatchObject({ record: "recall", failing: 0, suspended: 0 });
      // The OS RNG is the parent, and its samples go in uncredited besides: nothing fails without those.
      expect(told.slice(0, -1)).toMatchObject(
        told.slice(0, -1).map(() => ({ sourceBits: 0, remainingBits: 256, holds: true })),
      );
      expect(told.length).toBeGreaterThan(3);
      const lately = await springhouse(["recall", "--from", "2h", "--source", "os"], env);
      expect(lately.stdout.toString().trimEnd().split("\n").length).toBe(told.length);
      const none = await springhouse([...recall.filter((one) => one !== "--json"), "gone"], env);
      expect(none.stdout.toString()).toMatch(/^0 keys and receipted outputs drew on gone then/);
      const wrong = await springhouse(
        ["recall", "--source", "os", "--from", "x", "--to", "1"],
        env,
      );
      expect(wrong.code).toBe(2);
      const events = await fetch(`${service.url}/v1/events?limit=1000`, {
        headers: service.authorization,
      });
      expect(await events.text()).toContain('"kind":"source_recalled"');
    } finally {
      await service.stop();
    }
  });
});

describe.concurrent("two verifiers over one copy", () => {
  async function write(name: string, files: ReadonlyMap<string, Buffer>, note: string) {
    const directory = join(folder, name);
    for (const [path, bytes] of [
      ...files,
      ["checkpoint", note],
      ["log.vkey", SIGNER.verifier.verifierKey],
    ] as const) {
      const target = join(directory, path);
      await promisify(execFile)("mkdir", ["-p", join(target, "..")]);
      await writeFile(target, bytes);
    }
    return directory;
  }

  test("agree on a log of 66,000 leaves, and on the first bad one of a copy that was altered", async () => {
    const copy = copyOf(entriesOf(66_000));
    const { files, checkpoint } = copy;
    const directory = await write("large", files, checkpoint.note);
    expect(await python(directory)).toBe(`ok 66000 ${checkpoint.root.toString("hex")}`);
    const whole = await springhouse(["log", "verify", directory]);
    expect(whole.code).toBe(0);
    expect(whole.stderr).toContain("--vkey");
    const alter = async (path: string, at: number) => {
      const bent = Buffer.from(files.get(path)!);
      bent[at]! ^= 1;
      await writeFile(join(directory, path), bent);
    };
    const bundle = tilePath({ level: "entries", index: 257, width: 208 });
    await alter(bundle, files.get(bundle)!.indexOf("number 65900"));
    const verified = await springhouse(["log", "verify", directory, "--json"]);
    expect([verified.code, verified.stderr]).toEqual([1, expect.stringContaining("leaf 65900: ")]);
    expect(JSON.parse(verified.stdout.toString())).toMatchObject({ fault: { leaf: 65_900 } });
    expect(await python(directory)).toContain("leaf 65900: ");
    await writeFile(join(directory, bundle), files.get(bundle)!);
    for (const [path, leaf] of [
      [tilePath({ level: 1, index: 1, width: 1 }), 65_536],
      [tilePath({ level: 2, index: 0, width: 1 }), 0],
    ] as const) {
      await alter(path, 0);
      const { fault } = verifyLog(openCopy(directory, SIGNER.verifier), [], []);
      expect(fault).toMatchObject({ leaf });
      expect(await python(directory)).toContain(`leaf ${leaf}: `);
      await writeFile(join(directory, path), files.get(path)!);
    }
  });

  test("refuse a checkpoint whose signature is not good", async () => {
    const { files, checkpoint } = copyOf(entriesOf(20));
    const bent = checkpoint.note.replace("\n20\n", "\n19\n");
    const directory = await write("unsigned", files, bent);
    const unsigned = await springhouse(["log", "verify", directory]);
    expect([unsigned.code, unsigned.stderr]).toEqual([1, expect.stringContaining("not signed")]);
    expect(await python(directory)).toContain("signature");
  });

  test("a kept checkpoint of another history, and one of another log, are told apart", async () => {
    const entries = entriesOf(20);
    const { files, checkpoint } = copyOf(entries);
    const directory = await write("small", files, checkpoint.note);
    const kept = join(folder, "kept");
    await writeFile(kept, copyOf(entries.with(5, entriesOf(30)[25]!).slice(0, 12)).checkpoint.note);
    const forked = await springhouse(["log", "verify", directory, "--checkpoint", kept]);
    expect([forked.code, forked.stderr]).toEqual([
      1,
      expect.stringContaining("leaves 0 to 11: forked"),
    ]);
    await writeFile(kept, copyOf(entriesOf(25)).checkpoint.note);
    const cut = await springhouse(["log", "verify", directory, "--checkpoint", kept]);
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining("leaves 20 to 24: trunc")]);
    for (const file of [join(folder, "not-there"), OTHER_VERIFIER]) {
      const none = await springhouse(["log", "verify", directory, "--checkpoint", file]);
      expect([none.code, none.stderr]).toEqual([1, expect.stringContaining(file)]);
    }
  });
});
