import { execFileSync } from "node:child_process";
import { rmdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SpringhouseClient } from "../../src/client/client.ts";
import { bothOf } from "../support/keyDatabase.ts";
import { fill, mountSmallDisk } from "../support/smallDisk.ts";
import {
  makeState,
  removeState,
  type Running,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

const PASSPHRASE = "correct horse battery staple";
const DAY = 86_400_000;
const MILK = Buffer.from("milk").toString("base64");

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const clientOf = ({ url, authorization }: Running): SpringhouseClient =>
  new SpringhouseClient({ url, token: authorization.authorization.slice("Bearer ".length) });

async function post(
  service: Running,
  path: string,
  body: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(service.url + path, {
    method: "POST",
    headers: { ...service.authorization, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    // Nothing hangs, whatever the disk does.
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

async function withVault(options: Parameters<typeof startSpringhouse>[0] = {}): Promise<Running> {
  const service = await startSpringhouse(options);
  const { seal } = clientOf(service);
  await seal.initialise({ kind: "passphrase", name: "first", passphrase: PASSPHRASE });
  return service;
}

test("a wrong state is 409, and says which it is and what it allows", async () => {
  const service = await withVault();
  try {
    const { managedKeys } = clientOf(service);
    const { id } = await managedKeys.create({ type: "aes-256", activate: false });
    const refused = async (act: string, state: string, allowed: string): Promise<void> => {
      const { status, body } = await post(service, `/v1/keys/${id}/${act}`);
      expect([status, body["code"]]).toEqual([409, "conflict"]);
      expect(body["detail"]).toBe(
        `The version is ${state}, which does not allow ${act}. Allowed: ${allowed}.`,
      );
      expect(body["remedy"]).toBe(`One of: ${allowed}.`);
    };
    await refused("suspend", "pre-activation", "activate, compromise, destroy");
    await managedKeys.transit(id, "activate");
    await refused("destroy", "active", "suspend, deactivate, compromise");
    await managedKeys.transit(id, "suspend");
    await refused("activate", "suspended", "restore, deactivate, compromise");
    const encrypted = await post(service, `/v1/keys/${id}/encrypt`, { plaintext: MILK });
    expect([encrypted.status, encrypted.body["detail"]]).toEqual([
      409,
      "Version 1 is suspended, and does not encrypt. Allowed: restore, deactivate, compromise.",
    ]);
    await managedKeys.transit(id, "deactivate");
    await refused("restore", "deactivated", "compromise, destroy");
    await managedKeys.transit(id, "compromise");
    await refused("compromise", "compromised", "destroy, process");
  } finally {
    await service.stop();
  }
});

test("of writers who saw the same revision one wins, and the others get 412", async () => {
  const service = await withVault();
  try {
    const { managedKeys } = clientOf(service);
    // Nothing is due by itself meanwhile, which would be a writer, too.
    const policy = { rotation: { overlapDays: 30 } };
    const { id } = await managedKeys.create({ type: "aes-256", policy });
    for (let revision = 1; revision <= 5; revision++) {
      const acts = ["rotate", "policy", "rotate", "policy", "rotate", "policy"];
      const answers = await Promise.all(
        acts.map((act, writer) =>
          post(
            service,
            `/v1/keys/${id}/${act}`,
            act === "policy" ? { policy: { maximumOperations: 1000 + writer } } : {},
            { "if-match": `"${revision}"` },
          ),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won.map(({ body }) => body["revision"])).toEqual([revision + 1]);
      for (const { status, body } of answers.filter((answer) => answer !== won[0]))
        expect([status, body["code"]]).toEqual([412, "revision_changed"]);
      expect((await managedKeys.get(id)).revision).toBe(revision + 1);
    }
  } finally {
    await service.stop();
  }
});

test("a clock that jumps back un-expires no key, in this start or in the next", async () => {
  const state = await makeState();
  const skew = join(state, "skew");
  const preload = new URL("../support/skewedClock.mjs", import.meta.url).href;
  const environment = {
    NODE_OPTIONS: `--import=${preload}`,
    SPRINGHOUSE_TEST_SKEW: skew,
  };
  const jump = (milliseconds: number) => writeFile(skew, String(milliseconds));
  await jump(0);
  try {
    let service = await withVault({ state, environment });
    const policy = { notAfterMilliseconds: Date.now() + DAY };
    const { id } = await clientOf(service).managedKeys.create({ type: "aes-256", policy });
    const encrypt = () => post(service, `/v1/keys/${id}/encrypt`, { plaintext: MILK });
    const { ciphertext } = (await encrypt()).body;
    expect(ciphertext).toBeDefined();
    await jump(2 * DAY);
    await until("the end of its validity", async () => (await encrypt()).status !== 200);
    await jump(-DAY);
    const isOver = async (): Promise<void> => {
      const { status, body } = await encrypt();
      expect([403, 409], JSON.stringify(body)).toContain(status);
      const opened = await post(service, `/v1/keys/${id}/decrypt`, { ciphertext });
      expect(opened.body["plaintext"]).toBe(MILK);
    };
    await new Promise((resolve) => setTimeout(resolve, 50));
    await isOver();
    await until("its deactivation", async () => {
      const { state: is } = await clientOf(service).managedKeys.get(id);
      return is === "deactivated";
    });
    await isOver();
    expect(await service.stop()).toBe(0);
    service = await startSpringhouse({ state, environment });
    try {
      await clientOf(service).seal.open({ passphrase: PASSPHRASE });
      await isOver();
      expect((await encrypt()).status).toBe(409);
    } finally {
      await service.stop();
    }
  } finally {
    await removeState(state);
  }
});

const disk = mountSmallDisk();
afterAll(() => {
  if (disk === null) return;
  execFileSync("umount", [disk]);
  rmdirSync(disk);
});

test.skipIf(disk === null)(
  "keys on a full disk: 503 at once, nothing half done, health and metrics stay up, and it goes on",
  async () => {
    const service = await withVault({ state: disk! });
    const filler = join(disk!, "filler");
    try {
      const { managedKeys } = clientOf(service);
      const keys = await Promise.all(
        Array.from({ length: 4 }, async () => (await managedKeys.create({ type: "aes-256" })).id),
      );
      const acts = (key: string) =>
        [
          ["/v1/keys", { type: "aes-256" }],
          [`/v1/keys/${key}/rotate`, {}],
          [`/v1/keys/${key}/policy`, { policy: { maximumOperations: 1e6 } }],
          [`/v1/keys/${key}/data-key`, {}],
          ["/v1/random/receipted", { bytes: 32 }],
        ] as const;
      await until("everything is refused", async () => {
        fill(filler);
        const all = await Promise.all(
          keys.flatMap((key) => acts(key).map(([path, body]) => post(service, path, body))),
        );
        return all.every(({ status }) => status === 503);
      });
      const before = bothOf(disk!);
      for (const key of keys)
        for (const [path, body] of acts(key)) {
          fill(filler);
          const begun = performance.now();
          const answer = await post(service, path, body);
          expect([path, answer.status, answer.body["code"]]).toEqual([path, 503, "store_failed"]);
          expect(performance.now() - begun, path).toBeLessThan(2_000);
          for (const up of ["/healthz", "/metrics"]) {
            const { status } = await fetch(service.url + up, { headers: service.authorization });
            expect([up, status]).toEqual([up, 200]);
          }
        }
      // What is in memory is what is on the disk, to the last revision.
      expect(bothOf(disk!)).toEqual(before);
      expect(before.stored).toEqual(before.replayed);
      for (const key of keys)
        expect((await managedKeys.get(key)).revision).toBe(
          (before.stored[key] as { revision: number }).revision,
        );
      rmSync(filler);
      await until("keys are made again", async () => {
        const { status } = await post(service, "/v1/keys", { type: "aes-256" });
        return status === 201;
      });
      for (const key of keys) {
        const { revision } = await managedKeys.get(key);
        expect((await managedKeys.rotate(key)).revision).toBe(revision + 1);
      }
    } finally {
      expect(await service.stop()).toBe(0);
    }
    const { stored, replayed } = bothOf(disk!);
    expect(stored).toEqual(replayed);
  },
  180_000,
);

test.runIf(disk === null)("a full disk was not tried: this user may not mount one", () => {});
