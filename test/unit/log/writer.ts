import { systemClock } from "../../../src/platform/clock.ts";
import { openWorkerStore } from "../../../src/store/workerStore.ts";
import { SigningKey } from "../../../src/log/signingKey.ts";
import { openTransparencyLog } from "../../../src/log/transparencyLog.ts";
import { serviceStart, SIGNER } from "./logs.ts";

/*
 * A process to be killed: changes with their leaves without end, several at a time, each printed once it
 * was acknowledged, and proofs and checkpoints meanwhile.
 */
const [directory, boot] = process.argv.slice(2);
if (!directory || !boot) throw new Error("usage: writer.ts DIRECTORY BOOT");
const clock = systemClock();
const store = await openWorkerStore({ directory, maximumBytes: null }, clock);
const first = serviceStart();
const log = await openTransparencyLog({ store, clock, key: new SigningKey(SIGNER), boot, first });
log.onCheckpoint(({ note }) => process.stdout.write(`${JSON.stringify(note)}\n`));
let n = 0;
async function write(): Promise<never> {
  for (;;) {
    const name = `${boot}-${++n}`;
    const change = { statement: "document.put", parameters: ["test", name, "{}", 1] } as const;
    const id = await log.append(serviceStart({ version: name }), [change]);
    process.stdout.write(`${JSON.stringify(name)}\n`);
    if (n % 50 === 0) await log.inclusion(id);
  }
}
await Promise.all(Array.from({ length: 8 }, write));
