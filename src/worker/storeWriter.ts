import { parentPort, workerData } from "node:worker_threads";
import { SqliteEngine } from "../store/sqliteEngine.ts";
import type { SqliteSettings } from "../store/sqliteEngine.ts";
import { toFault } from "../store/workerProtocol.ts";
import type { Answer, Call, Reply } from "../store/workerProtocol.ts";

/*
 * The thread that waits for the disk, so that the event loop of the service never does. It answers
 * calls one after the other; the queue and the grouping are on the other side.
 */

if (!parentPort) throw new Error("storeWriter runs as a worker thread only");
const port = parentPort;

function reply(message: Reply): void {
  port.postMessage(message);
}

function answer(engine: SqliteEngine, call: Call): Answer {
  try {
    if ("commit" in call) {
      const outcomes = engine.commit(call.commit);
      return { outcomes: outcomes.map((outcome) => outcome && toFault(outcome)) };
    }
    if ("read" in call) return { rows: engine.read(call.read) };
    engine.close();
    return { done: true };
  } catch (error) {
    return { fault: toFault(error) };
  }
}

try {
  const engine = new SqliteEngine(workerData as SqliteSettings);
  port.on("message", (call: Call) => {
    reply({ call: call.call, ...answer(engine, call) });
    if ("close" in call) port.close();
  });
  reply({ call: 0, done: true });
} catch (error) {
  reply({ call: 0, fault: toFault(error) });
  port.close();
}
