import { preparedSeeds as ahead } from "../../src/drbg/policy.ts";
import { decodeBundle } from "../../src/log/bundle.ts";
import { canonicalJson } from "../../src/log/canonicalJson.ts";
import { openCheckpoint } from "../../src/log/checkpoint.ts";
import { keyringOf } from "../../src/log/keyring.ts";
import type { Receipt } from "../../src/log/receipt.ts";
import { TILE_WIDTH, tilePath } from "../../src/log/tile.ts";
import { leafRules } from "../../src/verify/rules.ts";
import { verifyLog, type KeptCheckpoint } from "../../src/verify/verifyLog.ts";
import { verifyReceipt } from "../../src/verify/verifyReceipt.ts";
import { ERRORS } from "../../src/port/errors.ts";
import type { LineageLine } from "../../src/port/service.ts";
import { noticedWithin } from "./quorumOracle.ts";
import { SIGNER } from "./signer.ts";
import type { CallRecord, DrawRecord, Trace } from "./trace.ts";

/** Looks at what happened and says what must not have. One line a violation; none when all is well. */
export type Checker = (trace: Trace) => string[];

type Of<K extends LineageLine["record"]> = Extract<LineageLine, { readonly record: K }>;

function linesOf<K extends LineageLine["record"]>(trace: Trace, record: K): Of<K>[] {
  return trace.lineage.filter((line): line is Of<K> => line.record === record);
}

/** Of an id `<letter>-<boot>-<n>`. */
const bootOf = (id: string): string => id.split("-")[1]!;

const isCredited = (trace: Trace): boolean =>
  trace.scenario.devices.some(({ claim }) => claim !== null);

/** SP 800-90C 5 for an RBG2: 2^17 bits; DESIGN 4.7 for an RBGC: what is configured. */
function bytesPerSeed(trace: Trace): number {
  const { parentOutputBytes } = trace.scenario.configuration.construction;
  return isCredited(trace) ? 2 ** 14 : parentOutputBytes;
}

/** Six doors, each with an instance that may be in the middle of a seed. */
const INSTANCES = 6;

/** No seed gives more than its limit, and no counter twice. */
export const seedLimits: Checker = (trace) => {
  const limit = bytesPerSeed(trace);
  const faults: string[] = [];
  const bytesOf = new Map<string, number>();
  const seen = new Set<string>();
  for (const { outputs, bytes, seed } of trace.draws) {
    for (const output of outputs) {
      if (seen.has(output)) faults.push(`output ${output} was given twice`);
      seen.add(output);
    }
    // A draw of one piece is of one seed; the shares of a longer one are in no record, but its
    // seeds are, and all but the last were used up.
    if (outputs.length === 1) bytesOf.set(seed, (bytesOf.get(seed) ?? 0) + bytes.length);
    else if (bytes.length > outputs.length * limit)
      faults.push(`${outputs.length} outputs too long`);
  }
  for (const [seed, bytes] of bytesOf) {
    if (bytes > limit) faults.push(`seed ${seed} gave ${bytes} bytes of at most ${limit}`);
  }
  return faults;
};

/** When too few sources are left, the seeds in use are all that is left. */
export const quorum: Checker = (trace) => {
  const faults: string[] = [];
  const allowance = INSTANCES * bytesPerSeed(trace);
  const bytesSince = new Map<number, number>();
  for (const { quorumLostSince, bytes, request, at } of trace.draws) {
    if (quorumLostSince === null) continue;
    const sum = (bytesSince.get(quorumLostSince) ?? 0) + bytes.length;
    bytesSince.set(quorumLostSince, sum);
    if (request.requirement.fresh) faults.push(`fresh at ${at}, without a quorum`);
  }
  for (const [since, bytes] of bytesSince) {
    if (bytes > allowance) faults.push(`${bytes} bytes after the quorum was lost at ${since}`);
  }
  return faults;
};

