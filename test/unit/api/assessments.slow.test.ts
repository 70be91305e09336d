import { createHash } from "node:crypto";
import { request, type ClientRequest } from "node:http";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AssessmentStatus } from "../../../src/assess/desk.ts";
import { parseReport } from "../../../src/assess/reportFile.ts";
import { provenanceObjections } from "../../../src/config/adopt/provenance.ts";
import { parseConfiguration } from "../../../src/config/parse.ts";
import { verifyReport } from "../../../src/verify/verifyAttested.ts";
import { buildHouse, SIGNER, SNAPSHOT, SOURCE, type House } from "./house.ts";

let house: House;
let app: FastifyInstance;
/** Requests that may be left half sent, which would keep the service from closing. */
const half: ClientRequest[] = [];
beforeEach(async () => {
  house = await buildHouse();
  ({ app } = house);
});
afterEach(async () => {
  for (const sent of half.splice(0)) sent.destroy();
  await app.close();
});

const OCTETS = "application/octet-stream";

function order(query: string, payload?: Buffer, type = OCTETS) {
  return app.inject({
    method: "POST",
    url: `/v1/assessments${query}`,
    headers: { ...house.bearer("auditor"), ...(payload ? { "content-type": type } : {}) },
    ...(payload ? { payload } : {}),
  });
}

function get(url: string) {
  return app.inject({ url, headers: house.bearer("auditor") });
}

async function ended(id: string): Promise<AssessmentStatus> {
  for (;;) {
    const status = (await get(`/v1/assessments/${id}`)).json<AssessmentStatus>();
    if (status.endedMilliseconds !== null) return status;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Samples of a generator without a seed of its own, so that every run has the same. */
function samples(count: number, mask: number): Buffer {
  let state = 1;
  return Buffer.from(
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 24) & mask;
    }),
  );
}

test("an upload is assessed, and gives its report as JSON and as a page", async () => {
  const upload = samples(20_000, 0x0f);
  const begun = await order("?bits=4&h=0.5", upload);
  expect(begun.statusCode).toBe(201);
  const { id } = begun.json<AssessmentStatus>();
  expect(begun.headers.location).toBe(`/v1/assessments/${id}`);
  const { state, assessment, subject } = await ended(id);
  expect({ state, subject }).toEqual({ state: "finished", subject: "upload" });
  expect(assessment).toMatchObject({
    suite: "sp800-90b-non-iid",
    file: { samples: 20_000, bitsPerSample: 4 },
    minEntropy: 0.5,
    passed: true,
  });
  expect(assessment!.file.sha256).toBe(createHash("sha256").update(upload).digest("hex"));
  const page = await get(`/v1/assessments/${id}/report`);
  expect(page.headers["content-type"]).toContain("text/html");
  expect(page.body).toContain(assessment!.file.sha256);
  expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
  const { assessments } = (await get("/v1/assessments")).json();
  expect(assessments).toMatchObject([{ id, state: "finished", assessment: null }]);
  const kinds = house.journal.kept
    .map(({ kind }) => kind)
    .filter((kind) => kind !== "assessment_progress");
  expect(kinds).toEqual(["assessment_started", "assessment_ended"]);
  expect(house.journal.kept[0]!.actor).toMatch(/^token-/);
});

test("a live source is assessed through a tap, which is closed", async () => {
  const begun = await order(`?source=${SOURCE.id}&samples=20000`);
  expect(begun.statusCode).toBe(201);
  const { state, assessment } = await ended(begun.json<AssessmentStatus>().id);
  expect(state).toBe("finished");
  expect(assessment!.file).toMatchObject({ name: SOURCE.id, samples: 20_000 });
  expect(house.sources.open).toBeLessThanOrEqual(0);
});

