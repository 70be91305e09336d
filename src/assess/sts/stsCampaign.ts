import type { Campaign } from "../campaign.ts";
import type { Samples } from "../samples.ts";
import type { StsConstants, StsOutcome } from "./outcome.ts";
import { stsStream } from "./stream.ts";
import { summaryOf, type Sts } from "./summary.ts";

export interface StsOptions {
  /** n; default 1,000,000. */
  readonly bitsPerStream?: number;
  /** Default: as many as the samples hold. */
  readonly streams?: number;
  /** Default `text`. */
  readonly constants?: StsConstants;
  /** Default 0.01. */
  readonly alpha?: number;
}

/** One stream: plain data, with everything that a thread needs besides the samples. */
export interface StsTask {
  /** From 0. */
  readonly stream: number;
  readonly bitsPerStream: number;
  readonly constants: StsConstants;
}

export interface StsPart {
  readonly outcomes: readonly StsOutcome[];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** The bits of a stream, each symbol's most significant first; streams may begin within a symbol. */
function bitsOfStream(
  { symbols, bitsPerSymbol }: Samples,
  from: number,
  count: number,
): Uint8Array {
  const bits = new Uint8Array(count);
  let symbol = Math.floor(from / bitsPerSymbol);
  let shift = bitsPerSymbol - 1 - (from % bitsPerSymbol);
  for (let at = 0; at < count; at++) {
    bits[at] = (symbols[symbol]! >>> shift) & 1;
    if (shift-- === 0) {
      shift = bitsPerSymbol - 1;
      symbol++;
    }
  }
  return bits;
}

/** @param samples those that the campaign was begun with */
export function runStsTask(samples: Samples, task: StsTask): StsPart {
  const { stream, bitsPerStream, constants } = task;
  const bits = bitsOfStream(samples, stream * bitsPerStream, bitsPerStream);
  try {
    return { outcomes: stsStream(bits, { constants }) };
  } finally {
    bits.fill(0);
  }
}

/**
 * SP 800-22 r1a over many streams, cut from the samples one after the other; bits that are left over
 * are not looked at. Samples that are too few give a result that says so, and no tasks.
 * @throws RangeError for numbers of bits or streams that are no positive integers, or an alpha that is
 *   not between 0 and 1
 */
export function stsCampaign(
  samples: Samples,
  options: StsOptions = {},
): Campaign<StsTask, StsPart, Sts> {
  const { bitsPerStream = 1_000_000, constants = "text", alpha = 0.01 } = options;
  const bits = samples.symbols.length * samples.bitsPerSymbol;
  const held = Math.floor(bits / bitsPerStream);
  const streams = options.streams ?? held;
  if (!isCount(bitsPerStream)) throw new RangeError("bitsPerStream is a positive integer");
  if (options.streams !== undefined && !isCount(options.streams)) {
    throw new RangeError("streams is a positive integer");
  }
  if (!(alpha > 0 && alpha < 1)) throw new RangeError("alpha is between 0 and 1");
  const missing =
    streams === 0 || streams > held
      ? `${Math.max(1, streams)} streams of ${bitsPerStream} bits are needed, the samples hold ${bits} bits`
      : null;
  const parameters = { bitsPerStream, streams, constants, alpha };
  const outcomes: (readonly StsOutcome[] | undefined)[] = [];
  let given = 0;
  let taken = 0;
  return {
    next: () =>
      missing === null && given < streams ? { stream: given++, bitsPerStream, constants } : null,
    take({ stream }, part) {
      if (!(stream < given) || outcomes[stream]) {
        throw new Error(`stream ${stream} was not given out, or is in already`);
      }
      outcomes[stream] = part.outcomes;
      taken++;
    },
    result() {
      if (missing !== null) return summaryOf(parameters, [], missing);
      if (taken < streams) return null;
      return summaryOf(parameters, outcomes as (readonly StsOutcome[])[]);
    },
    progress: () => `${taken} of ${missing === null ? streams : 0} streams`,
  };
}
