import { realpath, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Failure } from "./failure.ts";
import { notWritten, writeDurably } from "./wholeFile.ts";

/** Of what a link points at, or where a new file comes to stand; it need not exist. */
async function placeOf(path: string): Promise<string> {
  const whole = await realpath(path).catch(() => null);
  if (whole !== null) return whole;
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/**
 * Before anything is computed: a report is put in its place whole, which would take the place of a
 * device, of the samples, or of another report as well.
 * @throws Failure
 */
export async function checkReportPlaces(
  reports: readonly string[],
  samples: string,
): Promise<void> {
  const taken = new Set([await placeOf(samples), await placeOf(`${samples}.json`)]);
  for (const path of reports) {
    const known = await stat(path).catch(() => null);
    if (known && !known.isFile())
      throw new Failure(1, `the report cannot be written to ${path}: it is not a regular file`);
    const place = await placeOf(path);
    if (taken.has(place))
      throw new Failure(
        2,
        `the report cannot be written to ${path}: the samples, their manifest or another report are there`,
        "Name another file.",
      );
    taken.add(place);
  }
}

/** Whole or not at all: what stood there before stays until the new one is written. */
export async function writeReport(path: string, text: string): Promise<void> {
  try {
    await writeDurably(await placeOf(path), Buffer.from(text), null, rename);
  } catch (error) {
    throw notWritten("the report", path, error);
  }
}