test("a report on a live source says what a capture's manifest would, so that it can be adopted", async () => {
  house.sources.device = {
    location: "/dev/ttyACM3",
    vendorId: "04d8",
    productId: "f5fe",
    serialNumber: "007",
    firmware: "V2",
    mode: "RAW_BIN",
    rawConfirmed: true,
    caveats: ["It is warm."],
  };
  const begun = await order(`?source=${SOURCE.id}&samples=20000`);
  const { assessment } = await ended(begun.json<AssessmentStatus>().id);
  const { manifest, sha256 } = assessment!.file;
  expect(manifest).toMatchObject({
    source: SOURCE.id,
    kind: SOURCE.kind,
    device: house.sources.device,
    configurationVersion: SNAPSHOT.configurationVersion,
    host: "house.example",
    firstSequence: 4711,
    restart: "none",
    sha256,
  });
  expect(manifest!.toMilliseconds).toBeGreaterThanOrEqual(manifest!.fromMilliseconds);
  const report = parseReport(JSON.stringify(assessment));
  if (typeof report === "string") throw new Error(report);
  const { sources } = parseConfiguration(
    `sources:\n  - id: ${SOURCE.id}\n    kind: serial-generic\n    path: /dev/x\n`,
  );
  expect(provenanceObjections(sources[0]!, report, null)).toEqual([]);
  expect(verifyReport(assessment!, SIGNER.verifier)).toMatchObject({ valid: true });
});

test("the IID track: its seed gives the same report again, and all but its time is signed", async () => {
  const upload = samples(4000, 0x07);
  const iid = async (query: string) => {
    const begun = await order(`?suite=sp800-90b-iid&bits=3${query}`, upload);
    expect(begun.statusCode).toBe(201);
    const { state, assessment } = await ended(begun.json<AssessmentStatus>().id);
    expect(state).toBe("finished");
    if (assessment?.suite !== "sp800-90b-iid") throw new Error("another suite");
    return assessment;
  };
  const first = await iid("");
  const { seed } = first.parameters;
  expect(seed).toMatch(/^[0-9a-f]{64}$/);
  const again = await iid(`&seed=${seed}`);
  expect(again.result).toEqual(first.result);
  expect(first.result.permutation).toHaveLength(19);
  expect(typeof first.passed).toBe("boolean");
  expect(first.minEntropy !== null).toBe(first.passed);
  const one = await order("?suite=sp800-90b-iid&bits=3", Buffer.alloc(4000));
  expect(await ended(one.json<AssessmentStatus>().id)).toMatchObject({
    state: "failed",
    progress: expect.stringContaining("one value"),
  });
});

test("a gap fails it without a figure", async () => {
  house.sources.gapAfter = 5000;
  const begun = await order(`?source=${SOURCE.id}&samples=20000`);
  const { state, assessment } = await ended(begun.json<AssessmentStatus>().id);
  expect({ state, assessment }).toEqual({ state: "failed", assessment: null });
});

test("one more than may be at once is refused, a cancelled one makes room", async () => {
  const first = (await order("", samples(100_000, 0xff))).json<AssessmentStatus>();
  const second = await order("", samples(20_000, 0xff));
  expect(second.statusCode).toBe(503);
  expect(second.json()).toMatchObject({ code: "busy" });
  expect((await get(`/v1/assessments/${first.id}/report`)).statusCode).toBe(409);
  const cancel = () =>
    app.inject({
      method: "DELETE",
      url: `/v1/assessments/${first.id}`,
      headers: house.bearer("auditor"),
    });
  expect((await cancel()).statusCode).toBe(204);
  expect(await ended(first.id)).toMatchObject({ state: "cancelled", assessment: null });
  expect((await cancel()).statusCode).toBe(409);
  expect((await order("", samples(1000, 0xff))).statusCode).toBe(201);
});

