import { createPublicKey, verify } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SpringhouseClient } from "../../src/client/client.ts";
import { bothOf, outputsAlone } from "../support/keyDatabase.ts";
import {
  makeState,
  removeState,
  springhouse,
  startSpringhouse,
  until,
  type Running,
} from "../support/springhouse.ts";

const PASSPHRASE = "correct horse battery staple";

const clientOf = ({ url, authorization }: Running): SpringhouseClient =>
  new SpringhouseClient({ url, token: authorization.authorization.slice("Bearer ".length) });

test.concurrent("a key's life on the command line", async () => {
  const service = await startSpringhouse();
  try {
    const at = ["--url", service.url, "--state", service.state];
    const file = async (name: string, content: string | Buffer): Promise<string> => {
      const path = join(service.state, name);
      await writeFile(path, content);
      return path;
    };
    const run = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await springhouse([...words, ...at]);
      expect(code, `${words.join(" ")}: ${stderr}`).toBe(0);
      return stdout.toString();
    };
    const passphrase = await file("passphrase", PASSPHRASE);
    const sealed = await springhouse(["key", "create", "aes-256", ...at]);
    expect([sealed.code, sealed.stderr]).toEqual([1, expect.stringContaining("vault")]);
    await run("seal", "initialise", "first", "--passphrase-file", passphrase);

    const key = (
      await run("key", "create", "aes-256", "--name", "milk", "--rotate-every-days", "90")
    ).trim();
    expect(key).toMatch(/^k-[0-9a-f]{16}-1$/);
    const milk = await file("milk", "fresh milk");
    const ciphertext = await run("key", "encrypt", key, milk, "--context", "tenant=7");
    const kept = await file("milk.enc", ciphertext);
    expect(await run("key", "decrypt", key, kept, "--context", "tenant=7")).toBe("fresh milk");
    const wrong = await springhouse(["key", "decrypt", key, kept, "--context", "tenant=8", ...at]);
    expect([wrong.code, wrong.stdout.toString()]).toEqual([1, ""]);
    expect(wrong.stderr).toContain("does not open");
    expect(await run("key", "rotate", key)).toContain("v2 *");
    expect(await run("key", "decrypt", key, kept, "--context", "tenant=7")).toBe("fresh milk");
    const anew = await run("key", "rewrap", key, kept, "--context", "tenant=7");
    expect(Buffer.from(anew, "base64").readUInt32BE(5)).toBe(2);
    expect(await run("key", "list")).toContain("milk");
    expect(await run("key", "suspend", key, "--reason", "odd")).toMatch(/v2 \* +suspended/);
    const refused = await springhouse(["key", "encrypt", key, milk, ...at]);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("Allowed: restore, deactivate, compromise."),
    ]);
    const restore = await springhouse(["key", "restore", key, ...at]);
    expect([restore.code, restore.stderr]).toEqual([1, expect.stringContaining("approval")]);

    const signer = (await run("key", "create", "ed25519")).trim();
    const signature = await file("milk.sig", await run("key", "sign", signer, milk));
    const pem = createPublicKey(await run("key", "public-key", signer));
    const bytes = Buffer.from(await readFile(signature, "utf8"), "base64");
    expect(verify(null, Buffer.from("fresh milk"), pem, bytes)).toBe(true);
    await run("key", "verify", signer, milk, "--signature", signature);
    const oil = await file("oil", "oil");
    const not = await springhouse(["key", "verify", signer, oil, "--signature", signature, ...at]);
    expect([not.code, not.stderr]).toEqual([1, expect.stringContaining("does not verify")]);
    expect(JSON.parse(await run("key", "get", key, "--json"))).toMatchObject({
      id: key,
      state: "suspended",
      policy: { rotation: { everyDays: 90 } },
    });
    await until("the schedule has ended what was replaced", async () => {
      const shown = JSON.parse(await run("key", "get", key, "--json"));
      return shown.versions[0].state === "deactivated";
    });
    const { stored, replayed } = bothOf(service.state);
    expect(stored).toEqual(replayed);
  } finally {
    await service.stop();
  }
});

