import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { nearest } from "../../../src/config/nearest.ts";
import { assessed, EVIDENCE, faults, LEAST, source } from "./read.ts";

describe("faults", () => {
  test("all come in one go, each with field, value and what is allowed", () => {
    const found = faults({
      listen: "here",
      allowedHosts: [""],
      publicProbes: 1,
      discover: "no",
      construction: { hash: "md5", seedAgeSeconds: 0, parentRequests: 0, sealed: true },
      quorum: { sources: 17, withoutBest: -1 },
      keys: { rsaSearches: 99 },
      log: { level: "loud" },
      sources: [
        { kind: "tpm", id: "T P M" },
        source("serial-generic", { path: undefined, baudRate: 1 }),
        source("program", { id: "os", framing: { bitsPerSample: 7, mapping: "byte" } }),
      ],
    });
    expect(found).toEqual([
      expect.stringMatching(/^listen: "here" is not allowed; needs text that matches /),
      'allowedHosts.0: "" is not allowed; needs text of >= 1 characters',
      "publicProbes: 1 is not allowed; needs true or false",
      'discover: "no" is not allowed; needs true or false',
      expect.stringMatching(/^construction\.sealed: no such field; .*known here: physicalOnly, /),
      'construction.hash: "md5" is not allowed; needs "sha256" or "sha384" or "sha512"',
      "construction.seedAgeSeconds: 0 is not allowed; needs a number >= 1 and <= 86400",
      "construction.parentRequests: 0 is not allowed; needs a whole number >= 1 and <= 1048576",
      "quorum.sources: 17 is not allowed; needs a whole number >= 1 and <= 16",
      "quorum.withoutBest: -1 is not allowed; needs a whole number >= 0 and <= 15",
      "keys.rsaSearches: 99 is not allowed; needs a whole number >= 1 and <= 16",
      expect.stringMatching(/^log\.level: "loud" is not allowed; needs "fatal" or /),
      'sources.0.id: "T P M" is not allowed; needs text that matches ^[a-z0-9-]{1,32}$',
      "sources.1.baudRate: 1 is not allowed; needs a whole number >= 50 and <= 20000000",
      "sources.2.framing.bitsPerSample must be 8 with mapping byte",
      'sources.2.id: "os" is taken by the OS RNG',
    ]);
  });

  test("a value in a program's environment, which may be a secret, is not shown", () => {
    const found = faults({ sources: [source("program", { environment: { KEY: ["hunter2"] } })] });
    expect(found.join()).toContain("sources.0.environment.KEY");
    expect(found.join()).not.toContain("hunter2");
  });

  test.each([
    ["quorom", "quorum"],
    ["seedAge", "seedAgeSeconds"],
    ["LISTEN", "listen"],
    ["serial-onrng", "serial-onerng"],
    ["zzz", null],
    ["x".repeat(65), null],
  ])("%s was meant to be %s", (word, meant) => {
    expect(nearest(word, ["listen", "quorum", "seedAgeSeconds", "serial-onerng"])).toBe(meant);
  });

  test("ids are taken once, also by what is wrong otherwise", () => {
    const twice = faults({ sources: [source("tpm"), source("tpm", { address: "" })] });
    expect(twice).toContain('sources.1.id: "noise" is taken by sources.0');
  });

  test.each([
    ["listen: [1\ndiscover: true", /line 2/],
    ["listen:\n\t- a", /Tabs.*line 2/],
    ["discover: true\n\ndiscover: false", /unique at line 3/],
    ["quorum: { sources: 1, sources: 2 }", /unique at line 1/],
    ["discover: *none", /Unresolved alias/],
    ["discover: !!set {a}", /Unresolved tag.*line 1/],
    ["a: 1\n---\nb: 2", /multiple documents.*line 2/],
    ["[1, 2]", /the file holds \[1,2\]; a mapping/],
    ["7", /the file holds 7/],
    ["? [a]\n: 1", /keys must be strings/],
    ["x".repeat(1_000_001), /1000001 characters; at most 1000000/],
  ])("YAML %#", (text, fault) => {
    expect(faults(text).join("\n")).toMatch(fault);
  });
});

