import { execFileSync } from "node:child_process";
import { rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fill, mountSmallDisk } from "../support/smallDisk.ts";
import { type Running, startSpringhouse, until } from "../support/springhouse.ts";

const disk = mountSmallDisk();
afterAll(() => {
  if (disk === null) return;
  execFileSync("umount", [disk]);
  rmdirSync(disk);
});

interface Seen {
  /** Outputs that were answered with 200. */
  readonly outputs: string[];
  readonly refused: { readonly code: string; readonly retryAfter: string | null }[];
}

const KEY = { method: "POST", body: JSON.stringify({ type: "aes-256", format: "raw" }) };

/** One client that draws keys and bytes in turn until it is told to stop. */
async function draw(service: Running, seen: Seen, stop: AbortSignal): Promise<void> {
  const headers = { ...service.authorization, "content-type": "application/json" };
  for (let turn = 0; !stop.aborted; turn++) {
    const [path, init] = turn % 2 === 0 ? ["/v1/keys/generate", KEY] : ["/v1/random", {}];
    const answer = await fetch(service.url + path, {
      ...init,
      headers,
      // No request hangs, whatever the disk does.
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.ok) {
      await answer.arrayBuffer();
      seen.outputs.push(answer.headers.get("springhouse-output")!);
      continue;
    }
    expect(answer.status).toBe(503);
    const { code } = (await answer.json()) as { code: string };
    seen.refused.push({ code, retryAfter: answer.headers.get("retry-after") });
    // As a client does that can wait, but not for as long as it is told.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test.skipIf(disk === null)(
  "a disk that is full under load: a clear 503, and recovery without a restart; what was answered is there",
  async () => {
    const service = await startSpringhouse({
      state: disk!,
      configuration: "construction: { parentRequests: 20 }\n",
    });
    const stop = new AbortController();
    const seen: Seen = { outputs: [], refused: [] };
    const clients = Array.from({ length: 4 }, () => draw(service, seen, stop.signal));
    try {
      await until("answers before the disk is full", () => seen.outputs.length >= 100);
      const filler = join(disk!, "filler");
      await until("a refusal", () => {
        fill(filler);
        return seen.refused.length >= 20;
      });
      expect(new Set(seen.refused.map(({ code }) => code))).toEqual(new Set(["store_failed"]));
      for (const { retryAfter } of seen.refused) expect(Number(retryAfter)).toBeGreaterThan(0);
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(service.url + path, {
          ...init,
          headers: { ...service.authorization, "content-type": "application/json" },
          signal: AbortSignal.timeout(10_000),
        });
      const status = async () => (await ask("/v1/status")).json() as Promise<{ store: object }>;
      await until("the status tells it", async () => {
        fill(filler);
        const { store } = await status();
        return JSON.stringify(store).includes('"ok":false');
      });
      fill(filler);
      const names = async () =>
        ((await (await ask("/v1/tokens")).json()) as { tokens: { name: string }[] }).tokens.map(
          ({ name }) => name,
        );
      const order = { method: "POST", body: JSON.stringify({ name: "late", roles: ["client"] }) };
      const token = await ask("/v1/tokens", order);
      expect([token.status, ((await token.json()) as { code: string }).code]).toEqual([
        503,
        "store_failed",
      ]);
      expect(await names()).not.toContain("late");

      rmSync(filler);
      const before = seen.outputs.length;
      await until("answers again", () => seen.outputs.length >= before + 100, 60_000);
      await until("the status tells that, too", async () =>
        JSON.stringify((await status()).store).includes('"ok":true'),
      );
      expect((await ask("/v1/tokens", order)).status).toBe(201);
      expect(await names()).toContain("late");
      stop.abort();
      await Promise.all(clients);

      for (const id of seen.outputs) {
        const story = await ask(`/v1/outputs/${id}`);
        expect(story.status, id).toBe(200);
        await story.arrayBuffer();
      }
      const kinds: string[] = [];
      for (let since = 0, more = true; more;) {
        const { events } = (await (await ask(`/v1/events?since=${since}&limit=1000`)).json()) as {
          events: { kind: string; sequence: number }[];
        };
        kinds.push(...events.map(({ kind }) => kind));
        since = events.at(-1)?.sequence ?? since;
        more = events.length === 1000;
      }
      expect(kinds).toContain("store_failed");
      expect(kinds).toContain("store_recovered");

      // Not by the memory of the process alone.
      expect(await service.stop()).toBe(0);
      const again = await startSpringhouse({ state: disk! });
      for (const id of seen.outputs.filter((_, index) => index % 10 === 0)) {
        const story = await fetch(`${again.url}/v1/outputs/${id}`, {
          headers: again.authorization,
        });
        expect(story.status, id).toBe(200);
        await story.arrayBuffer();
      }
      await again.stop();
    } finally {
      stop.abort();
      await service.stop();
      await Promise.allSettled(clients);
    }
  },
  180_000,
);

test.runIf(disk === null)("a full disk was not tried: this user may not mount one", () => {});