test("one that is cancelled while it collects closes its tap at once and makes room", async () => {
  house.sources.isSlow = true;
  const begun = await order(`?source=${SOURCE.id}&samples=100000`);
  const { id, state } = begun.json<AssessmentStatus>();
  expect(state).toBe("collecting");
  while (
    !(await get(`/v1/assessments/${id}`)).json<AssessmentStatus>().progress.includes("collected")
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(house.sources.open).toBe(1);
  const url = `/v1/assessments/${id}`;
  const answer = await app.inject({ method: "DELETE", url, headers: house.bearer("auditor") });
  expect(answer.statusCode).toBe(204);
  expect(house.sources.open).toBe(0);
  expect(await ended(id)).toMatchObject({ state: "cancelled", assessment: null });
  expect((await order("", samples(1000, 0xff))).statusCode).toBe(201);
});

test(
  "an upload need not be sent to hear that it is too large, or that nothing may begin",
  { timeout: 25_000 },
  async () => {
    const url = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    /** Sends a head and some of its body, and never the rest. */
    const begin = (length: number) => {
      const sent = request({
        host: url.hostname,
        port: url.port,
        method: "POST",
        path: "/v1/assessments",
        headers: { ...house.bearer("auditor"), "content-type": OCTETS, "content-length": length },
      });
      const answered = new Promise<number | undefined>((resolve, reject) => {
        sent.once("response", ({ statusCode }) => resolve(statusCode)).once("error", reject);
      });
      half.push(sent);
      answered.catch(() => {}); // Where nobody waits for it.
      sent.write(Buffer.alloc(1000, 7));
      return { sent, answered };
    };
    const huge = begin(2 ** 30);
    expect(await huge.answered).toBe(413);

    // Hung up in the middle: nothing began, and nothing is in the way.
    const aborted = begin(50_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    aborted.sent.destroy();
    const { id } = (await order("", samples(100_000, 0xff))).json<AssessmentStatus>();
    expect((await get("/v1/assessments")).json().assessments).toHaveLength(1);

    const late = begin(50_000);
    expect(await late.answered).toBe(503);
    await app.inject({
      method: "DELETE",
      url: `/v1/assessments/${id}`,
      headers: house.bearer("auditor"),
    });
    await ended(id);
  },
);

test("what makes no sense is refused with its cause", async () => {
  const refused = async (
    query: string,
    payload: Buffer | undefined,
    status: number,
    said: RegExp,
    type?: string,
  ): Promise<void> => {
    const answer = await order(query, payload, type);
    expect(answer.body).toMatch(said);
    expect(answer.statusCode).toBe(status);
  };
  const some = samples(1000, 0xff);
  await refused("", undefined, 400, /neither a source nor a body/);
  await refused("", Buffer.alloc(0), 400, /neither a source nor a body/);
  await refused(`?source=${SOURCE.id}`, some, 400, /one of them is too many/);
  await refused("?source=nowhere", undefined, 404, /no source nowhere/);
  await refused(`?source=${SOURCE.id}&h=8.5`, undefined, 400, /h/);
  await refused(`?source=${SOURCE.id}&samples=100001`, undefined, 400, /limit of 100000/);
  await refused("?bits=4", some, 400, /does not fit in 4 bits/);
  await refused("?bits=4&h=5", samples(1000, 0x0f), 400, /more than the 4 bits/);
  await refused("?suite=astrology", some, 400, /suite/);
  await refused("?seed=abc", some, 400, /seed/);
  await refused(`?seed=${"a".repeat(64)}`, some, 400, /takes no seed/);
  await refused("?constants=program", some, 400, /takes no constants/);
  await refused("?n_in=512&n_out=256&nw=256&h_in=200", some, 400, /no sizes of a component/);
  await refused("?suite=sp800-22&h=1", some, 400, /nothing of a claim/);
  await refused("", samples(100_001, 0xff), 413, /body_too_large/);
  await refused("", Buffer.from("{}"), 415, /octet-stream/, "application/json");
  const other = await app.inject({
    method: "POST",
    url: "/v1/tokens",
    headers: { ...house.bearer("admin"), "content-type": OCTETS },
    payload: some,
  });
  expect(other.statusCode).toBe(415);
});

test("suites that consecutive raw samples are wrong for are refused a live source", async () => {
  for (const suite of ["sp800-90b-restart", "sp800-90b-conditioned"]) {
    const answer = await order(`?suite=${suite}&source=${SOURCE.id}&samples=1000&h=4`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toMatch(/capture --restart|conditioning component/);
  }
  expect(house.sources.open).toBe(0);
});

test("conditioned data with its component's sizes, all of them or none", async () => {
  const upload = samples(20_000, 0x01);
  const suite = "?suite=sp800-90b-conditioned&bits=1";
  const some = await order(`${suite}&n_in=512&nw=256`, upload);
  expect(some.json()).toMatchObject({ status: 400, detail: expect.stringContaining("together") });
  const impossible = await order(`${suite}&n_in=256&n_out=256&nw=256&h_in=300`, upload);
  expect(impossible.statusCode).toBe(400);
  const begun = await order(`${suite}&n_in=512&n_out=256&nw=256&h_in=256`, upload);
  const { assessment } = await ended(begun.json<AssessmentStatus>().id);
  expect(assessment).toMatchObject({
    suite: "sp800-90b-conditioned",
    minEntropy: null,
    result: { component: { vetted: 255, inputBits: 512 } },
  });
});
