import { expect, test, vi } from "vitest";
import { Quotas } from "../../../src/access/quotas.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { SLOT_CELLS, SLOTS } from "../../../src/outlet/board.ts";
import { OutletLine } from "../../../src/outlet/outletLine.ts";
import type { OutletsTerms } from "../../../src/outlet/outlets.ts";
import type { OutletListener, OutletTerms } from "../../../src/outlet/protocol.ts";
import { RequestTally } from "../../../src/telemetry/requestTally.ts";
import { until } from "../../support/springhouse.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { BOOT, isOutlets, openRig, principalOf, type Rig } from "./rig.ts";

const SEED_BYTES = 16_384;
const NO_NOTES = { refused: () => {}, suppressed: () => {}, defect: () => {} };

/** What HMAC_DRBG makes of the seeds that were lent, piece by piece as the answers name them. */
class Replay {
  readonly #drbg = new HmacDrbg("sha256");
  readonly #rig: Rig;
  #live = "";
  #left = 0;
  readonly bytesOf = new Map<string, number>();

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  bytes(outputs: readonly string[], length: number): Buffer {
    const out = new Uint8Array(length);
    let at = 0;
    for (const output of outputs) {
      const seed = output.slice(0, output.lastIndexOf("."));
      if (seed !== this.#live) this.#reseed(seed);
      const piece = Math.min(length - at, this.#left);
      expect(output).toBe(`${seed}.${this.#drbg.reseedCounter}`);
      this.#drbg.generate(out.subarray(at, at + piece));
      this.#left -= piece;
      at += piece;
      this.bytesOf.set(seed, (this.bytesOf.get(seed) ?? 0) + piece);
    }
    expect(at).toBe(length);
    return Buffer.from(out);
  }

  #reseed(id: string): void {
    const { seedRecorder, seeds } = this.#rig;
    const at = seedRecorder.made.findIndex((seed) => seed.id === id);
    const { entropyInput, additionalInput } = seeds.taken[at]!;
    expect(seedRecorder.durable.get(id)?.instance).toBe("http-2");
    // Each goes in once.
    expect(this.bytesOf.has(id)).toBe(false);
    const personalization = Buffer.concat([
      Buffer.from(`springhouse/${BOOT}/http-2\0`),
      additionalInput,
    ]);
    if (this.#drbg.state === "ready") this.#drbg.reseed(entropyInput, additionalInput);
    else this.#drbg.instantiate(entropyInput, new Uint8Array(0), personalization, 256, false);
    this.#live = id;
    this.#left = SEED_BYTES;
  }
}

test("2^17 bits a seed and no more, requests split, and every byte is its seed's", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  const replay = new Replay(rig);
  const lengths = [1, 32_768, 16_384, 16_383, 2, 30_000, 32_767, 32];
  let sum = 0;
  let requests = 0;
  let split = 0;
  for (const length of [lengths, lengths.toReversed(), lengths].flat()) {
    // As a good source does: there is always enough for the next.
    if (rig.seeds.blocks.length < 40) rig.feed(40);
    const answer = await rig.ask(token, length);
    expect(answer.status).toBe(200);
    // On a machine that is busy a seed may come too late.
    if (!isOutlets(answer)) continue;
    const outputs = answer.headers.get("springhouse-output")!.split(", ");
    expect(answer.body.equals(replay.bytes(outputs, length))).toBe(true);
    sum += length;
    requests++;
    if (outputs.length > 1) split++;
  }
  expect(requests).toBeGreaterThan(12);
  expect(split).toBeGreaterThan(3);
  rig.outlets.fold();
  const bySeed = new Map<string, number>();
  for (const { seed, bytes } of rig.counts) bySeed.set(seed, (bySeed.get(seed) ?? 0) + bytes);
  expect(bySeed).toEqual(replay.bytesOf);
  expect(Math.max(...bySeed.values())).toBe(SEED_BYTES);
  expect(rig.counted(principalOf(rig, token)).bytes).toBe(sum);
  const use = rig.house.access.quotas.uses().find(({ bytes }) => bytes > 0);
  // A request that is split is one request of its quota, and one of the metrics.
  expect(use).toMatchObject({ requests, bytes: sum });
  const { http } = rig.tally.doors;
  // Counted when it has left, of which the client may know before the thread does.
  await until("the last answer to be counted", () => {
    rig.outlets.fold();
    return (http.codes.get(200) ?? 0) >= requests;
  });
  expect([http.codes.get(200), http.outputBytes]).toEqual([requests, sum]);
});

/** The house's end of an outlet that has no thread: the test is the outlet. */
function lineAlone() {
  const counted: [number, number][] = [];
  const tally = new RequestTally();
  let listener: OutletListener | undefined;
  const terms = {
    clock: new FakeClock(),
    startThread: (_terms: OutletTerms, given: OutletListener) => {
      listener = given;
      return { tell: () => {}, stop: () => Promise.resolve() };
    },
    tally,
    quotas: new Quotas(new FakeClock()),
    outputs: {
      count: (...[, , , , bytes, requests]: [string, string, string, string, number, number?]) =>
        void counted.push([requests ?? 1, bytes]),
    },
    observer: { event: () => {} },
  } as unknown as OutletsTerms;
  const line = new OutletLine("http-2", terms);
  const address = { host: "127.0.0.1", port: 0 };
  line.open({ address, tls: null, accept: () => {}, notes: NO_NOTES });
  listener!.told({ slot: 5, seed: "s", principal: "p" });
  const sum = () => counted.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  return { line, board: line.board, tally, told: listener!.told, sum };
}

test("counts that are read in the middle of being made are whole in the end", () => {
  const { line, board, told, sum } = lineAlone();
  // The outlet has counted the request, and not yet its bytes.
  board.count(5, 0, true);
  line.fold();
  const cells = new Float64Array(board.shared, board.shared.byteLength - 8 * SLOT_CELLS * SLOTS);
  cells[SLOT_CELLS * 5 + 1]! += 100;
  told({ full: [5] });
  line.fold();
  expect(sum()).toEqual([1, 100]);
});

test("what is counted while the house reads comes with its next read, once", () => {
  const { line, board, told, tally, sum } = lineAlone();
  const { counted, figures } = board;
  const busy = vi.spyOn(board, "counted").mockImplementation((slot) => {
    const count = counted.call(board, slot);
    board.count(slot, 100, true);
    return count;
  });
  const busier = vi.spyOn(board, "figures").mockImplementation(() => {
    const read = figures.call(board);
    board.answered(200, 0.001, 100);
    board.refused("over_quota");
    return read;
  });
  for (let read = 0; read < 5; read++) line.fold();
  const [given, answered] = [busy.mock.calls.length, busier.mock.calls.length];
  busy.mockRestore();
  busier.mockRestore();
  told({ full: [5] });
  line.fold();
  expect(sum()).toEqual([given, 100 * given]);
  const { codes, outputBytes, durations } = tally.doors.http;
  const counts = [codes.get(200), codes.get(429), outputBytes, durations.series().at(-1)!.value];
  expect(counts).toEqual([answered, answered, 100 * answered, answered]);
});
