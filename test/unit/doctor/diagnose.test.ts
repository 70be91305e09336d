import { describe, expect, test } from "vitest";
import { diagnose } from "../../../src/doctor/diagnose.ts";
import type { Finding } from "../../../src/port/finding.ts";
import type { ServiceSnapshot, SourceSnapshot } from "../../../src/port/snapshot.ts";
import { SNAPSHOT, SOURCE } from "../api/house.ts";

const OS: SourceSnapshot = { ...SOURCE, id: "os", kind: "os" };
const DEVICE: SourceSnapshot = {
  ...SOURCE,
  id: "trng",
  credited: true,
  assessedEntropy: 4,
  device: {
    location: "/dev/ttyACM0",
    vendorId: null,
    productId: null,
    serialNumber: null,
    firmware: null,
    mode: "RAW_BIN",
    rawConfirmed: true,
    caveats: [],
  },
};
const MET = { sources: 1, withoutBest: 0, met: true, available: 1 };
const LOST = { ...MET, met: false, available: 0 };

function house(device: Partial<SourceSnapshot>, more: Partial<ServiceSnapshot> = {}) {
  const sources = [OS, { ...DEVICE, ...device }];
  return diagnose({ ...SNAPSHOT, shape: "RBG2(P)", quorum: MET, sources, ...more });
}

function about(findings: readonly Finding[], check: string): Finding {
  const found = findings.find((finding) => finding.check === check);
  if (!found)
    throw new Error(`nothing about ${check} in ${findings.map((one) => one.check).join()}`);
  return found;
}

test("where nothing is wrong every finding is ok and asks for nothing", () => {
  const findings = house({});
  expect(findings.map(({ check }) => check)).toEqual([
    "service",
    "quorum",
    "source os",
    "source trng",
  ]);
  expect(findings.every(({ level, remedy }) => level === "ok" && remedy === null)).toBe(true);
});

describe("a source that is not healthy", () => {
  test.each([
    ["absent", "device_absent"],
    ["absent", "device_permission"],
    ["absent", "device_locked"],
    ["absent", "device_silent"],
    ["suspect", "health_suspect"],
    ["failed", "health_failed"],
  ] as const)("%s (%s): the cause, its evidence and a remedy", (state, cause) => {
    const given = { state, cause, detail: "what was seen", remedy: null, credited: false };
    const missed = about(house(given, { quorum: LOST }), "source trng");
    expect(missed).toMatchObject({ level: "fault", evidence: "what was seen" });
    expect(missed.cause).toBe(`${state} (${cause})`);
    expect(missed.remedy).toMatch(/\w{3}/);
    // As long as the others carry the quorum, output goes on.
    expect(about(house(given), "source trng").level).toBe("warning");
  });

  test("its own remedy goes before the catalogue's", () => {
    const given = { state: "absent", cause: "device_absent", remedy: "Plug it in." } as const;
    expect(about(house(given), "source trng").remedy).toBe("Plug it in.");
  });

  test("a startup test is no fault", () => {
    const given = { state: "starting", cause: "health_starting", credited: false } as const;
    expect(about(house(given, { quorum: LOST }), "source trng").level).toBe("note");
  });

  test("the OS RNG is a fault where it is the parent, and a warning where it only joins", () => {
    const sources = [{ ...OS, state: "failed", cause: "health_failed", credited: false } as const];
    const parent = diagnose({ ...SNAPSHOT, shape: "RBGC", sources });
    expect(about(parent, "source os").level).toBe("fault");
    const joins = diagnose({ ...SNAPSHOT, shape: "RBG2(P)", quorum: MET, sources });
    expect(about(joins, "source os").level).toBe("warning");
  });
});

test("a quorum that is not met is a fault with its figures", () => {
  const found = about(house({ credited: false }, { quorum: LOST }), "quorum");
  expect(found).toMatchObject({ level: "fault" });
  expect(found.evidence).toContain("0 healthy credited sources; 1 needed");
});

test("why a source is credited nothing", () => {
  expect(about(house({ credited: false, assessedEntropy: 0 }), "credit of trng")).toMatchObject({
    level: "note",
    cause: expect.stringContaining("nothing is assessed"),
  });
  const device = { ...DEVICE.device!, rawConfirmed: false, caveats: ["never tried"] };
  expect(about(house({ credited: false, device }), "credit of trng")).toMatchObject({
    level: "warning",
    evidence: "RAW_BIN; never tried",
    remedy: expect.stringContaining("raw:"),
  });
});

test("an open tap, losses and a narrow margin", () => {
  expect(about(house({ tapped: true, divertedSamplesTotal: 7 }), "tap on trng")).toMatchObject({
    level: "warning",
    evidence: "7 samples diverted so far",
  });
  expect(about(house({ droppedSamplesTotal: 9, gapsTotal: 2 }), "losses of trng").evidence).toBe(
    "9 samples in 2 gaps",
  );
  const tests = (watermark: number): SourceSnapshot["tests"] => [
    {
      test: "repetition_count",
      cutoffIntermittent: 20,
      cutoffPermanent: 30,
      watermark,
      recentWatermark: 0,
      windowSamples: null,
      expectedFalseAlarmsPerYear: 0,
    },
  ];
  expect(about(house({ tests: tests(18) }), "margin of trng").evidence).toBe("18 of 20");
  expect(house({ tests: tests(17) }).some(({ check }) => check.startsWith("margin"))).toBe(false);
});

