import { systemClock } from "../../../src/platform/clock.ts";
import { createSeedRecorder } from "../../../src/lineage/seedRecorder.ts";
import { openWorkerStore } from "../../../src/store/workerStore.ts";
import { material } from "../lineage/records.ts";

/*
 * A process to be killed: records seeds without end, several at a time, and prints each one's number
 * once it was acknowledged.
 */
const [directory, boot] = process.argv.slice(2);
if (!directory || !boot) throw new Error("usage: writer.ts DIRECTORY BOOT");
const store = await openWorkerStore({ directory, maximumBytes: null }, systemClock());
const recorder = createSeedRecorder(store);
let n = 0;
async function write(): Promise<never> {
  for (;;) {
    const { seed, blocks, windows } = material(boot!, ++n);
    await recorder.record(seed, blocks, windows);
    process.stdout.write(`${seed.id}\n`);
  }
}
await Promise.all(Array.from({ length: 8 }, write));
