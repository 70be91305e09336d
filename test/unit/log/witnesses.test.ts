import { generateKeyPairSync, hash, sign } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openCheckpoint, type Checkpoint } from "../../../src/log/checkpoint.ts";
import { parseWitnessKey, withCosignatures } from "../../../src/log/cosignature.ts";
import { openCosigned } from "../../../src/log/cosigned.ts";
import { Frontier, leafHash, type Subtree } from "../../../src/log/merkle.ts";
import { consistencyPlan, isConsistent, makeProof } from "../../../src/log/proof.ts";
import { fileWitness, httpWitness, type Witness } from "../../../src/log/witness.ts";
import { Witnesses } from "../../../src/log/witnesses.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import { FakeClock, settled } from "../../support/fakeClock.ts";
import { copyOf, entriesOf, SIGNER } from "./logs.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";

const ENTRIES = entriesOf(40);
const checkpointOf = (size: number, entries = ENTRIES): Checkpoint =>
  copyOf(entries.slice(0, size)).checkpoint;

function proofOf(first: number, second: number): Uint8Array[] {
  const root = ({ level, index }: Subtree): Uint8Array => {
    const frontier = Frontier.empty();
    for (const entry of ENTRIES.slice(index * 2 ** level, (index + 1) * 2 ** level))
      frontier.push(leafHash(Buffer.from(entry)));
    return frontier.root();
  };
  return makeProof(consistencyPlan(first, second), root);
}

const WITNESS = "witness.example/w";
const COSIGNER = generateKeyPairSync("ed25519");
const COSIGNER_KEY = Buffer.concat([
  Uint8Array.of(0x04),
  COSIGNER.publicKey.export({ format: "der", type: "spki" }).subarray(-32),
]);
const COSIGNER_ID = hash(
  "sha256",
  Buffer.concat([Buffer.from(`${WITNESS}\n`), COSIGNER_KEY]),
  "buffer",
).subarray(0, 4);
const WITNESS_KEY = `${WITNESS}+${COSIGNER_ID.toString("hex")}+${COSIGNER_KEY.toString("base64")}`;
const SEEN_SECONDS = 1_767_225_600;

/** C2SP tlog-cosignature, cosignature/v1, written out once more. */
function cosignatureOf(note: string, key = COSIGNER.privateKey): string {
  const text = note.slice(0, note.indexOf("\n\n") + 1);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(SEEN_SECONDS));
  const signed = sign(null, Buffer.from(`cosignature/v1\ntime ${SEEN_SECONDS}\n${text}`), key);
  return `— ${WITNESS} ${Buffer.concat([COSIGNER_ID, time, signed]).toString("base64")}\n`;
}