test("a failing database and a failed self-test are faults, and faults come first", () => {
  const findings = house(
    {},
    {
      ready: false,
      unready: [
        { code: "self_test_failed", source: null, detail: "HMAC_DRBG", remedy: "Restart." },
      ],
      store: { ok: false, detail: "disk is full" },
      selfTests: [{ name: "HMAC_DRBG", passed: false, atMilliseconds: 0 }],
    },
  );
  expect(about(findings, "database")).toMatchObject({ level: "fault", evidence: "disk is full" });
  expect(about(findings, "self-test HMAC_DRBG").level).toBe("fault");
  expect(about(findings, "service")).toMatchObject({
    cause: "self_test_failed",
    remedy: "Restart.",
  });
  const levels = findings.map(({ level }) => level);
  expect(levels).toEqual([...levels].toSorted((a, b) => Number(a === "ok") - Number(b === "ok")));
});

test("over the OS RNG alone it says that no noise is credited", () => {
  const findings = diagnose({ ...SNAPSHOT, sources: [OS] });
  expect(about(findings, "noise")).toMatchObject({ level: "note" });
});

describe("the vault", () => {
  const slot = {
    id: "slot-1",
    kind: "passphrase",
    name: "first",
    place: null,
    epoch: 1,
    createdMilliseconds: 1,
    recovery: false,
  } as const;
  const open = { ...SNAPSHOT.vault, initialised: true, sealed: false, cause: null, epoch: 1 };
  const two = { ...open, slots: [slot, { ...slot, id: "slot-2", name: "second" }] };

  test("open with two slots is as it should be; none at all is nothing to tell of", () => {
    expect(about(house({}, { vault: two }), "vault")).toMatchObject({
      level: "ok",
      evidence: "epoch 1, 2 slots",
    });
    expect(house({}).some(({ check }) => check.includes("vault"))).toBe(false);
  });

  test("sealed, with one slot, or without locked memory: each has its finding", () => {
    const sealed = { ...two, sealed: true, cause: "It was shut." };
    expect(about(house({}, { vault: sealed }), "vault")).toMatchObject({
      level: "warning",
      evidence: "It was shut.",
    });
    const one = house({}, { vault: { ...two, slots: [slot] } });
    expect(about(one, "slots of the vault")).toMatchObject({ evidence: "first (passphrase)" });
    const lockedMemory = { ok: false, bytes: 0, detail: "the system did not let it" };
    expect(about(house({}, { vault: { ...two, lockedMemory } }), "locked memory").level).toBe(
      "warning",
    );
    const shut = house({}, { vault: { ...sealed, lockedMemory } });
    expect(about(shut, "locked memory").level).toBe("fault");
  });
});

describe("the entropy budget", () => {
  const HOUR = 3_600_000;
  /** A source of so many samples a second at 4 bits, and so many seeds of 512 bits an hour. */
  const budget = (samplesPerSecond: number, seeds: number, more: Partial<ServiceSnapshot> = {}) =>
    house(
      { samplesTotal: samplesPerSecond * 3600 },
      {
        startedMilliseconds: 0,
        atMilliseconds: HOUR,
        instances: [
          {
            id: "http",
            mechanism: "HMAC_DRBG",
            securityStrength: 256,
            state: "ready",
            seed: "s",
            seedMilliseconds: 1,
            seedSources: 1,
            seedCreditedBits: 512,
            outputBytesSinceSeed: 0,
            outputBytesLimit: 16_384,
            seedAgeLimitMilliseconds: 600_000,
            requestsSinceSeed: 0,
            preparedSeeds: 0,
            reseeds: [{ reason: "output_limit", total: seeds }],
          },
        ],
        ...more,
      },
    ).find(({ check }) => check === "entropy budget");

  test.each([
    // 1,000 samples at 4 bits are 3,555 credited bits (512 of each 576), or 6.9 seeds a second.
    [1000, 100, "ok"],
    [1000, 3.6 * 3600, "warning"],
    [1000, 7 * 3600, "fault"],
  ] as const)("%d samples a second against %d seeds an hour: %s", (rate, seeds, level) => {
    expect(budget(rate, seeds)).toMatchObject({ level });
  });

  test("tells what it compares, and how much output that is enough for", () => {
    // 6.94 seeds a second of 16 KiB each.
    expect(budget(1000, 3600)!.evidence).toBe(
      "3,556 credited bits/s come, 512 bits/s were taken by 3600 seeds; enough for 0.11 MB/s of output",
    );
  });

  test("over the OS RNG, or before there is a rate, there is none", () => {
    expect(budget(1000, 1, { shape: "RBGC" })).toBeUndefined();
    expect(budget(1000, 1, { atMilliseconds: 59_000 })).toBeUndefined();
  });
});

test("a drill that failed is a fault, with its source", () => {
  const drills = [{ source: "trng", atMilliseconds: 0, passed: false, lastPassedMilliseconds: 1 }];
  expect(about(house({}, { drills }), "drill of trng")).toMatchObject({ level: "fault" });
  expect(house({}, { drills: [{ ...drills[0]!, passed: true }] })).toEqual(house({}));
});
