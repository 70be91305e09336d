import { describe, expect, test } from "vitest";
import type { EntropyMaterial, ParentMaterial } from "../../../src/port/seed.ts";
import { DEVICE, FakeSource, healthyHouse, house, options, RESEED } from "./support.ts";

async function filled(names: readonly string[], more: Parameters<typeof healthyHouse>[1] = {}) {
  const sources = names.map((name, n) => new FakeSource(name, n + 1));
  const built = await healthyHouse(sources, more);
  for (const source of sources) source.emit(1500);
  await built.clock.run(400);
  return { sources, ...built };
}

describe("seeds from noise", () => {
  test("hold no more blocks than they need, with the OS RNG beside them", async () => {
    const { room } = await filled(["a", "b"]);
    const seed = room.take({ ...RESEED, minimumBits: 384 }) as EntropyMaterial;
    expect(seed.entropyInput).toHaveLength(64);
    expect(seed.creditedBits).toBe(512);
    expect([...seed.additionalInput]).toEqual(Array.from({ length: 32 }, () => 0xa5));
    expect(seed.blocks[0]).toMatchObject({
      inputBits: 1152,
      inputEntropy: 576,
      outputBits: 512,
      fullEntropy: true,
      credited: true,
    });
    expect(seed.windows.map(({ id }) => id)).toEqual(seed.blocks[0]?.windows);
    expect(seed.windows[0]).toMatchObject({ verdict: "passed", firmware: "1.0", samples: 1500 });
    expect(seed.windows[0]?.margins.repetition_count).toBeGreaterThan(0);
    await room.stop();
  });

  test("hold without the best source, over distinct sources", async () => {
    const { room } = await filled(["a", "b", "c"]);
    const seed = room.take({ ...RESEED, sources: 2, withoutBest: 1 }) as EntropyMaterial;
    expect(seed.strengthWithoutBest).toEqual([1024, 512, 0]);
    expect(new Set(seed.credits.map(({ source }) => source)).size).toBe(2);
    await room.stop();
  });

  test("fall short with the word for what is missing", async () => {
    const { room, clock, sources } = await filled(["a", "b"], {
      quorum: { sources: 2, withoutBest: 0 },
    });
    const unmet = (more: object) => room.take({ ...RESEED, ...more });
    expect(unmet({ sources: 3 })).toMatchObject({ unmet: ["sources"] });
    expect(unmet({ withoutBest: 2 })).toMatchObject({ unmet: ["sources"] });
    expect(unmet({ minimumBits: 1e6 })).toMatchObject({ unmet: ["strength"] });
    await clock.run(5000);
    expect(unmet({ maximumAgeMilliseconds: 1000 })).toMatchObject({ unmet: ["fresh"] });
    expect(unmet({ maximumAgeMilliseconds: 2000 })).toMatchObject({ unmet: ["max_seed_age"] });
    sources[0]!.stuck(12);
    expect(unmet({})).toMatchObject({ unmet: ["quorum", "sources"] });
    await room.stop();
  });

  test("a fresh one is younger than a second on either clock", async () => {
    const { room, clock, sources } = await filled(["a"]);
    await clock.run(3000);
    const before = clock.wallMilliseconds();
    sources[0]!.emit(400);
    await clock.run(350);
    const fresh = { ...RESEED, maximumAgeMilliseconds: 1000 };
    expect((room.take(fresh) as EntropyMaterial).fromMilliseconds).toBe(before);
    // A suspend: the wall clock went on, the monotonic one stood still.
    clock.jumpWall(60_000);
    expect(room.take(fresh)).toMatchObject({ unmet: ["fresh"] });
    await room.stop();
  });

  test("an uncredited source only ever joins the additional input", async () => {
    const [good, whitened] = [new FakeSource("good", 1), new FakeSource("white", 2)];
    whitened.device = { ...DEVICE, rawConfirmed: false };
    const { room, clock } = await healthyHouse([good, whitened]);
    for (const source of [good, whitened]) source.emit(1500);
    await clock.run(400);
    expect(room.snapshot().map(({ credited }) => credited)).toEqual([true, false]);
    const seed = room.take(RESEED) as EntropyMaterial;
    expect(seed.credits.map(({ source }) => source)).toEqual(["good"]);
    expect(seed.uncreditedBlocks).toMatchObject([{ source: "white", credited: false }]);
    expect(seed.additionalInput).toHaveLength(64 + 32);
    expect(room.take({ ...RESEED, sources: 2 })).toMatchObject({ unmet: ["sources"] });
    await room.stop();
  });

  test("the certificate's figure is a second one, and 0 without", async () => {
    const source = new FakeSource("a", 1);
    const compliant = { entropy: 2, certificate: "E0" };
    const { room, clock } = house([options(source, { compliant })]);
    room.start();
    await clock.run(0);
    source.emit(2500);
    await clock.run(400);
    // 144 samples at 2 bits are 288 bits in, and Output_Entropy gives no more than that.
    expect(room.take(RESEED)).toMatchObject({
      credits: [{ assessedBits: 512, compliantBits: 288 }],
    });
    await room.stop();
  });
});

describe("seeds from the OS RNG", () => {
  test("are 384 bits while its own health tests pass, and never count a source of noise", async () => {
    const [os, noise] = [new FakeSource("os", 1, "os"), new FakeSource("usb", 2)];
    const { room, clock } = await healthyHouse([os, noise], { shape: "RBGC" });
    noise.emit(1500);
    await clock.run(400);
    const request = { minimumBits: 384, sources: 0, withoutBest: 0, maximumAgeMilliseconds: null };
    const seed = room.take(request) as ParentMaterial;
    expect(seed).toMatchObject({ type: "parent", parentName: "os", securityStrength: 256 });
    expect(seed.randomness).toHaveLength(48);
    expect(seed.uncreditedBlocks).toMatchObject([{ source: "usb", credited: false }]);
    expect(room.take({ ...request, sources: 1 })).toMatchObject({ unmet: ["sources"] });
    expect(room.quorum().met).toBe(true);
    os.stuck(12);
    expect(room.take(request)).toMatchObject({ unmet: ["parent"] });
    await room.stop();
  });
});