/** What a seed is credited is in its blocks, what a block holds is in its windows, and each once. */
export const credit: Checker = (trace) => {
  const faults: string[] = [];
  const { devices, configuration } = trace.scenario;
  // Uncredited sources are conditioned at the entropy that they are tested at: 8 and 4 bits here.
  const claimOf = new Map([
    ["os", 8],
    ...devices.map(({ id, claim }) => [id, claim ?? 4] as const),
  ]);
  const blocks = new Map(linesOf(trace, "block").map((block) => [block.id, block]));
  const windows = new Map(linesOf(trace, "window").map((window) => [window.id, window]));
  const usedBlocks = new Set<string>();
  const needed = Math.max(configuration.quorum.sources, configuration.quorum.withoutBest + 1);
  for (const seed of linesOf(trace, "seed")) {
    const here = seed.blocks.map((id) => blocks.get(id));
    if (here.includes(undefined)) faults.push(`${seed.id} names a block that is not kept`);
    const held = here.reduce((sum, block) => sum + (block?.outputEntropy ?? 0), 0);
    if (seed.creditedBits > held) {
      faults.push(`${seed.id} is credited ${seed.creditedBits} of ${held} bits`);
    }
    if (here.some((block) => block && !block.credited)) faults.push(`${seed.id}: uncredited block`);
    for (const id of [...seed.blocks, ...seed.uncreditedBlocks]) {
      if (usedBlocks.has(id)) faults.push(`${id} is in two seeds`);
      usedBlocks.add(id);
    }
    if (!isCredited(trace)) {
      if (seed.creditedBits > 0 || seed.parent === null) faults.push(`${seed.id} is no RBGC's`);
      continue;
    }
    const least = seed.kind === "instantiate" ? 384 : 256;
    if (seed.creditedBits < least) faults.push(`${seed.id} has ${seed.creditedBits} bits`);
    const without = seed.strengthWithoutBest[configuration.quorum.withoutBest] ?? 0;
    if (without < least) faults.push(`${seed.id} has ${without} bits without the best`);
    if (new Set(seed.credits.map(({ source }) => source)).size < needed) {
      faults.push(`${seed.id} draws on too few sources`);
    }
    if (seed.reason === "fresh" && seed.atMilliseconds - seed.materialFromMilliseconds > 1000) {
      faults.push(`${seed.id} is of noise older than a second`);
    }
  }
  const enteredOf = new Map<string, number>();
  for (const block of blocks.values()) {
    const full = block.outputEntropy <= Math.min(block.outputBits, block.inputEntropy);
    if (!full) faults.push(`${block.id} gives more than it was given`);
    if (block.fullEntropy && block.inputEntropy < block.outputBits + 64) {
      faults.push(`${block.id} is called full entropy`);
    }
    if (block.windows.some((id) => windows.get(id)?.source !== block.source)) {
      faults.push(`${block.id} is of windows of another source, or of none`);
    }
    enteredOf.set(block.source, (enteredOf.get(block.source) ?? 0) + block.inputEntropy);
  }
  const heldBy = new Map<string, number>();
  for (const window of windows.values()) {
    if (window.claimedEntropy > (claimOf.get(window.source) ?? 0)) {
      faults.push(`${window.id} claims ${window.claimedEntropy}`);
    }
    if (window.verdict !== "passed") faults.push(`${window.id} is in a seed and ${window.verdict}`);
    if (window.samples !== window.lastSequence - window.firstSequence + 1) {
      faults.push(`${window.id} has a hole`);
    }
    const sent = trace.sent.get(`${bootOf(window.id)}/${window.source}`)?.length ?? Infinity;
    if (window.lastSequence >= sent) faults.push(`${window.id} holds samples that never came`);
    const bits = window.samples * window.claimedEntropy;
    heldBy.set(window.source, (heldBy.get(window.source) ?? 0) + bits);
  }
  for (const [source, entered] of enteredOf) {
    const held = heldBy.get(source) ?? 0;
    // Sums of products of a claim with a whole number of samples, in another order.
    if (entered > held * (1 + 1e-12)) faults.push(`${source}: ${entered} bits of ${held}`);
  }
  const ofOneRun = ({ id, source }: Of<"window">): string => `${bootOf(id)}/${source}`;
  for (const [source, ranges] of Map.groupBy(windows.values(), ofOneRun)) {
    const inOrder = ranges.toSorted((a, b) => a.firstSequence - b.firstSequence);
    for (const [index, window] of inOrder.entries()) {
      if (index > 0 && window.firstSequence <= inOrder[index - 1]!.lastSequence) {
        faults.push(`${source}: ${window.id} overlaps the one before it`);
      }
    }
  }
  return faults;
};