describe("claims", () => {
  test.each(["serial-truerng", "tpm", "recording"])("%s takes none", (kind) => {
    for (const claim of [{ assessed: assessed(1) }, { raw: EVIDENCE }])
      expect(faults({ sources: [source(kind, claim)] }).join()).toMatch(
        /sources\.0\.(assessed|raw)/,
      );
  });

  test.each([
    ["serial-truerngpro", { mode: "NORMAL" }],
    ["serial-truerngpro", { mode: "RNG1WHITE" }],
    ["serial-onerng", { noise: "cmd0" }],
  ])("%s in %o takes none", (kind, mode) => {
    expect(faults({ sources: [source(kind, mode)] })).toEqual([]);
    const found = faults({
      sources: [source(kind, { ...mode, raw: EVIDENCE, assessed: assessed(1) })],
    });
    expect(found).toHaveLength(2);
  });

  test("a claim that nothing could ever count: only a OneRNG says itself that it is raw", () => {
    for (const kind of ["serial-truerngpro", "serial-generic", "character-device", "program"]) {
      const one = (more: object) =>
        faults({ sources: [source(kind, { assessed: assessed(1), ...more })] });
      expect(one({}), kind).toHaveLength(1);
      expect(one({})[0]).toContain("sources.0.assessed: has no effect without raw");
      expect(one({ raw: EVIDENCE }), kind).toEqual([]);
    }
    expect(faults({ sources: [source("serial-onerng", { assessed: assessed(1) })] })).toEqual([]);
  });

  test("H above the width of a sample, a compliant figure above it, a tested one beside it", () => {
    const framing = { bitsPerSample: 2, mapping: "low-bits" };
    const one = (more: object) =>
      faults({ sources: [source("program", { framing, raw: EVIDENCE, ...more })] }).join();
    expect(one({ assessed: assessed(2) })).toBe("");
    expect(one({ assessed: assessed(2.01) })).toContain("2.01 is more than the 2 bits");
    expect(one({ testedEntropy: 2.01 })).toContain("2.01 is more than the 2 bits");
    const compliant = { certificate: "E1", entropy: 1 };
    expect(one({ compliant })).toContain("compliant.entropy: 1 is more than what is assessed");
    expect(one({ assessed: assessed(1), testedEntropy: 1 })).toContain("has no effect");
  });

  const two = (more: object, physical = true) => ({
    sources: ["a", "b"].map((id) =>
      source("program", { id, physical, assessed: assessed(4), raw: EVIDENCE }),
    ),
    ...more,
  });
  test.each([
    [{ quorum: { sources: 2, withoutBest: 1 } }, true, ""],
    [{ quorum: { sources: 3 } }, true, "quorum.sources: 3 can never be met, at most 2"],
    [{ quorum: { withoutBest: 2 } }, true, "quorum.withoutBest: 2 can never be met, at most 1"],
    [{ construction: { physicalOnly: true } }, true, ""],
    [{ construction: { physicalOnly: true } }, false, "construction.physicalOnly: true, but no"],
    [{ quorum: { sources: 2 }, sources: [] }, true, "quorum: can never be met: no source"],
    [{ construction: { physicalOnly: true }, sources: [] }, true, "construction.physicalOnly"],
  ])("a quorum %o, physical %s", (more, physical, fault) => {
    const found = faults(two(more, physical)).join();
    if (fault === "") expect(found).toBe("");
    else expect(found).toContain(fault);
  });
});

