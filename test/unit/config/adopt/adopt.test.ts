import { describe, expect, test } from "vitest";
import { adopt, type AdoptionRequest } from "../../../../src/config/adopt/adopt.ts";
import { roundDown } from "../../../../src/config/adopt/evidence.ts";
import { parseConfiguration } from "../../../../src/config/parse.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { changed, NOW, REPORT } from "./report.ts";

const PLAIN = `sources:
  - id: noise   # on the shelf
    kind: serial-onerng
  - { id: other, kind: serial-generic, path: /dev/ttyS0 }
`;

function request(more: Partial<AdoptionRequest> & { text?: string } = {}): AdoptionRequest {
  const { text = JSON.stringify(REPORT), ...rest } = more;
  return {
    configuration: PLAIN,
    id: "noise",
    report: Buffer.from(text),
    entropy: null,
    vouched: null,
    nowMilliseconds: NOW,
    ...rest,
  };
}

function adopted(more: Parameters<typeof request>[0] = {}) {
  const adoption = adopt(request(more));
  if (!adoption.ok) throw new Error(JSON.stringify(adoption.objections));
  return adoption;
}

function refusals(more: Parameters<typeof request>[0] = {}): string[] {
  const adoption = adopt(request(more));
  if (adoption.ok) return [];
  for (const { remedy } of adoption.objections) expect(remedy).toMatch(/\w{3}/);
  return adoption.objections.map(({ detail }) => detail);
}

test("figure, file, date, samples and report's hash stand in the configuration, which stays as it was", () => {
  const adoption = adopted();
  expect(adoption).toMatchObject({ changed: true, before: null, testedEntropy: null });
  expect(adoption.reportPath).toMatch(/^assessments\/noise-[0-9a-f]{16}\.json$/);
  const [noise] = parseConfiguration(adoption.configuration).sources;
  expect(noise?.assessed).toEqual(adoption.after);
  expect(adoption.after.entropy).toBe(4.23);
  expect(adoption.after.evidence).toMatch(
    /^SP 800-90B, non-IID track, 2026-11-27T11:00:00Z: 4\.2391 bits a sample of 1000000 samples with SHA-256 (ab){32}; report assessments\/\S+\.json with SHA-256 [0-9a-f]{64}; firmware Version 3$/,
  );
  const lines = adoption.configuration.split("\n");
  expect(lines.filter((line) => !PLAIN.split("\n").includes(line))).toHaveLength(3);
  expect(lines.filter((line) => !/assessed|entropy|evidence/.test(line)).join("\n")).toBe(PLAIN);
  expect(adoption.warnings.join()).toMatch(/no restart test[^]*firmware Version 3/);
});

test("the same report again changes nothing", () => {
  const { configuration } = adopted();
  expect(adopted({ configuration })).toMatchObject({ changed: false, configuration });
});

describe("a figure", () => {
  test("is rounded down to two decimals, never up, and never to what is not it", () => {
    for (const [given, is] of [
      [4.2391, 4.23],
      [4.35, 4.35],
      [0.07, 0.07],
      [1.0, 1],
      [7.999999999999999, 7.99],
      [4.3499999999999996, 4.35], // The same double.
      [4.349999999999999, 4.34],
      [0.0099, 0],
    ] as const)
      expect(roundDown(given)).toBe(is);
    for (let hundredths = 1; hundredths <= 800; hundredths++)
      expect(roundDown(hundredths / 100)).toBe(hundredths / 100);
  });

  test("may be adopted lower than it was assessed, and not higher", () => {
    expect(adopted({ entropy: 3.999 }).after.entropy).toBe(3.99);
    expect(adopted({ entropy: 4.23 }).after.entropy).toBe(4.23);
    expect(refusals({ entropy: 4.24 })).toEqual([
      expect.stringContaining("--h 4.24 is more than the report's 4.23"),
    ]);
  });
});