/** What left by a tap is what the device sent, and in no seed. */
export const exposure: Checker = (trace) => {
  const faults: string[] = [];
  const windows = linesOf(trace, "window");
  for (const { device, boot, call } of trace.taps) {
    const { answer } = call;
    if (answer?.status !== 200) continue;
    const first = Number(answer.headers["springhouse-first-sequence"]);
    const end = first + answer.body.length;
    const sent = trace.sent.get(`${boot}/${device}`)!.subarray(first, end);
    if (!answer.body.equals(sent)) faults.push(`${device}: the tap at ${first} skips or invents`);
    for (const { source, firstSequence, lastSequence, id } of windows) {
      if (
        bootOf(id) === boot &&
        source === device &&
        firstSequence < end &&
        lastSequence >= first
      ) {
        faults.push(`${id} (${firstSequence} to ${lastSequence}) left by the tap at ${first}`);
      }
    }
  }
  return faults;
};

/** What is held grows with what is open, and with nothing else. */
export const memory: Checker = (trace) => {
  const faults: string[] = [];
  for (const size of trace.sizes) {
    const { at, poolBlocks, preparedSeeds, pendingTimers, openCalls, unreadStreamBytes } = size;
    if (poolBlocks > 64) faults.push(`${poolBlocks} pooled blocks at ${at}`);
    if (preparedSeeds > ahead("RBGC", "http").most + 4)
      faults.push(`${preparedSeeds} prepared seeds at ${at}`);
    // Each source has some four timers, the service about ten, each open call at most three.
    const timers = 10 + 5 * (trace.scenario.devices.length + 1) + 3 * openCalls;
    if (pendingTimers > timers) faults.push(`${pendingTimers} timers at ${at}, ${timers} at most`);
    // Both ends' buffers of 64 KiB, and the chunk in hand.
    const streams = trace.calls.filter(({ what }) => what === "stream").length;
    if (unreadStreamBytes > streams * 2 ** 18) faults.push(`${unreadStreamBytes} unread at ${at}`);
  }
  return faults;
};

/** Whose bytes they are: those of the output that the answer names, drawn for this principal. */
export const delivery: Checker = (trace) => {
  const faults: string[] = [];
  const drawOf = new Map<string, DrawRecord>();
  for (const draw of trace.draws) for (const id of draw.outputs) drawOf.set(id, draw);
  const delivered = new Set<string>();
  for (const call of trace.calls) {
    const { answer, what, principal, path } = call;
    if (answer?.status !== 200 || what === "question") continue;
    const header = answer.headers["springhouse-output"];
    if (header === undefined) continue;
    const outputs = String(header).split(", ");
    for (const id of outputs) {
      if (delivered.has(id)) faults.push(`${id} went to two callers`);
      delivered.add(id);
      const draw = drawOf.get(id);
      if (draw === undefined) faults.push(`${path}: ${id} was never drawn`);
      else if (draw.request.principal !== principal) {
        faults.push(`${path}: ${id} was drawn for ${draw.request.principal}, not ${principal}`);
      }
    }
    const draw = drawOf.get(outputs[0]!);
    if (draw === undefined) continue;
    if (what === "stream") faults.push(...streamFaults(trace, call, draw));
    else if (path.startsWith("/v1/random?") && answer.complete) {
      const bytes = bytesIn(answer.headers["content-type"], answer.body);
      const asked = Number(new URL(path, "http://localhost").searchParams.get("bytes"));
      if (bytes.length !== asked) faults.push(`${path}: ${bytes.length} bytes`);
      if (!bytes.equals(draw.bytes)) faults.push(`${path}: not the bytes of ${outputs[0]}`);
    }
  }
  return faults;
};

function bytesIn(type: string | undefined, body: Buffer): Buffer {
  if (type?.startsWith("application/json") !== true) return body;
  return Buffer.from((JSON.parse(body.toString("utf8")) as { bytes: string }).bytes, "base64");
}

