/*
 * Preloaded into a service (`node --import`): its wall clock is ahead by as many milliseconds as the file
 * of SPRINGHOUSE_TEST_SKEW says. Everything else of time, and of the service, is real.
 */
import { readFileSync } from "node:fs";

const real = Date.now;
const file = process.env.SPRINGHOUSE_TEST_SKEW;
let skew = 0;
let readAt = -Infinity;

Date.now = () => {
  if (performance.now() - readAt > 20) {
    skew = Number(readFileSync(file, "utf8"));
    readAt = performance.now();
  }
  return real() + skew;
};