/** A witness as C2SP tlog-witness has it, which believes nothing. */
class WitnessServer {
  latest: Checkpoint | null = null;
  readonly requests: string[] = [];
  /** What it answers a checkpoint with that it takes. */
  cosign = (note: string): string => cosignatureOf(note);
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const [status, text] = this.#answer(request.url ?? "", body);
        response.writeHead(status).end(text);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/witness`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(url: string, body: string): readonly [number, string] {
    if (url !== "/witness/add-checkpoint") return [404, ""];
    this.requests.push(body);
    const [head, ...rest] = body.split("\n\n");
    const [old, ...proof] = head!.split("\n");
    const checkpoint = openCheckpoint(rest.join("\n\n"), SIGNER.verifier);
    if (!checkpoint) return [403, ""];
    const size = this.latest?.size ?? 0;
    if (old !== `old ${size}`) return [409, `${size}\n`];
    if (checkpoint.size < size) return [400, ""];
    const hashes = proof.map((line) => Buffer.from(line, "base64"));
    if (
      this.latest &&
      !isConsistent(size, checkpoint.size, this.latest.root, checkpoint.root, hashes)
    )
      return [422, ""];
    this.latest = checkpoint;
    return [200, this.cosign(rest.join("\n\n"))];
  }
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function witnessServer(): Promise<{ server: WitnessServer; url: string }> {
  const server = new WitnessServer();
  cleanups.push(() => server.close());
  return { server, url: await server.listen() };
}

const proofTo = (size: number) => async (from: number) => proofOf(from, size);

describe("a witness over HTTP", () => {
  test("is given each checkpoint with the proof from the one before", async () => {
    const { server, url } = await witnessServer();
    const witness = httpWitness("w", `${url}/`);
    for (const size of [3, 7, 40]) {
      await witness.take(checkpointOf(size), proofTo(size));
      expect(server.latest?.size).toBe(size);
    }
    expect(server.requests).toHaveLength(3);
  });

  test("is asked what it has after a restart", async () => {
    const { server, url } = await witnessServer();
    await httpWitness("w", url).take(checkpointOf(7), proofTo(7));
    await httpWitness("w", url).take(checkpointOf(40), proofTo(40));
    expect(server.latest?.size).toBe(40);
    // The same once more does no harm.
    await httpWitness("w", url).take(checkpointOf(40), proofTo(40));
    expect(server.latest?.size).toBe(40);
  });

  test("that has seen a longer log, or another, is told of as a conflict", async () => {
    const { url } = await witnessServer();
    await httpWitness("w", url).take(checkpointOf(40), proofTo(40));
    const shorter = httpWitness("w", url).take(checkpointOf(7), proofTo(7));
    await expect(shorter).rejects.toMatchObject({ name: "WitnessConflict" });
    const { url: other } = await witnessServer();
    const witness = httpWitness("w", other);
    await witness.take(checkpointOf(7), proofTo(7));
    const rewritten = checkpointOf(40, ENTRIES.with(2, ENTRIES[3]!));
    await expect(witness.take(rewritten, proofTo(40))).rejects.toMatchObject({
      name: "WitnessConflict",
    });
  });

  test("that is not there, or answers nonsense, is a failure", async () => {
    const { server, url } = await witnessServer();
    const elsewhere = httpWitness("w", url.replace("/witness", "/elsewhere"));
    await expect(elsewhere.take(checkpointOf(3), proofTo(3))).rejects.toThrow("404");
    server.close();
    await expect(httpWitness("w", url).take(checkpointOf(3), proofTo(3))).rejects.toThrow();
  });
});

test("a file has every checkpoint, one behind the other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "springhouse-witness-"));
  cleanups.push(() => rm(folder, { recursive: true }));
  const path = join(folder, "notes");
  await writeFile(path, "cut off");
  const witness = fileWitness("f", path);
  for (const size of [3, 7]) await witness.take(checkpointOf(size), proofTo(size));
  expect(await readFile(path, "utf8")).toBe(
    `cut off\n${checkpointOf(3).note}\n${checkpointOf(7).note}`,
  );
  const nowhere = fileWitness("f", join(folder, "no", "such"));
  await expect(nowhere.take(checkpointOf(3), proofTo(3))).rejects.toThrow("ENOENT");
});

describe("handing them over", () => {
  function setting(take: Witness["take"], intervalMilliseconds = 10_000) {
    const clock = new FakeClock();
    const events: ServiceEvent[] = [];
    const cosigned: { witness: string; size: number; note: string }[] = [];
    const witnesses = new Witnesses([{ name: "w", take }], {
      clock,
      observer: { event: (event) => events.push(event) },
      intervalMilliseconds,
      proof: async (first, second) => proofOf(first, second),
      cosigned: async (witness, { size }, note) => void cosigned.push({ witness, size, note }),
    });
    return { clock, events, cosigned, witnesses };
  }

  test("at once, then at the interval, the newest only; the lag is told meanwhile", async () => {
    const taken: number[] = [];
    const { clock, witnesses } = setting(async ({ size }) => {
      taken.push(size);
      return null;
    });
    witnesses.offer(checkpointOf(0));
    expect(clock.pending).toBe(0);
    witnesses.offer(checkpointOf(1));
    await clock.run(0);
    expect(taken).toEqual([1]);
    for (const size of [2, 3, 4]) {
      witnesses.offer(checkpointOf(size));
      await clock.run(1000);
    }
    expect(taken).toEqual([1]);
    expect(witnesses.snapshot()).toEqual([
      { name: "w", size: 1, lagMilliseconds: 3000, failuresTotal: 0 },
    ]);
    await clock.run(7000);
    expect(taken).toEqual([1, 4]);
    expect(witnesses.snapshot()[0]).toMatchObject({ size: 4, lagMilliseconds: 0 });
    expect(clock.pending).toBe(0);
    await witnesses.stop();
  });

  test("one that fails is tried again, longer and longer; it is told of once, and that it is back", async () => {
    let works = false;
    let tries = 0;
    const { clock, events, witnesses } = setting(async () => {
      tries++;
      if (!works) throw new Error("no room");
      return null;
    });
    witnesses.offer(checkpointOf(5));
    await clock.run(10_000);
    expect(tries).toBe(4); // At 0, 1, 3 and 7 s.
    expect(witnesses.snapshot()[0]).toMatchObject({
      size: 0,
      lagMilliseconds: 10_000,
      failuresTotal: 4,
    });
    works = true;
    await clock.run(6000);
    expect(events.map(({ kind, severity }) => [kind, severity])).toEqual([
      ["log_witness_failed", "warning"],
      ["log_witness_recovered", "info"],
    ]);
    expect(events[0]?.detail).toContain("no room");
    expect(witnesses.snapshot()[0]).toMatchObject({ size: 5, lagMilliseconds: 0 });
    await witnesses.stop();
  });

  test("what one has cosigned is handed on, and what one only took is not", async () => {
    const answers = ["cosigned\n", null];
    const { clock, cosigned, witnesses } = setting(async () => answers.shift() ?? null);
    witnesses.offer(checkpointOf(5));
    await clock.run(0);
    witnesses.offer(checkpointOf(6));
    await clock.run(10_000);
    expect(cosigned).toEqual([{ witness: "w", size: 5, note: "cosigned\n" }]);
    await witnesses.stop();
  });

  test("a conflict is critical", async () => {
    const { url } = await witnessServer();
    const first = httpWitness("w", url);
    await first.take(checkpointOf(40), proofTo(40));
    const witness = httpWitness("w", url);
    const { clock, events, witnesses } = setting((...terms) => witness.take(...terms));
    witnesses.offer(checkpointOf(7));
    await clock.run(0);
    for (let turn = 0; turn < 1000 && events.length === 0; turn++) {
      await settled();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(events).toMatchObject([{ kind: "log_witness_failed", severity: "critical" }]);
    await witnesses.stop();
  });

  test("stopping waits for what is on its way, and sends nothing more", async () => {
    let arrive = (): void => {};
    let tries = 0;
    const { clock, witnesses } = setting(() => {
      tries++;
      return new Promise((resolve) => (arrive = () => resolve(null)));
    });
    witnesses.offer(checkpointOf(5));
    await clock.run(0);
    witnesses.offer(checkpointOf(6));
    const stopped = witnesses.stop();
    arrive();
    await stopped;
    await clock.run(100_000);
    expect([tries, clock.pending]).toEqual([1, 0]);
  });
});

describe("cosignatures", () => {
  const KEY = parseWitnessKey(WITNESS_KEY)!;
  const { note } = checkpointOf(7);
  const cosigned = `${note}${cosignatureOf(note)}`;

  test("are checked by the witness's key, and say when", () => {
    expect(KEY.cosigned(cosigned)).toBe(SEEN_SECONDS);
    expect(openCheckpoint(cosigned, SIGNER.verifier)).toMatchObject({ size: 7 });
    const other = generateKeyPairSync("ed25519").privateKey;
    for (const bad of [
      note,
      `${note}${cosignatureOf(checkpointOf(6).note)}`,
      `${note}${cosignatureOf(note, other)}`,
      cosigned.replace("\n7\n", "\n8\n"),
      cosigned.slice(0, -1),
    ])
      expect(KEY.cosigned(bad)).toBeNull();
    // Every byte of time and signature counts.
    const line = cosignatureOf(note);
    const bytes = Buffer.from(line.split(" ")[2]!, "base64");
    for (const at of [...bytes.keys()].slice(4)) {
      const bent = Buffer.from(bytes);
      bent[at]! ^= 1;
      expect(KEY.cosigned(`${note}— ${WITNESS} ${bent.toString("base64")}\n`)).toBeNull();
    }
  });

  test("are by keys of their own type alone, whose id is theirs", () => {
    for (const bad of [
      SIGNER.verifier.verifierKey,
      WITNESS_KEY.replace("/w", "/v"),
      WITNESS_KEY.slice(0, -4),
      `${WITNESS_KEY}+`,
      "",
    ])
      expect(parseWitnessKey(bad), bad).toBeNull();
  });

  test("an answer that is none is put behind no note", () => {
    expect(withCosignatures(note, cosignatureOf(note))).toBe(cosigned);
    for (const bad of [
      "",
      "ok",
      "— w AAAA",
      `\n${cosignatureOf(note)}`,
      `x\n\n${cosignatureOf(note)}`,
    ])
      expect(withCosignatures(note, bad), bad).toBeNull();
  });

  test("of a witness whose key is known are handed back; one that does not cosign has failed", async () => {
    const { server, url } = await witnessServer();
    const witness = httpWitness("w", url, KEY);
    expect(await witness.take(checkpointOf(7), proofTo(7))).toBe(cosigned);
    for (const bad of [() => "", () => cosignatureOf(note), () => "nonsense\n"]) {
      server.cosign = bad;
      await expect(witness.take(checkpointOf(40), proofTo(40))).rejects.toThrow("did not cosign");
    }
    expect(await httpWitness("w", url).take(checkpointOf(40), proofTo(40))).toBeNull();
  });

  test("are kept: of each witness its last, and together where they are of one size", async () => {
    const clock = new FakeClock();
    const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
    const kept = await openCosigned(store);
    const of = (size: number, line: string) => {
      const checkpoint = checkpointOf(size);
      return [checkpoint, `${checkpoint.note}${line}`] as const;
    };
    const [one, two] = ["— a AAAAAAAA\n", "— b AAAAAAAA\n"];
    await kept.add("a", ...of(7, one));
    expect(kept.covering(7)).toBeUndefined();
    expect(kept.covering(6)?.note).toBe(`${note}${one}`);
    await kept.add("b", ...of(7, two));
    await kept.add("b", ...of(7, two));
    expect(kept.all.map((checkpoint) => checkpoint.note)).toEqual([`${note}${one}${two}`]);
    await kept.add("a", ...of(40, one));
    const again = await openCosigned(store);
    for (const each of [kept, again]) {
      expect(each.all.map(({ size }) => size)).toEqual([40, 7]);
      expect(each.covering(3)?.size).toBe(40);
      expect(each.over(checkpointOf(7)).note).toBe(`${note}${one}${two}`);
      expect(each.over(checkpointOf(12)).note).toBe(checkpointOf(12).note);
    }
    await store.close();
  });
});