describe("health tests that cannot be right are refused", () => {
  const at = (more: object) => faults({ sources: [source("serial-generic", more)] }).join("\n");

  test("an APT whose intermittent cutoff is beyond its window, at the limit", () => {
    // All 512 samples are equal with probability 2^(-512 H), which is at most 2^-40 from 0.078 on.
    const reachable = (hundredths: number) => at({ testedEntropy: hundredths / 100 }) === "";
    const first = Array.from({ length: 100 }, (_, index) => index + 1).find(reachable)!;
    expect(first).toBe(8);
    expect(at({ testedEntropy: (first - 1) / 100 })).toMatch(
      /sources\.0\.health: adaptive_proportion: its intermittent cutoff 513 can never be reached/,
    );
    expect(at({ testedEntropy: (first - 1) / 100, health: { windowSamples: 1024 } })).toBe("");
  });

  test("more than a tenth of a false alarm a day, at the limit", () => {
    const refused = (exponent: number) =>
      at({ samplesPerSecond: 400_000, health: { alphaIntermittentExponent: exponent } });
    const accepted = Array.from({ length: 41 }, (_, index) => index + 20).find(
      (e) => refused(e) === "",
    )!;
    expect(accepted).toBeGreaterThan(30);
    expect(accepted).toBeLessThanOrEqual(40);
    expect(refused(accepted - 1)).toMatch(
      /false alarms a day .* 400000 samples a second.*raise it by/,
    );
    const slower = { samplesPerSecond: 1, health: { alphaIntermittentExponent: accepted - 1 } };
    expect(at(slower)).toBe("");
  });

  test("a permanent alpha above the intermittent one", () => {
    expect(at({ health: { alphaIntermittentExponent: 60, alphaPermanentExponent: 59 } })).toContain(
      "alphaPermanentExponent",
    );
  });
});

describe("hostile input", () => {
  const name = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "toString", "sources", "kind", "id", "health"),
    fc.constantFrom("framing", "environment", "assessed", "tls", "quorum", "clientCertificates"),
    fc.string({ maxLength: 8 }),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, true, "", "tpm", "program", -1, 0, Infinity, Number.NaN, "\0"),
      fc.double(),
      fc.string({ maxLength: 12 }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map((entries) => {
        const made = {};
        for (const [key, held] of entries)
          Object.defineProperty(made, key, { value: held, enumerable: true, configurable: true });
        return made;
      }),
    ),
  }));

  test("any value gives a configuration or its faults, and leaves no prototype changed", () => {
    const kind = fc.constantFrom(...Object.keys(LEAST));
    const one = fc.tuple(kind, name, value).map(([which, field, held]) => {
      const made = source(which);
      Object.defineProperty(made, field, { value: held, enumerable: true });
      return { sources: [made] };
    });
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(fc.oneof(value, one), fc.boolean(), (given, yaml) => {
        const text = yaml ? stringify(given) : (JSON.stringify(given) ?? "");
        faults(text);
      }),
      { numRuns: 1000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  test("any text does", () => {
    const part = fc.constantFrom(
      "a: ",
      "&a ",
      "*a",
      "[",
      "]",
      "{",
      "}",
      "- ",
      "\n",
      "  ",
      "!!map ",
      "<<: ",
      "|",
      '"',
      "sources:",
      "? ",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 20 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (given) => void faults(given)),
      { numRuns: 1000 },
    );
  });

  test("__proto__ is an unknown field, and sets nothing", () => {
    for (const text of [
      "__proto__: { publicProbes: false }",
      '{"__proto__": {"publicProbes": false}}',
      "construction: { __proto__: { physicalOnly: true } }",
      "sources: [{ kind: program, id: a, command: [a], environment: { __proto__: a } }]",
    ])
      expect(faults(text).join()).toContain("__proto__");
    expect(Object.hasOwn(Object.prototype, "publicProbes")).toBe(false);
  });

  test("aliases that multiply are refused before they do, and one that holds itself is", () => {
    const names = "abcdefghijklmnop".split("");
    const bomb = names
      .map((key, index) => {
        const inner = index === 0 ? "x" : `*${names[index - 1]}`;
        return `${key}: &${key} [${Array(9).fill(inner).join(", ")}]`;
      })
      .join("\n");
    expect(faults(bomb).join()).toContain("Excessive alias count");
    for (const text of ["&a\nb: *a", "sources: &a [*a]", "construction: &a { hash: *a }"])
      expect(faults(text).join()).toContain("or holds itself");
  });

  test("nesting is bounded", () => {
    for (const depth of [33, 1000, 100_000])
      expect(faults(`${"[".repeat(depth)}${"]".repeat(depth)}`).length).toBeGreaterThan(0);
    expect(faults(`a: ${"[".repeat(40)}${"]".repeat(40)}`).join()).toContain("deeper than 32");
  });

  test("sources may share a part by an alias", () => {
    const text =
      "sources:\n- { kind: tpm, id: a, health: &h { lag: false } }\n- { kind: tpm, id: b, health: *h }";
    expect(faults(text)).toEqual([]);
  });
});