function streamFaults(
  trace: Trace,
  { answer, path, left }: CallRecord,
  first: DrawRecord,
): string[] {
  const chunks = trace.draws.filter(({ stream }) => stream === first.stream);
  const drawn = Buffer.concat(chunks.map(({ bytes }) => bytes));
  const got = answer!.body;
  const same = drawn.subarray(0, got.length).equals(got);
  const asked = Number(new URL(path, "http://localhost").searchParams.get("bytes"));
  return [
    ...(same ? [] : [`${path}: not the bytes that were drawn for it`]),
    ...(answer!.complete && !left.value && got.length !== asked
      ? [`${path}: ${got.length} look complete`]
      : []),
  ];
}

const LONGEST_ANSWER_MILLISECONDS = 10_000;

/** No request hangs, but for one whose client takes its time. */
export const hanging: Checker = (trace) =>
  trace.calls
    .filter(({ takesItsTime, left }) => !takesItsTime && !left.value)
    .filter(
      ({ startedAt, endedAt }) => (endedAt ?? Infinity) - startedAt > LONGEST_ANSWER_MILLISECONDS,
    )
    .map(({ path, startedAt, endedAt }) => `${path} of ${startedAt} was answered at ${endedAt}`);

/** Every answer is one that the contract has; a refusal says why and what to do. */
export const answers: Checker = (trace) => {
  const faults: string[] = [...trace.errors];
  for (const { answer, path, left, what } of trace.calls) {
    if (answer === null || left.value) continue;
    const { status, headers, body, complete } = answer;
    // A tap that lost samples, and a stream that cannot go on, end by a cut.
    if (!complete && what !== "tap" && what !== "stream") faults.push(`${path} was cut`);
    if (status === 200 || status === 0) continue;
    if (headers["content-type"]?.startsWith("application/problem+json") !== true) {
      if (path !== "/readyz") faults.push(`${path}: ${status} is no problem document`);
      continue;
    }
    const problem = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const code = String(problem["code"]);
    const known = ERRORS[code as keyof typeof ERRORS] as { status: number | null } | undefined;
    if (known?.status !== status || code === "internal") faults.push(`${path}: ${status} ${code}`);
    if (typeof problem["remedy"] !== "string") faults.push(`${path}: ${code} without a remedy`);
    if (status === 503 && path !== "/readyz" && headers["retry-after"] === undefined) {
      faults.push(`${path}: ${code} without Retry-After`);
    }
    if (code === "unmet" && !(Array.isArray(problem["unmet"]) && problem["unmet"].length > 0)) {
      faults.push(`${path}: unmet, and does not say what`);
    }
  }
  return faults;
};

/** What was answered resolves, whatever the disk went through. */
export const durability: Checker = (trace) =>
  [...trace.stories]
    .filter(([, status]) => status !== 200)
    .map(([id, status]) => `${id} was answered, and its story gives ${status}`);

/** When everything is mended the service is as before, and it ends when it is told to. */
export const recovery: Checker = (trace) => {
  const { recovery: end, stopped } = trace;
  const well = end?.ready === 200 && end.drawn === 200;
  return [
    ...(well ? [] : [`after the trouble: ${JSON.stringify(end)}`]),
    ...(stopped ? [] : ["it did not stop, or left timers behind"]),
  ];
};

/** Nothing that was served, and no token, is in the log. */
export const secrecy: Checker = (trace) => {
  const log = trace.log.join("\n");
  const secrets = trace.draws
    .filter(({ bytes }) => bytes.length >= 16)
    .flatMap(({ bytes }) => {
      const start = bytes.subarray(0, 12);
      return [start.toString("hex"), start.toString("base64")];
    });
  return [...secrets, ...trace.secrets]
    .filter((secret) => log.includes(secret))
    .map(() => "a secret is in the log");
};