describe("a report that cannot stand is refused, with every reason", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["another format", { format: "x" }, /cannot be used: \/format/],
    [
      "another suite",
      { suite: "sp800-22", title: "SP 800-22 r1a" },
      /gives no figure that is adopted/,
    ],
    ["the IID track", { suite: "sp800-90b-iid", passed: true }, /gives no figure that is adopted/],
    ["a name of an object's own", { suite: "constructor" }, /gives no figure that is adopted/],
    ["a claim not supported", { "parameters.claimedEntropy": 5, passed: false }, /do not support/],
    [
      "too few samples",
      { "file.samples": 999_999, "file.manifest.samples": 999_999 },
      /999999 samples were assessed/,
    ],
    ["a figure above the width", { minEntropy: 8.1 }, /minEntropy|more than/],
    ["a figure raised by hand", { minEntropy: 4.5 }, /its own estimates come to 4\.2391/],
    ["a figure lowered by hand", { minEntropy: 4 }, /its own estimates come to 4\.2391/],
    ["no figure", { minEntropy: null }, /every estimator/],
    ["an estimator left out", { "result.literal": REPORT.result.literal.slice(1) }, /every estim/],
    ["no bits", { "result.bitstring": null }, /every estimator/],
    ["an estimator not run", { "result.literal.1.minEntropy": null }, /every estimator/],
    ["no result", { result: 7 }, /every estimator/],
    ["the future", { atMilliseconds: NOW + 2 * 86_400_000 }, /yet to come/],
    ["a time that no date holds", { atMilliseconds: 9e15 }, /atMilliseconds/],
    ["another width", { "file.bitsPerSample": 4, "file.manifest": null }, /bits/],
    ["no manifest", { "file.manifest": null }, /no manifest stood beside/],
    ["a manifest of other samples", { "file.manifest.sha256": "cd".repeat(32) }, /other samples/],
    ["another source", { "file.manifest.source": "other" }, /samples of other/],
    ["another kind", { "file.manifest.kind": "tpm" }, /kind tpm/],
    [
      "another mode",
      { "file.manifest.device.mode": "cmd3 (avalanche and radio raw)" },
      /mode cmd3/,
    ],
    ["raw mode not confirmed", { "file.manifest.device.rawConfirmed": false }, /raw noise/],
    ["no device", { "file.manifest.device": null }, /raw noise/],
    [
      "a restart matrix",
      { "file.manifest.restart": "reopen", "file.manifest.samplesPerRestart": 1000 },
      /rows are not consecutive/,
    ],
    ["a word that moves the cursor", { "file.manifest.device.firmware": "\u001b[2J" }, /firmware/],
  ])("%s", (_what, changes, said) => {
    const found = refusals({ text: changed(changes) });
    expect(found.join("\n")).toMatch(said);
  });

  test("texts that are no report", () => {
    for (const text of ["", "{", "null", "[]", "\u0000", '{"format":"springhouse-assessment-1"}'])
      expect(refusals({ text })).toHaveLength(1);
    expect(refusals({ report: new Uint8Array(2 ** 25 + 1) }).join()).toContain("longer than");
  });

  test("all reasons come in one go", () => {
    const text = changed({ minEntropy: 8, "file.manifest.kind": "tpm", atMilliseconds: 9e14 });
    expect(refusals({ text, entropy: 8 }).length).toBe(3);
  });

  test("another device than the configured one", () => {
    const configuration = (field: string): string =>
      `sources:\n  - id: noise\n    kind: serial-onerng\n    vendorId: "1D50"\n    productId: "${field}"\n    serialNumber: "008"\n`;
    expect(refusals({ configuration: configuration("6086") })).toEqual([
      expect.stringContaining("serialNumber 007, and 008 is configured"),
    ]);
    expect(refusals({ configuration: configuration("6087") })).toHaveLength(2);
  });

  test("a report that is older than the one adopted before", () => {
    const { configuration } = adopted();
    const older = changed({ atMilliseconds: REPORT.atMilliseconds - 5000 });
    expect(refusals({ configuration, text: older }).join()).toMatch(/is older than the one/);
    const later = changed({ atMilliseconds: REPORT.atMilliseconds + 5000 });
    expect(adopted({ configuration, text: later }).changed).toBe(true);
  });

  test("a source that is not configured, and a file that does not hold", () => {
    expect(refusals({ id: "missing" }).join()).toContain("no source missing");
    expect(() => adopt(request({ configuration: "sources: 7" }))).toThrow(SpringhouseError);
    // What the parser finds once the claim is in: H and W at which no alarm can ever come.
    const certified = PLAIN.replace(
      "serial-onerng\n",
      'serial-onerng\n    compliant: { entropy: 4.5, certificate: "E1" }\n    assessed: { entropy: 5, evidence: "a study of mine" }\n',
    );
    expect(() => adopt(request({ configuration: certified }))).toThrow(
      /more than what is assessed/,
    );
  });
});

test("an anchor that another source's figure comes from is left alone", () => {
  const configuration = `sources:
  - id: noise
    kind: serial-onerng
    assessed: { entropy: &h 4, evidence: "words of old" }
  - { id: other, kind: serial-generic, path: /dev/ttyS0, testedEntropy: *h }
`;
  expect(refusals({ configuration }).join()).toMatch(/cannot be changed in its place/);
});

test("an operator vouches where no manifest says whose samples they are, and it stands there", () => {
  const text = changed({ "file.manifest": null });
  const raw = PLAIN.replace(
    "kind: serial-onerng",
    'kind: serial-onerng\n    raw: { evidence: "the vendor\'s paper" }',
  );
  const { after } = adopted({ configuration: raw, text, vouched: "captured with dd on 3 May" });
  expect(after.evidence).toMatch(/; vouched for: captured with dd on 3 May$/);
  expect(after.evidence.length).toBeLessThan(500);
});
