import { describe, expect, test, type TestContext } from "vitest";
import type { SerialSourceOptions } from "../../../src/source/serial/openSerialSource.ts";
import {
  emulatedNoise,
  startEmulator,
  type Emulator,
  type EmulatorOptions,
} from "../../support/emulator.ts";
import { record, serialSource, sleep, type Recording } from "./serialRecorder.ts";

const SAMPLES = 20_000;

async function emulate(options: EmulatorOptions, context: TestContext): Promise<Emulator> {
  const emulator = await startEmulator(options);
  context.onTestFinished(() => emulator.close());
  return emulator;
}

type Choice<T> = T extends unknown ? Omit<T, "id" | "device"> : never;

async function collect(
  emulator: Emulator,
  choice: Choice<SerialSourceOptions>,
): Promise<Recording> {
  const device = { path: emulator.path };
  const session = record(serialSource({ id: "a", device, ...choice }));
  await session.atLeast(SAMPLES);
  session.abort();
  return session;
}

/** Where in `sent` the received samples begin; they must be equal to it from there to their end. */
function offsetIn(sent: Uint8Array, received: Buffer): number {
  const offset = Buffer.from(sent).indexOf(received.subarray(0, 16));
  expect(offset, "the first samples were never sent").toBeGreaterThanOrEqual(0);
  const expected = sent.subarray(offset, offset + received.length);
  expect(received.equals(expected), "a sample differs from what was sent").toBe(true);
  return offset;
}

describe.concurrent("every family delivers what the device sent, byte for byte, after the settling", () => {
  test.for([
    ["truerng", { family: "truerng", settleBytes: 4096 }, 0],
    ["truerngpro", { family: "truerngpro", settleBytes: 1000 }, 19_200],
    ["truerngpro", { family: "truerngpro", settleBytes: 0, mode: "NORMAL" }, 300],
    ["truerngpro", { family: "truerngpro", settleBytes: 0, mode: "RNG1WHITE" }, 4800],
    ["truerngpro", { family: "truerngpro", settleBytes: 0, mode: "RNG2WHITE" }, 9600],
    ["truerngprov2", { family: "truerngpro", settleBytes: 0, mode: "UNWHITENED" }, 57_600],
    ["onerng", { family: "onerng", settleBytes: 100 }, 1],
    ["onerng", { family: "onerng", settleBytes: 0, noise: "cmd3" }, 3],
    ["onerng", { family: "onerng", settleBytes: 0, noise: "cmd0" }, 0],
    ["generic", { family: "generic", settleBytes: 77, baudRate: 115_200 }, 0],
  ] as const)("%s as %o", async ([family, choice, mode], context) => {
    const emulator = await emulate({ family, seed: 5, rate: 200_000 }, context);
    const session = await collect(emulator, choice);
    expect(await session.ended).toMatchObject({ reason: "aborted" });
    expect(session.entries[0]?.type).toBe("opened");
    expect(session.entries.filter((entry) => entry.type === "opened")).toHaveLength(1);
    expect(session.gaps()).toBe(0);
    const received = session.samples();
    expect(received.length).toBeGreaterThanOrEqual(SAMPLES);
    const sent = emulatedNoise(5, mode, 400_000 + received.length);
    expect(offsetIn(sent, received)).toBeGreaterThanOrEqual(choice.settleBytes);
  });

  test("one bit a sample", async (context) => {
    const emulator = await emulate({ family: "generic", seed: 6, rate: 100_000 }, context);
    const framing = { bitsPerSample: 1, mapping: "bits-msb-first" } as const;
    const choice = { family: "generic", baudRate: 9600, framing, settleBytes: 0 } as const;
    const session = await collect(emulator, choice);
    const bits = session.samples();
    const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, index) =>
      bits.subarray(index * 8, index * 8 + 8).reduce((byte, bit) => byte * 2 + bit, 0),
    );
    expect(offsetIn(emulatedNoise(6, 0, 100_000), Buffer.from(bytes))).toBeLessThan(8);
  });
});

describe.concurrent("a TrueRNGpro's 12-bit words", () => {
  const framing = {
    bitsPerSample: 8,
    mapping: "low-bits",
    bytesPerSample: 2,
    zeroBits: 4,
  } as const;
  const lowBytes = (seed: number, length: number): Uint8Array =>
    emulatedNoise(seed, 19_200, length * 2).filter((_, index) => index % 2 === 0);

  test("their low bytes arrive", async (context) => {
    const emulator = await emulate(
      { family: "truerngpro", seed: 8, frame: 2, rate: 200_000 },
      context,
    );
    const session = await collect(emulator, { family: "truerngpro", framing, settleBytes: 501 });
    expect(session.gaps()).toBe(0);
    offsetIn(lowBytes(8, 200_000), session.samples());
  });

  test("bytes lost in the middle of a word are a gap, and what follows is right again", async (context) => {
    const emulator = await emulate(
      { family: "truerngpro", seed: 9, frame: 2, rate: 200_000 },
      context,
    );
    await emulator.command("torn");
    const session = await collect(emulator, { family: "truerngpro", framing, settleBytes: 0 });
    expect(session.gaps()).toBeGreaterThan(10);
    const sent = Buffer.from(lowBytes(9, 200_000));
    // The words between the loss and its detection are wrong ones: at most a few at a segment's end.
    const segments: Buffer[] = [Buffer.alloc(0)];
    for (const entry of session.entries) {
      if (entry.type === "gap") segments.push(Buffer.alloc(0));
      else if (entry.type === "samples")
        segments.push(Buffer.concat([segments.pop()!, entry.symbols]));
    }
    let checked = 0;
    for (const segment of segments.filter((bytes) => bytes.length > 100)) {
      expect(sent.includes(segment.subarray(0, segment.length - 16))).toBe(true);
      checked++;
    }
    expect(checked).toBeGreaterThan(10);
  });
});

