import { BENCHES } from "../bench/benches.ts";
import { isReached, type Ratio } from "../bench/ratio.ts";
import { type Conditions, isLoaded, type Results } from "../bench/results.ts";
import { cellsOf, HEAD } from "../bench/table.ts";
import {
  MAXIMUM_BYTES_PER_SEED,
  fullEntropyInputBits,
  reseedEntropyBits,
} from "../src/standard/limits.ts";
import { NOTE, table } from "./markdown.ts";

const NOTHING = "Nothing was measured yet; `npm run bench` does.\n";

function conditionsText(conditions: Conditions): string {
  const { processor, cores, node, date, loadAverage } = conditions;
  const busy = isLoaded(conditions)
    ? ". **The machine was busy with something else**, and it shows"
    : "";
  return `${date}, ${processor}, ${cores} cores, Node ${node}, load average ${loadAverage} before it${busy}.`;
}

/** What the figures do not say: with a source of its own, the noise is slower than the DRBG. */
function noiseBound(): string {
  const bits = fullEntropyInputBits(reseedEntropyBits(256));
  const each = MAXIMUM_BYTES_PER_SEED / bits;
  const megabytes = ((each * 100_000) / 1e6).toFixed(1);
  return `All of it is over the OS RNG, without configuration. With a source of its own (RBG2) the noise is the bound: a reseed takes ${bits} credited bits of samples and is good for 2^17 bits, so each credited bit gives at most ${each.toFixed(0)} bytes, and a device with 100,000 a second ${megabytes} MB/s.\n\n`;
}

/** `docs/benchmarks.md` */
export function benchmarksDocument(results: Results): string {
  const head =
    `# Benchmarks\n\n${NOTE}` +
    "`npm run bench` measures all of this, `npm run bench -- NAME...` some. Each figure is taken beside a baseline in the same run, in turns where both can be; the ratio is the median of the rounds, the spread their lowest and highest. More is better, unless the goal says ≤, or that less is. " +
    "The machine should have nothing else to do. `SPRINGHOUSE_BENCH_ROUNDS=1` is a trial, which is not kept; `SPRINGHOUSE_BENCH_SLOW_BYTES=1e10` has slow clients read 10 GB.\n\n" +
    noiseBound();
  const measured = Object.entries(results);
  if (measured.length === 0) return head + NOTHING;
  const sections = measured.map(([name, { conditions, ratios }]) => {
    const { title = name, bound } = BENCHES[name] ?? {};
    const text = `## ${title}\n\n\`${name}\`: ${conditionsText(conditions)}\n\n`;
    const isMissed = ratios.some((ratio) => isReached(ratio) === false);
    const why = isMissed && bound !== undefined ? `\n**What bounds them.** ${bound}\n` : "";
    return text + table(HEAD, ratios.map(cellsOf)) + why;
  });
  return head + sections.join("\n");
}

/** What the README shows: of each of these benches the first row whose name begins so. */
const HEADLINES: readonly (readonly [bench: string, what: string])[] = [
  ["drbg", "64 KiB, four lanes"],
  ["drbg", "32 bytes, one instance"],
  ["http", "GET /v1/random?bytes=32, 32 connections"],
  ["stream", "springhouse stream"],
  ["reseed", "p99 of 32 bytes"],
];

/**
 * The README's section on speed: a handful of rows.
 * @throws Error where a bench that was run has no such row
 */
export function headlines(results: Results): string {
  const link = "All of it, with spreads and goals: [docs/benchmarks.md](docs/benchmarks.md).\n";
  const rows = HEADLINES.flatMap(([bench, begin]): Ratio[] => {
    const result = results[bench];
    if (result === undefined) return [];
    const row = result.ratios.find(({ what }) => what.startsWith(begin));
    if (row === undefined) throw new Error(`the bench ${bench} has no row ${begin}`);
    return [row];
  });
  if (rows.length === 0) return `${NOTHING}\n${link}`;
  const cells = rows.map(cellsOf).map(([what, ratio, , , beside]) => [what!, ratio!, beside!]);
  return `${table(["what", "ratio", "beside"], cells)}\n${link}`;
}