test.concurrent("a canary's material is in no file, log line, metric, event or error", async () => {
  const state = await makeState();
  const service = await startSpringhouse({ state });
  const canary = Buffer.from("0123456789abcdefcanary+canary/ca");
  const forms = [
    canary,
    canary.subarray(4, 28),
    canary.toString("hex"),
    canary.toString("base64").slice(2, 40),
    canary.toString("base64url").slice(2, 40),
  ];
  const hold = (what: string, content: Buffer | string): void => {
    const bytes = Buffer.from(content);
    for (const form of forms) expect(bytes.includes(form), what).toBe(false);
  };
  try {
    const client = clientOf(service);
    await client.seal.initialise({ kind: "passphrase", name: "first", passphrase: PASSPHRASE });
    const { managedKeys } = client;
    const told: string[] = [];
    for (const type of ["aes-256", "hmac-256", "ed25519", "p-256", "x25519"] as const) {
      const key = await managedKeys.import({ type }, canary);
      told.push(JSON.stringify(key));
      await managedKeys.rotate(key.id);
      await managedKeys.transit(key.id, "compromise", { version: 1, reason: "a canary" });
      told.push(JSON.stringify(await managedKeys.get(key.id)));
      // Refused, with the material in the request: the refusal must not repeat it.
      const refused = await Promise.allSettled([
        managedKeys.import({ type, purpose: "wrapping", usages: ["sign"] }, canary),
        managedKeys.import({ type: "ml-kem-768" }, canary),
        managedKeys.operate(key.id, "encrypt", { plaintext: canary, context: { x: 1 } }),
        managedKeys.operate(key.id, "nothing", { plaintext: canary }),
      ]);
      for (const one of refused) {
        const error: unknown = one.status === "rejected" ? one.reason : null;
        expect(error).toBeInstanceOf(Error);
        told.push(JSON.stringify(error), (error as Error).message);
      }
    }
    const root = await managedKeys.create({ type: "aes-256" });
    const { ciphertext } = await managedKeys.encrypt(root.id, canary);
    expect(Buffer.from((await managedKeys.decrypt(root.id, ciphertext)).plaintext)).toEqual(canary);
    told.push(JSON.stringify(await client.events(0, 1000)), JSON.stringify(await client.status()));
    const metrics = await fetch(`${service.url}/metrics`);
    told.push(await metrics.text());
    for (const text of told) hold("an answer", text);
  } finally {
    await service.kill();
  }
  hold("the log", service.log());
  for (const entry of await readdir(state, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) hold(entry.name, await readFile(join(entry.parentPath, entry.name)));
  await removeState(state);
});

test.concurrent("kill -9 while keys rotate: one primary each, no nonce twice, and the log replayed is the database", async () => {
  const state = await makeState();
  const nonces = new Set<string>();
  let [encrypted, keys]: [number, string[]] = [0, []];
  try {
    for (let round = 0; round < 6; round++) {
      const service = await startSpringhouse({ state });
      const client = clientOf(service);
      if (round === 0)
        await client.seal.initialise({ kind: "passphrase", name: "a", passphrase: PASSPHRASE });
      else await client.seal.open({ passphrase: PASSPHRASE });
      const { managedKeys } = client;
      if (round === 0) {
        const policy = { rotation: { maximumOperations: 40 } };
        const made = Array.from({ length: 4 }, () =>
          managedKeys.create({ type: "aes-256", policy }),
        );
        keys = (await Promise.all(made)).map(({ id }) => id);
      }
      let alive = true;
      let answered = 0;
      const load = keys.map(async (key, index) => {
        while (alive)
          try {
            if (index === 0 && answered % 10 === 9) await managedKeys.rotate(key);
            const { ciphertext } = await managedKeys.encrypt(key, Buffer.from("milk"));
            // The nonce, and what of it is the key's and the version's.
            nonces.add(Buffer.from(ciphertext.subarray(0, -20)).toString("hex"));
            encrypted++;
            answered++;
          } catch {
            return; // killed in the middle
          }
      });
      await until("some were answered", () => answered > 60 + round * 17);
      await service.kill();
      alive = false;
      await Promise.all(load);
      const { stored, replayed } = bothOf(state);
      expect(stored).toEqual(replayed);
    }
    expect(nonces.size).toBe(encrypted);
    const service = await startSpringhouse({ state });
    try {
      const client = clientOf(service);
      await client.seal.open({ passphrase: PASSPHRASE });
      for (const key of keys) {
        const { versions, primary } = await client.managedKeys.get(key);
        expect(versions.filter((version) => version.primary)).toHaveLength(1);
        expect(versions[primary - 1]!.state).toBe("active");
        expect(primary).toBeGreaterThan(1);
      }
    } finally {
      await service.stop();
    }
  } finally {
    await removeState(state);
  }
});

test.concurrent("kill -9 while keys are made and receipts given: no output is kept without its key or its leaf", async () => {
  const state = await makeState();
  const made: string[] = [];
  try {
    for (let round = 0; round < 8; round++) {
      const service = await startSpringhouse({ state });
      const client = clientOf(service);
      if (round === 0)
        await client.seal.initialise({ kind: "passphrase", name: "a", passphrase: PASSPHRASE });
      else await client.seal.open({ passphrase: PASSPHRASE });
      let answered = 0;
      const headers = { ...service.authorization, "content-type": "application/json" };
      const post = async (path: string, body: object): Promise<void> => {
        const init = { method: "POST", headers, body: JSON.stringify(body) };
        const response = await fetch(service.url + path, init);
        expect(response.status).toBe(200);
        await response.arrayBuffer();
      };
      const acts = [
        async () => void made.push((await client.managedKeys.create({ type: "aes-256" })).id),
        async () => void (await client.managedKeys.rotate(made[0]!)),
        () => post("/v1/random/receipted", { bytes: 20_000 }),
        () => post("/v1/keys/generate", { type: "aes-256", receipt: true, count: 3 }),
      ];
      await acts[0]!();
      const load = [...acts, ...acts, ...acts].map(async (act) => {
        for (;;)
          try {
            await act();
            answered++;
          } catch {
            return; // killed in the middle
          }
      });
      // A leaf's checkpoint takes up to half a second, so that kills fall before, in and after it.
      await until("some were answered", () => answered > 20 + round * 23);
      await service.kill();
      await Promise.all(load);
      expect(outputsAlone(state)).toEqual([]);
      const { stored, replayed } = bothOf(state);
      expect(stored).toEqual(replayed);
      expect(made.filter((id) => !(id in stored))).toEqual([]);
    }
  } finally {
    await removeState(state);
  }
});
