import { describe, expect, test } from "vitest";
import { REAL, runAgainstModel } from "./machine.ts";
import type { Machine } from "./machine.ts";

/** Each a defect that a change could bring; the model has to find every one. */
const PLANTED: Readonly<Record<string, Partial<Machine>>> = {
  "an approval is taken for any version": {
    transitKey: (record, order, author) =>
      REAL.transitKey(
        record,
        { ...order, approval: order.approval && { ...order.approval, version: order.version } },
        author,
      ),
  },
  "an approval outlives a change of the key": {
    transitKey: (record, order, author) =>
      REAL.transitKey(
        record,
        { ...order, approval: order.approval && { ...order.approval, revision: record.revision } },
        author,
      ),
  },
  "restore needs nobody's leave": {
    transitKey: (record, order, author) =>
      REAL.transitKey(
        record,
        order.transition === "restore"
          ? {
              ...order,
              approval: {
                digest: "",
                key: record.id,
                version: order.version,
                transition: "restore",
                revision: record.revision,
              },
            }
          : order,
        author,
      ),
  },
  "what is destroyed can be suspended": {
    transitKey: (record, order, author) => {
      const version = record.versions[order.version - 1];
      if (version?.state !== "destroyed" || order.transition !== "suspend")
        return REAL.transitKey(record, order, author);
      const versions = record.versions.with(order.version - 1, { ...version, state: "active" });
      return REAL.transitKey({ ...record, versions }, order, author);
    },
  },
  "a key past its validity is activated": {
    transitKey: (record, order, author) =>
      REAL.transitKey(record, order, { ...author, atMilliseconds: 0 }),
  },
  "a rotation leaves the primary where it was": {
    rotateKey: (record, birth, author, reason) => {
      const change = REAL.rotateKey(record, birth, author, reason);
      if ("ok" in change) return change;
      return { ...change, record: { ...change.record, primary: record.primary } };
    },
  },
  "a change of policy has no revision": {
    repolicyKey: (record, how, author) => {
      const change = REAL.repolicyKey(record, how, author);
      return { ...change, record: { ...change.record, revision: record.revision } };
    },
  },
  "an old version protects": {
    decide: (record, request) =>
      REAL.decide({ ...record, primary: request.version ?? record.primary }, request),
  },
  "a suspended version protects": {
    decide: (record, request) =>
      REAL.decide(
        {
          ...record,
          versions: record.versions.map((version) =>
            version.state === "suspended" ? { ...version, state: "active" } : version,
          ),
        },
        request,
      ),
  },
  "a leave to process that never ends": {
    decide: (record, request) =>
      REAL.decide(
        {
          ...record,
          versions: record.versions.map((version) =>
            version.processUntilMilliseconds === null
              ? version
              : { ...version, processUntilMilliseconds: Infinity },
          ),
        },
        request,
      ),
  },
  "a compromised version that processes without leave": {
    decide: (record, request) =>
      REAL.decide(
        {
          ...record,
          versions: record.versions.map((version) =>
            version.state === "compromised" ? { ...version, state: "deactivated" } : version,
          ),
        },
        request,
      ),
  },
  "a clock that nobody looks at": {
    decide: (record, request) => REAL.decide(record, { ...request, atMilliseconds: 0 }),
  },
  "a replay that skips the compromised": {
    replay: (leaves) => REAL.replay([...leaves].filter(({ op }) => op !== "compromise")),
  },
  "a replay that does not count revisions": {
    replay: (leaves) => {
      const counts = new Map<string, number>();
      return REAL.replay(
        [...leaves].map((leaf) => {
          const revision = (counts.get(leaf.key) ?? 0) + 1;
          counts.set(leaf.key, revision);
          return { ...leaf, revision };
        }),
      );
    },
  },
};

describe("the state machine against its model", () => {
  test("a few thousand commands; the slow suite runs 100,000", () => {
    expect(runAgainstModel(REAL, 100, 7)).toBeGreaterThan(1_000);
  });

  test.each(Object.entries(PLANTED))("finds: %s", (_, bug) => {
    expect(() => runAgainstModel({ ...REAL, ...bug }, 300, 11)).toThrow("Counterexample");
  });
});