/** What is wrong with a device is told by when it must be. */
export const told: Checker = (trace) => {
  const faults: string[] = [];
  for (const { device, what, from, to } of trace.deviceFaults) {
    const within = noticedWithin(what);
    if (within === null || to - from <= within) continue;
    const states = trace.events.filter(
      ({ kind, source }) => kind === "source_state" && source === device,
    );
    // What a process that was killed called it is no longer said.
    const begun = trace.restarts.findLast(({ at }) => at <= from + within)?.at ?? 0;
    const before = states
      .filter(({ monotonic }) => monotonic >= begun && monotonic <= from + within)
      .at(-1);
    if (before?.data["state"] === "healthy")
      faults.push(`${device}: ${what} at ${from}, and it was called healthy`);
  }
  return faults;
};

/**
 * The log that is there in the end continues every checkpoint that anybody ever saw, over every kill and
 * full disk; it never became shorter; and whoever was given a receipt finds it in there.
 */
export const transparency: Checker = (trace) => {
  const { copy, checkpoints, calls } = trace;
  const keyring = keyringOf(SIGNER.verifier);
  const checkpoint = copy && openCheckpoint(copy.checkpoint, SIGNER.verifier);
  if (!checkpoint) return ["the log could not be taken away"];
  const faults: string[] = [];
  const kept: KeptCheckpoint[] = [];
  const keep = (name: string, note: string): void => {
    const seen = openCheckpoint(note, SIGNER.verifier);
    if (seen) kept.push({ name, checkpoint: seen });
    else faults.push(`${name} is not signed`);
  };
  let longest = 0;
  for (const note of checkpoints) {
    keep("a checkpoint", note);
    const size = kept.at(-1)?.checkpoint.size ?? 0;
    if (size < longest) faults.push(`the log went from ${longest} leaves to ${size}`);
    longest = Math.max(longest, size);
  }
  const whole = { checkpoint, keyring, read: (path: string) => copy.files.get(path) ?? null };
  for (const { answer, path } of calls) {
    if (path !== "/v1/random/receipted" || answer?.status !== 200 || !answer.complete) continue;
    const { receipt } = JSON.parse(answer.body.toString("utf8")) as { receipt: Receipt };
    const verdict = verifyReceipt(receipt, SIGNER.verifier);
    if (!verdict.valid) faults.push(`a receipt does not hold: ${verdict.fault}`);
    keep("a receipt's checkpoint", receipt.checkpoint);
    const entry = leafAt(copy.files, checkpoint.size, receipt.position);
    if (entry !== canonicalJson(receipt.leaf))
      faults.push(`leaf ${receipt.position} is not that of its receipt`);
  }
  const { fault } = verifyLog(whole, kept, leafRules(whole));
  return fault ? [...faults, `leaf ${fault.leaf}: ${fault.detail}`] : faults;
};

function leafAt(files: ReadonlyMap<string, Buffer>, size: number, position: number): string | null {
  const index = Math.floor(position / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
  const bundle = files.get(tilePath({ level: "entries", index, width }));
  const entry = bundle && [...decodeBundle(bundle)][position % TILE_WIDTH];
  return entry?.toString("utf8") ?? null;
}

/** A source that was failed for good is failed after a kill -9, until an operator resets it. */
export const latched: Checker = (trace) =>
  trace.restarts.flatMap(({ at, failed }) =>
    failed
      .filter((device) => {
        const later = trace.events.filter(
          ({ source, monotonic }) => source === device && monotonic >= at,
        );
        const reset = later.findIndex(({ kind }) => kind === "source_reset");
        const before = reset < 0 ? later : later.slice(0, reset);
        return before.some(({ data }) => data["state"] === "healthy");
      })
      .map((device) => `${device} was failed, and healthy again after the kill at ${at}`),
  );

export const CHECKERS = {
  seedLimits,
  quorum,
  credit,
  exposure,
  memory,
  delivery,
  hanging,
  answers,
  durability,
  recovery,
  secrecy,
  told,
  latched,
  transparency,
} as const satisfies Record<string, Checker>;

export type CheckerName = keyof typeof CHECKERS;

/** @returns every violation, with the checker's name and the seed that replays it */
export function violations(trace: Trace): string[] {
  return Object.entries(CHECKERS).flatMap(([name, check]) =>
    check(trace).map((fault) => `seed ${trace.scenario.seed}: ${name}: ${fault}`),
  );
}
