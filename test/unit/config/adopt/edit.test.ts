import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { writeClaim } from "../../../../src/config/adopt/edit.ts";

const CLAIM = { entropy: 4.23, evidence: 'a "report", it is: #7' };

/** The lines that were taken out and put in. */
function difference(before: string, after: string | null): { out: string[]; in: string[] } {
  const [was, is] = [before.split("\n"), (after ?? "").split("\n")];
  return {
    out: was.filter((line) => !is.includes(line)),
    in: is.filter((line) => !was.includes(line)),
  };
}

const read = (text: string | null) =>
  (parse(text!) as { sources: { assessed?: unknown }[] }).sources;

describe("only the claim's own characters change", () => {
  test.each([
    ["a block", "sources:\n- id: a # one\n  kind: x\n\n# two\n- id: b\n"],
    [
      "indentation of four",
      "sources:\n    -   id: a\n        kind: x   # what\n        health:\n            lag: 1\n",
    ],
    ["no newline at the end", "sources:\n  - id: a"],
    ["carriage returns", "sources:\r\n  - id: a\r\n    kind: x\r\n"],
    ["flow", "sources: [ { id: a, kind: x } ] # all\n"],
    ["flow over lines", 'sources:\n  - {\n      "id": "a",\n      "kind": "x"\n    }\n'],
    ["JSON", '{"sources":[{"id":"a","kind":"x"}]}\n'],
    [
      "nested fields last",
      "sources:\n  - id: a\n    framing:\n      mapping: byte\n      bitsPerSample: 8\n# end\n",
    ],
    [
      "a long text before",
      "sources:\n  - kind: x\n    id: a\n    raw:\n      evidence: >\n        folded\n        text\n",
    ],
  ])("%s", (_what, before) => {
    const after = writeClaim(before, 0, CLAIM);
    expect(read(after)[0]?.assessed).toEqual(CLAIM);
    const { assessed: _claim, ...rest } = read(after)[0] as Record<string, unknown>;
    expect([rest, ...read(after).slice(1)]).toEqual(read(before));
    for (const comment of before.match(/#.*/g) ?? []) expect(after).toContain(comment);
    if (before.includes("\r\n")) expect(after).not.toMatch(/[^\r]\n/);
  });

  test.each([
    [
      "a block",
      "sources:\n  - id: a\n    assessed: # why\n      entropy: 1.5   # old\n      evidence: old words\n    kind: x\n",
      2,
    ],
    [
      "flow",
      "sources:\n  - { id: a, assessed: { entropy: 1.5, evidence: old words }, kind: x } # c\n",
      1,
    ],
    [
      "quoted and folded",
      "sources:\n  - id: a\n    assessed:\n      evidence: >-\n        old\n        words\n      entropy: 1.5\n    kind: x\n",
      4,
    ],
  ])("one that is there already, %s", (_what, before, linesOut) => {
    const after = writeClaim(before, 0, CLAIM);
    expect(read(after)[0]).toEqual({ id: "a", kind: "x", assessed: CLAIM });
    expect(difference(before, after).out).toHaveLength(linesOut);
    for (const comment of before.match(/#.*/g) ?? []) expect(after).toContain(comment);
  });

  test("testedEntropy goes with its line", () => {
    const before = "sources:\n  - id: a\n    testedEntropy: 4 # guess\n    kind: x # keep\n";
    const after = writeClaim(before, 0, CLAIM);
    expect(difference(before, after).out).toEqual(["    testedEntropy: 4 # guess"]);
    expect(read(after)[0]).toEqual({ id: "a", kind: "x", assessed: CLAIM });
  });

  test("what is shared is not changed in its place", () => {
    const shared =
      "sources:\n  - id: a\n    assessed: &all { entropy: 1, evidence: old words }\n  - id: b\n    assessed: *all\n";
    expect(writeClaim(shared, 0, CLAIM)).toBeNull();
    const [a, b] = read(writeClaim(shared, 1, CLAIM));
    expect([a?.assessed, b?.assessed]).toEqual([{ entropy: 1, evidence: "old words" }, CLAIM]);
    expect(writeClaim("sources:\n  - &one\n    id: a\n  - *one\n", 1, CLAIM)).toBeNull();
    expect(writeClaim("sources: 7\n", 0, CLAIM)).toBeNull();
  });
});

test("whatever a printed configuration looks like, the rest of it is the same afterwards", () => {
  const text = fc.string({ maxLength: 40 });
  const field = fc.oneof(
    text,
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.array(text, { maxLength: 3 }),
  );
  const nested = fc.dictionary(fc.constantFrom("one", "two"), field, { minKeys: 1 });
  const source = fc.record(
    {
      id: text,
      path: text,
      health: nested,
      command: fc.array(text),
      assessed: fc.record({ entropy: fc.constant(1), evidence: text }),
    },
    { requiredKeys: ["id"] },
  );
  fc.assert(
    fc.property(
      fc.array(source, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.constantFrom(1, 2, 4, 7),
      fc.boolean(),
      text,
      (sources, at, indent, indentSeq, evidence) => {
        const index = at % sources.length;
        const before = stringify(
          { sources, listen: "x" },
          { indent: Math.max(2, indent), indentSeq },
        );
        const claim = { entropy: 0.07, evidence };
        const expected = sources.map((one, place) =>
          place === index ? { ...one, assessed: claim } : one,
        );
        const after = writeClaim(before, index, claim);
        // The same text twice is printed as it stands: `stringify` anchors only what is one object.
        expect(parse(after!)).toEqual({ sources: expected, listen: "x" });
      },
    ),
    { numRuns: 150 },
  );
});
