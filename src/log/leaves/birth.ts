import { Type, type Static } from "typebox";
import { HEALTH_TESTS } from "../../port/health.ts";
import { BITS, COUNT, DIGEST, NAME, SHAPE, strictObject, TIME } from "./fields.ts";

const MARGINS = strictObject(
  Object.fromEntries(HEALTH_TESTS.map((test) => [test, Type.Optional(Type.Number())])),
);

/** One source's part in a seed. */
const SOURCE = strictObject({
  source: NAME,
  /** Only of what was credited. */
  physical: Type.Optional(Type.Boolean()),
  /** Credited by the operator's assessment, and by a certificate; 0 for what went in uncredited. */
  bits: BITS,
  compliantBits: BITS,
  /** Health windows behind it, from the first one's start to the last one's end. */
  windows: COUNT,
  from: Type.Union([TIME, Type.Null()]),
  to: Type.Union([TIME, Type.Null()]),
  /** Of those, windows that saw an alarm. A window that did is discarded, so this is 0. */
  alarmed: COUNT,
  /** By test: the closest approach to the intermittent cutoff in all of them. */
  margins: MARGINS,
});

/** What stood behind an output: its seed, the noise, and what it was tested and built with. */
export const BIRTH = strictObject({
  /** `seed.counter`. */
  output: NAME,
  seed: NAME,
  instance: NAME,
  shape: SHAPE,
  creditedBits: BITS,
  /** Index k: bits that remain without the best k sources. */
  strengthWithoutBest: Type.Array(BITS),
  /** An RBGC's: strength, not entropy. */
  parent: Type.Union([strictObject({ name: NAME, strength: BITS }), Type.Null()]),
  sources: Type.Array(SOURCE),
  /** SHA-256 of the canonical JSON of the seed's, blocks' and windows' records. */
  lineage: DIGEST,
  configuration: NAME,
  build: NAME,
});
export type Birth = Static<typeof BIRTH>;
