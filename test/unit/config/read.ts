import { parseConfiguration } from "../../../src/config/parse.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";

/** The faults of a configuration, a line each; empty when it holds. Anything else thrown is a bug. */
export function faults(given: unknown): string[] {
  try {
    parseConfiguration(typeof given === "string" ? given : JSON.stringify(given));
    return [];
  } catch (error) {
    if (!(error instanceof SpringhouseError) || error.code !== "configuration_invalid") throw error;
    return error.message
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }
}

/** What each kind needs at the least. */
export const LEAST: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "serial-truerng": {},
  "serial-truerngpro": {},
  "serial-onerng": {},
  "serial-generic": { path: "/dev/ttyS0" },
  "character-device": { path: "/dev/hwrng" },
  tpm: {},
  program: { command: ["infnoise", "--raw"] },
  recording: { path: "noise.bin", bitsPerSample: 8 },
};

export const EVIDENCE = { evidence: "sha256 of a capture" };
export const assessed = (entropy: number) => ({ entropy, ...EVIDENCE });

export function source(kind: string, more: object = {}): Record<string, unknown> {
  return { kind, id: "noise", ...LEAST[kind], ...more };
}

/** `{ a: { b: value } }` from `a.b`. */
export function nested(path: string, value: unknown): Record<string, unknown> {
  return path
    .split(".")
    .reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Record<string, unknown>;
}

/** The value at `a.b`. */
export function at(whole: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
      whole,
    );
}
