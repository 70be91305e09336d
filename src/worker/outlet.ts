import { parentPort, workerData } from "node:worker_threads";
import { Outlet } from "../outlet/outlet.ts";
import type { OutletTerms, ToOutlet } from "../outlet/protocol.ts";
import { systemClock } from "../platform/clock.ts";

/* A thread that answers requests for bytes on the service's address, beside the main one. */

if (!parentPort) throw new Error("outlet runs as a worker thread only");
const port = parentPort;
const terms = workerData as OutletTerms;
const outlet = new Outlet(terms, systemClock(terms.clockOrigin), (message, transfer) =>
  port.postMessage(message, [...(transfer ?? [])]),
);
port.on("message", (message: ToOutlet | { readonly stop: true }) => {
  if ("stop" in message) {
    outlet.stop();
    process.exit();
  }
  outlet.told(message);
});
await outlet.open();