describe.concurrent("what confirms that noise is raw", () => {
  test.for([
    ["truerng", { family: "truerng" }, false],
    ["truerngpro", { family: "truerngpro" }, false],
    ["truerngpro", { family: "truerngpro", vouched: "report 7" }, true],
    ["truerngpro", { family: "truerngpro", mode: "NORMAL", vouched: "report 7" }, false],
    ["onerng", { family: "onerng" }, true],
    ["onerng", { family: "onerng", noise: "cmd2", vouched: "report 7" }, false],
    ["generic", { family: "generic", baudRate: 9600 }, false],
    ["generic", { family: "generic", baudRate: 9600, vouched: "report 7" }, true],
  ] as const)("%s as %o: %s", async ([family, choice, rawConfirmed], context) => {
    const emulator = await emulate({ family }, context);
    const device = { path: emulator.path };
    const session = record(serialSource({ id: "a", device, settleBytes: 0, ...choice }));
    await session.atLeast(1);
    session.abort();
    expect(session.device()).toMatchObject({ rawConfirmed, location: emulator.path });
    expect(session.device()?.caveats.join()).toContain("never on the device");
    const evidence = "vouched" in choice && rawConfirmed;
    expect(session.device()?.mode.includes("report 7")).toBe(evidence);
  });

  test("a OneRNG firmware that nobody read needs somebody to vouch for it", async (context) => {
    const emulator = await emulate({ family: "onerng", firmware: "9" }, context);
    const plain = await collect(emulator, { family: "onerng", settleBytes: 0 });
    await plain.ended;
    expect(plain.device()).toMatchObject({ rawConfirmed: false, firmware: "Version 9" });
    const vouched = await collect(emulator, { family: "onerng", settleBytes: 0, vouched: "x" });
    expect(vouched.device()).toMatchObject({ rawConfirmed: true });
  });
});

describe.concurrent("the wrong device", () => {
  test.for([
    ["generic", { family: "onerng" }, "protocol", "after cmdo|answer cmdv"],
    ["onerng", { family: "truerng", openTimeoutMilliseconds: 300 }, "silent", "300 ms"],
    ["onerng", { family: "truerngpro", openTimeoutMilliseconds: 300 }, "silent", "300 ms"],
  ] as const)("a %s as %o ends as %s", async ([family, choice, reason, word], context) => {
    const emulator = await emulate({ family }, context);
    const session = await collect(emulator, choice);
    expect(await session.ended).toEqual({ reason, detail: expect.stringMatching(word) });
    expect(session.entries).toEqual([]);
  });

  test.for([
    ["onerng", { family: "onerng", answerTimeoutMilliseconds: 300 }],
    ["truerng", { family: "truerng", openTimeoutMilliseconds: 300 }],
    ["generic", { family: "generic", baudRate: 9600, openTimeoutMilliseconds: 300 }],
  ] as const)("a %s that is silent at open", async ([family, choice], context) => {
    const emulator = await emulate({ family, silent: true }, context);
    const session = await collect(emulator, choice);
    expect(await session.ended).toMatchObject({ reason: "silent" });
    expect(session.entries).toEqual([]);
  });

  test.for(["abc", "", "3 beta", "99999999"])(
    "a OneRNG of version %j",
    async (firmware, context) => {
      const emulator = await emulate({ family: "onerng", firmware }, context);
      const choice = { family: "onerng", answerTimeoutMilliseconds: 300 } as const;
      const session = await collect(emulator, choice);
      expect(await session.ended).toMatchObject({ reason: "protocol" });
      expect(session.entries).toEqual([]);
    },
  );

  test("UNWHITENED is refused on a first TrueRNGpro before anything is opened", async (context) => {
    const emulator = await emulate({ family: "truerngpro" }, context);
    const port = { path: emulator.path, vendorId: "16d0", productId: "0aa0" };
    const source = serialSource({ id: "a", family: "truerngpro", mode: "UNWHITENED" }, async () => [
      port,
    ]);
    expect(await record(source).ended).toMatchObject({ reason: "protocol" });
    expect(await emulator.command("status")).toContain("emitted=0");
  });
});

test("a OneRNG is paused again on the way out", async (context) => {
  const emulator = await emulate({ family: "onerng" }, context);
  const session = await collect(emulator, { family: "onerng" });
  await session.ended;
  for (let tries = 0; tries < 100; tries++) {
    if ((await emulator.command("status")).includes("paused=1")) return;
    await sleep(10);
  }
  expect.unreachable("it still runs");
});

test("options out of range are bugs of the configuration, and throw", () => {
  const device = { path: "/dev/null" };
  const make = (more: object) => () =>
    serialSource({ id: "a", family: "generic", device, baudRate: 9600, ...more });
  expect(make({})).not.toThrow();
  expect(make({ baudRate: 0 })).toThrow("baudRate");
  expect(make({ settleBytes: -1 })).toThrow("settleBytes");
  expect(make({ framing: { bitsPerSample: 9, mapping: "low-bits" } })).toThrow("bitsPerSample");
});
