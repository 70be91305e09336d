import { hash } from "node:crypto";
import type { EntropyBlock, OutputStory, SampleWindow, Seed } from "../port/lineage.ts";
import { canonicalJson } from "./canonicalJson.ts";
import type { Birth } from "./leaves/birth.ts";

/** What stood behind an output, whole. A birth holds its digest, and a receipt the records themselves. */
export interface LineageRecords {
  readonly seed: Seed;
  readonly blocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
}

/** What an output was made by. */
export interface Maker {
  /** Version of the configuration. */
  readonly configuration: string;
  /** SHA-256 of the program's files. */
  readonly build: string;
}

/** Holds no value of any kind: records of noise, not noise. */
export function lineageDigest({ seed, blocks, windows }: LineageRecords): string {
  return hash("sha256", canonicalJson({ blocks, seed, windows }), "hex");
}

/** The birth certificate of an output: what its leaf says of the noise behind it. */
export function birthOf(story: OutputStory, { configuration, build }: Maker): Birth {
  const { id, seed, windows } = story;
  return {
    output: id,
    seed: seed.id,
    instance: seed.instance,
    shape: seed.shape,
    creditedBits: seed.creditedBits,
    strengthWithoutBest: [...seed.strengthWithoutBest],
    parent: seed.parent && { name: seed.parent.name, strength: seed.parent.securityStrength },
    sources: sourcesOf(seed, windows),
    lineage: lineageDigest(story),
    configuration,
    build,
  };
}

type SourcePart = Birth["sources"][number];

function sourcesOf(seed: Seed, windows: readonly SampleWindow[]): SourcePart[] {
  const names = new Set([...seed.credits, ...windows].map(({ source }) => source));
  return [...names].sort().map((source) => {
    const credit = seed.credits.find((one) => one.source === source);
    const own = windows.filter((window) => window.source === source);
    return {
      source,
      ...(credit ? { physical: credit.physical } : {}),
      bits: credit?.assessedBits ?? 0,
      compliantBits: credit?.compliantBits ?? 0,
      windows: own.length,
      from: own.length === 0 ? null : Math.min(...own.map((window) => window.fromMilliseconds)),
      to: own.length === 0 ? null : Math.max(...own.map((window) => window.toMilliseconds)),
      alarmed: own.filter(({ verdict }) => verdict === "alarmed").length,
      margins: smallestMargins(own),
    };
  });
}

function smallestMargins(windows: readonly SampleWindow[]): SourcePart["margins"] {
  const smallest: Record<string, number> = {};
  for (const { margins } of windows)
    for (const [test, margin] of Object.entries(margins))
      smallest[test] = Math.min(smallest[test] ?? Infinity, margin);
  return smallest;
}
