import { parentPort } from "node:worker_threads";
import { makePair, type TestedPair } from "../key/pair/makePair.ts";
import { owned, type PairAnswer, type PairOrder } from "../key/pair/pairProtocol.ts";

/* A thread that derives pairs and tests them. What buffers of a pair stay in it are overwritten. */

if (!parentPort) throw new Error("pairMaker runs as a worker thread only");
const port = parentPort;

function made({ type, seed }: PairOrder): TestedPair | null {
  try {
    return makePair(type, seed);
  } catch {
    // An error's text might hold a value.
    return null;
  }
}

port.on("message", (order: PairOrder) => {
  const { job } = order;
  const tested = made(order);
  if (tested === null) {
    port.postMessage({ job, pair: null } satisfies PairAnswer);
    return;
  }
  const secret = owned(tested.material.secret);
  const publicKey = owned(tested.material.publicKey);
  const pair = { ...tested, material: { ...tested.material, secret, publicKey } };
  port.postMessage({ job, pair } satisfies PairAnswer, [secret.buffer, publicKey.buffer]);
});
