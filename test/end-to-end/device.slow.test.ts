import { describe, expect, onTestFinished, test } from "vitest";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { type Emulator, startEmulator } from "../support/emulator.ts";
import { type Running, startSpringhouse, until } from "../support/springhouse.ts";

/** SP 800-90C: 2^17 bits between two seeds, so no door can give more once no seed comes. */
const SEED_BYTES = 16_384;

/** A TrueRNGpro in RAW_BIN, vouched for and assessed at half a bit a bit. */
async function withDevice(): Promise<{ emulator: Emulator; service: Running }> {
  const emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
  onTestFinished(() => emulator.close());
  const service = await startSpringhouse({
    configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
    health: { silenceMilliseconds: 300 }
quota: { requestsPerSecond: null }
`,
  });
  onTestFinished(async () => void (await service.stop()));
  return { emulator, service };
}

async function status(service: Running): Promise<ServiceSnapshot> {
  const response = await fetch(`${service.url}/v1/status`, { headers: service.authorization });
  return (await response.json()) as ServiceSnapshot;
}

async function trng(service: Running) {
  return (await status(service)).sources.find(({ id }) => id === "trng")!;
}

interface Answer {
  readonly code: number;
  readonly bytes: number;
  readonly output: string;
  readonly problem: { readonly code: string; readonly unmet?: string[] } | null;
}

async function draw(service: Running, query = "bytes=1024"): Promise<Answer> {
  const response = await fetch(`${service.url}/v1/random?${query}`, {
    headers: service.authorization,
    signal: AbortSignal.timeout(10_000), // no request hangs
  });
  const body = Buffer.from(await response.arrayBuffer());
  const ok = response.status === 200;
  return {
    code: response.status,
    bytes: ok ? body.length : 0,
    output: response.headers.get("springhouse-output") ?? "",
    problem: ok ? null : JSON.parse(body.toString()),
  };
}

/** Draws at full speed until `count` refusals came in a row. @returns bytes that were served */
async function drawUntilRefused(service: Running, count = 20): Promise<number> {
  let served = 0;
  for (let refusals = 0; refusals < count;) {
    const answer = await draw(service);
    if (answer.code === 200) {
      served += answer.bytes;
      refusals = 0;
    } else {
      expect(answer.code).toBe(503);
      refusals++;
    }
  }
  return served;
}

async function reset(service: Running): Promise<void> {
  const answer = await fetch(`${service.url}/v1/sources/trng/reset`, {
    method: "POST",
    headers: { ...service.authorization, "content-type": "application/json" },
    body: JSON.stringify({ reason: "the fault was the test's" }),
  });
  expect(answer.ok).toBe(true);
}

/** What a stuck device sent last may come after a reset, and latches it once more. */
async function healthy(service: Running): Promise<boolean> {
  const { state } = await trng(service);
  if (state === "failed") await reset(service);
  return state === "healthy";
}

describe("a TrueRNGpro on a serial port, as the only credited source", () => {
  test("credited noise is in the seed, down to its windows; fresh and sources=1 are met", async () => {
    const { service } = await withDevice();
    expect(await status(service)).toMatchObject({ shape: "RBG2(NP)", ready: true });
    const plain = await draw(service, "bytes=32&sources=1&max_seed_age=60");
    expect(plain.code).toBe(200);
    const fresh = await until("a fresh answer", async () => {
      const answer = await draw(service, "bytes=32&fresh=true");
      return answer.code === 200 && answer;
    });
    for (const { output } of [plain, fresh]) {
      const story = (await (
        await fetch(`${service.url}/v1/outputs/${output}`, { headers: service.authorization })
      ).json()) as {
        seed: { creditedBits: number; credits: { source: string }[] };
        blocks: { source: string }[];
        windows: { verdict: string; source: string }[];
      };
      expect(story.seed.creditedBits).toBeGreaterThanOrEqual(256);
      expect(story.seed.credits[0]!.source).toBe("trng");
      expect(story.windows.length).toBeGreaterThan(0);
      expect(story.windows.every(({ verdict }) => verdict === "passed")).toBe(true);
    }
    const beyond = await draw(service, "bytes=32&sources=2");
    expect(beyond).toMatchObject({ code: 503, problem: { code: "unmet", unmet: ["sources"] } });
  });

  test.each([
    ["unplug", "absent", "device_absent"],
    ["stuck 7", "failed", "health_failed"],
    ["silence", "absent", "device_silent"],
  ])(
    "%s: the cause within a second, nothing beyond the seeds, no request hangs",
    async (fault, state, cause) => {
      const { emulator, service } = await withDevice();
      expect((await draw(service)).code).toBe(200);
      await emulator.command(fault);
      const began = performance.now();
      const source = await until(`${state} in status`, async () => {
        const now = await trng(service);
        return now.state !== "healthy" && now.state !== "starting" && now;
      });
      // Of which the silence test takes its 300 ms.
      expect(performance.now() - began).toBeLessThan(1000);
      expect(source).toMatchObject({ state, cause });
      const served = await drawUntilRefused(service);
      // The live seed's rest: without a quorum no prepared seed is put to use.
      expect(served).toBeLessThanOrEqual(SEED_BYTES);
      const refused = await draw(service, "bytes=32&fresh=true");
      expect(refused).toMatchObject({ code: 503, problem: { code: "unmet" } });
      expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
    },
  );

  test("unplugged and replugged while a client draws, it comes back by itself", async () => {
    const { emulator, service } = await withDevice();
    for (let round = 0; round < 3; round++) {
      await emulator.command("unplug");
      await until("absence", async () => (await trng(service)).state === "absent");
      await drawUntilRefused(service);
      await emulator.command("replug");
      await until("recovery", async () => (await draw(service)).code === 200, 60_000);
    }
    expect((await trng(service)).state).toBe("healthy");
  }, 120_000);

  test("a biased device latches, and only a reset with a reason brings it back", async () => {
    const { emulator, service } = await withDevice();
    await emulator.command("bias 0.97");
    await until("failure", async () => (await trng(service)).state === "failed");
    await emulator.command("noise");
    await drawUntilRefused(service);
    expect((await trng(service)).state).toBe("failed");
    await reset(service);
    await until(
      "recovery",
      async () => (await healthy(service)) && (await draw(service)).code === 200,
    );
    const { events } = (await (
      await fetch(`${service.url}/v1/events?since=0&limit=1000`, { headers: service.authorization })
    ).json()) as { events: { kind: string; reason: string | null; actor: string | null }[] };
    expect(events.some(({ kind }) => kind === "health_alarm")).toBe(true);
    expect(events.find(({ kind }) => kind === "source_reset")).toMatchObject({
      reason: "the fault was the test's",
    });
  }, 60_000);

  test("unplugged, replugged, stuck and biased in one life, under a client that never rests", async () => {
    const { emulator, service } = await withDevice();
    let served = 0;
    let done = false;
    const codes = new Set<number>();
    const drawing = (async () => {
      while (!done) {
        const { code, bytes } = await draw(service, "bytes=4096");
        codes.add(code);
        served += bytes;
      }
    })();
    for (const [fault, mend, cause] of [
      ["unplug", "replug", "device_absent"],
      ["stuck 7", "noise", "health_failed"],
      ["unplug", "replug", "device_absent"],
      ["bias 0.97", "noise", "health_failed"],
    ] as const) {
      // Not until a draw succeeds: a small one may still fit into what a large one left of a seed.
      await until("health", () => healthy(service), 60_000);
      await until("seeds", async () => (await draw(service)).code === 200);
      await emulator.command(fault);
      const began = performance.now();
      const source = await until(`the cause of ${fault}`, async () => {
        const now = await trng(service);
        return now.cause === cause && now;
      });
      const told = performance.now() - began;
      console.log(`${fault}: status named ${source.cause} after ${told.toFixed(0)} ms`);
      expect(told).toBeLessThan(1000);
      const before = served;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      // What was under way when the status was made, and the seed in use.
      expect(served - before).toBeLessThanOrEqual(SEED_BYTES + 4096);
      const spent = served;
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(served).toBe(spent);
      await emulator.command(mend);
      if (cause === "health_failed") await reset(service);
    }
    await until(
      "recovery",
      async () => (await healthy(service)) && (await draw(service)).code === 200,
      60_000,
    );
    done = true;
    await drawing;
    expect(codes).toEqual(new Set([200, 503]));
  }, 200_000);

  test("with the tap held open for ever, the service refuses rather than seed from it", async () => {
    const { service } = await withDevice();
    const stop = new AbortController();
    const tap = await fetch(`${service.url}/v1/sources/trng/samples?count=1000000000`, {
      headers: service.authorization,
      signal: stop.signal,
    });
    expect(tap.status).toBe(200);
    const reading = (async () => {
      for await (const chunk of tap.body!) void chunk;
    })().catch(() => {});
    expect((await trng(service)).tapped).toBe(true);
    await drawUntilRefused(service);
    const before = await trng(service);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const after = await trng(service);
    // Everything that came meanwhile was diverted, and nothing of it was conditioned.
    expect(after.divertedSamplesTotal).toBeGreaterThan(before.divertedSamplesTotal);
    expect(after.conditionedSamplesTotal).toBe(before.conditionedSamplesTotal);
    expect(after.poolBlocks).toBe(0);
    expect((await draw(service)).code).toBe(503);
    stop.abort();
    await reading;
    await until("recovery", async () => (await draw(service)).code === 200);
  }, 60_000);
});
