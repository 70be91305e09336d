/*
 * Benchmarks, each with its baseline in the same run: `npm run bench`, or `npm run bench -- NAME...`
 * for some. The ratios are printed and kept in bench/results.json, of which `npm run generate` makes
 * docs/benchmarks.md. With SPRINGHOUSE_BENCH_ROUNDS a run is a trial: shorter, and not kept.
 */
import { BENCHES } from "./benches.ts";
import { isTrial } from "./ratio.ts";
import { conditionsNow, isLoaded, mergeResults, readResults, writeResults } from "./results.ts";
import { alignedTable } from "./table.ts";

const NAMES = Object.keys(BENCHES);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(", ")}; there are ${NAMES.join(", ")}`);
  process.exit(2);
}

const conditions = conditionsNow();
const { processor, cores, node, loadAverage } = conditions;
console.log(`${processor}, ${cores} cores, Node ${node}, load average ${loadAverage}`);
if (isLoaded(conditions)) console.log("The machine is busy with something else: it will show.");

const tables: string[] = [];
for (const name of asked.length > 0 ? asked : NAMES) {
  console.log(`\n${name}`);
  const begin = performance.now();
  try {
    const { title, load } = BENCHES[name]!;
    const { run } = await load();
    const ratios = await run();
    if (ratios.length > 0) tables.push(`${title}\n\n${alignedTable(ratios)}`);
    if (!isTrial)
      writeResults(mergeResults(readResults(), { [name]: { conditions, ratios } }, NAMES));
  } catch (error) {
    // The others have nothing to do with it.
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
  }
  console.log(`${name} took ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
console.log(`\n${tables.join("\n")}`);
console.log(
  isTrial
    ? "A trial: bench/results.json was left as it was."
    : "Kept in bench/results.json; `npm run generate` writes docs/benchmarks.md and the README's lines.",
);
