import assert from "node:assert/strict";
import type { Answer } from "./rawHttp.ts";

/** One request, and what is an answer to it and to no other. */
export interface Call {
  readonly head: string;
  readonly body: string;
  /** Throws on an answer that is not this call's. */
  readonly check: (answer: Answer) => void;
}

/** Longer than a chance repetition in millions of outputs is to be feared: 2^-64 for each pair. */
const MARK_BYTES = 8;

/** A principal with all that it received; what any two of them share is a fault. */
export class Caller {
  static readonly #outputs = new Set<string>();
  static readonly #marks = new Set<string>();
  static readonly #requestIds = new Set<string>();
  readonly principal: string;
  readonly token: string;
  /** Outputs of the keys it was given. */
  readonly keys = new Set<string>();
  /** Generates and bytes of `/v1/random`, as the lineage counts them. */
  draws = 0;
  drawnBytes = 0;
  streamedBytes = 0;

  constructor(principal: string, token: string) {
    this.principal = principal;
    this.token = token;
  }

  static get distinct(): number {
    return Caller.#outputs.size;
  }

  drew(outputs: readonly string[], bytes: Buffer): void {
    this.#name(outputs);
    this.draws += outputs.length;
    this.drawnBytes += bytes.length;
    this.#mark(bytes);
  }

  /** A stream or a part of it. @param outputs those that it names, which is its first chunk's */
  streamed(outputs: readonly string[], bytes: Buffer): void {
    this.#name(outputs);
    this.streamedBytes += bytes.length;
    this.#mark(bytes);
  }

  gotKey(output: string, material: Buffer): void {
    once(Caller.#outputs, output);
    this.keys.add(output);
    this.#mark(material);
  }

  refused(requestId: string): void {
    once(Caller.#requestIds, requestId);
  }

  #name(outputs: readonly string[]): void {
    for (const id of outputs) {
      assert.match(id, /^s-[0-9a-f]{16}-\d+\.\d+$/);
      once(Caller.#outputs, id);
    }
  }

  /** The first and the last bytes: an answer that begins or ends in another's shows in one of them. */
  #mark(bytes: Buffer): void {
    if (bytes.length < MARK_BYTES) return;
    once(Caller.#marks, bytes.toString("latin1", 0, MARK_BYTES));
    if (bytes.length >= 2 * MARK_BYTES)
      once(Caller.#marks, bytes.toString("latin1", bytes.length - MARK_BYTES));
  }
}

function once(seen: Set<string>, one: string): void {
  if (seen.has(one)) throw new Error(`given twice: ${JSON.stringify(one)}`);
  seen.add(one);
}

/** How many bytes of key material each type has; no two alike, so that an answer shows its call. */
const KEYS = { "aes-128": 16, "aes-192": 24, "aes-256": 32, "hmac-512": 64 } as const;
const KEY_TYPES = Object.keys(KEYS) as (keyof typeof KEYS)[];

interface Told {
  readonly bytes: string;
  readonly output: string;
  readonly outputs?: readonly string[];
  readonly seed: string;
  readonly key: { readonly k: string };
  readonly type: string;
  readonly id: string;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  readonly shape: string;
}

const told = ({ body }: Answer): Told => JSON.parse(body.toString()) as Told;
const outputsOf = ({ headers }: Answer): string[] => headers.get("springhouse-output")!.split(", ");

/** Makes calls of all kinds for one caller; two of them in a row are never answered alike. */
export class CallMaker {
  readonly #caller: Caller;
  readonly #host: string;
  #random = 0x9e3779b9;
  #serial = 0;
  #lastOutput: string | null = null;

  constructor(caller: Caller, url: string) {
    this.#caller = caller;
    this.#host = new URL(url).host;
    for (const letter of caller.principal)
      this.#random = Math.imul(this.#random ^ letter.charCodeAt(0), 0x01000193);
  }

  /** Xorshift: which calls are made repeats with the order of the answers, no more. */
  below(limit: number): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return (this.#random >>> 0) % limit;
  }

  next(): Call {
    const kind = this.below(100);
    if (kind < 40) return this.octets();
    if (kind < 52) return this.#text("hex");
    if (kind < 60) return this.#text("base64");
    if (kind < 74) return this.#json();
    if (kind < 76) return this.octets(60_000 + this.#next(5000));
    if (kind < 79) return this.#headOnly();
    if (kind < 83) return this.#stream();
    if (kind < 90) return this.#unknownParameter();
    if (kind < 93) return this.#wrongPlace();
    if (kind < 95) return this.#stranger();
    if (kind < 97) return this.#story();
    if (kind < 98) return this.#status();
    return kind < 99 ? this.key() : this.octets();
  }

  octets(bytes = 1 + this.#next(509)): Call {
    return this.#call("GET", `/v1/random?bytes=${bytes}`, (answer) => {
      expectHead(answer, 200, "application/octet-stream");
      assert.equal(answer.body.length, bytes);
      this.#drew(outputsOf(answer), answer.body);
    });
  }

  #text(format: "hex" | "base64"): Call {
    const bytes = 1 + this.#next(251);
    return this.#call("GET", `/v1/random?bytes=${bytes}&format=${format}`, (answer) => {
      expectHead(answer, 200, "text/plain");
      const text = answer.body.toString();
      const drawn = Buffer.from(text, format);
      assert.deepEqual([drawn.length, drawn.toString(format)], [bytes, text]);
      this.#drew(outputsOf(answer), drawn);
    });
  }

  #json(): Call {
    const bytes = 1 + this.#next(383);
    const check = (answer: Answer): void => {
      expectHead(answer, 200, "application/json");
      const { bytes: text, output, seed } = told(answer);
      const drawn = Buffer.from(text, "base64");
      assert.equal(drawn.length, bytes);
      // The body was made for this head.
      assert.deepEqual(
        [output, seed],
        [outputsOf(answer).at(-1), answer.headers.get("springhouse-seed")],
      );
      this.#drew(outputsOf(answer), drawn);
    };
    return this.#call("GET", `/v1/random?bytes=${bytes}`, check, { accept: "application/json" });
  }

  #headOnly(): Call {
    return this.#call("HEAD", `/v1/random?bytes=${1 + this.#next(509)}`, (answer) => {
      expectHead(answer, 200, "application/octet-stream");
      assert.equal(answer.headers.has("springhouse-output"), false);
    });
  }

  #stream(): Call {
    const bytes = 1 + this.#next(40_009);
    return this.#call("GET", `/v1/stream?bytes=${bytes}`, (answer) => {
      expectHead(answer, 200, "application/octet-stream");
      assert.equal(answer.body.length, bytes);
      this.#caller.streamed(outputsOf(answer), answer.body);
    });
  }

  #unknownParameter(): Call {
    const name = `x${this.#next(1e9)}`;
    return this.#call("GET", `/v1/random?${name}=1`, (answer) => {
      this.#refused(answer, 400, "invalid_parameter");
      assert.equal(told(answer).detail, `There is no parameter "${name}".`);
    });
  }

  #wrongPlace(): Call {
    if (this.below(2) === 0)
      return this.#call("GET", `/v1/nothing/${this.#next(1e9)}`, (answer) =>
        this.#refused(answer, 404, "not_found"),
      );
    return this.#call("DELETE", "/v1/random", (answer) => {
      this.#refused(answer, 405, "method_not_allowed");
      assert.equal(answer.headers.get("allow"), "GET, HEAD");
    });
  }

  /** On the same connection, without a valid token. */
  #stranger(): Call {
    const check = (answer: Answer): void => this.#refused(answer, 401, "unauthenticated");
    const authorization = `Bearer sph_${"A".repeat(43)}`;
    return this.#call("GET", "/v1/random?bytes=32", check, { authorization });
  }

  #story(): Call {
    const id = this.#lastOutput;
    if (id === null) return this.octets();
    return this.#call("GET", `/v1/outputs/${id}`, (answer) => {
      expectHead(answer, 200, "application/json");
      assert.equal(told(answer).id, id);
    });
  }

  #status(): Call {
    return this.#call("GET", "/v1/status", (answer) => {
      expectHead(answer, 200, "application/json");
      assert.equal(told(answer).shape, "RBGC");
    });
  }

  key(): Call {
    const type = KEY_TYPES[this.#next(KEY_TYPES.length)]!;
    const check = (answer: Answer): void => {
      expectHead(answer, 200, "application/json");
      const { key, type: given, output } = told(answer);
      const material = Buffer.from(key.k, "base64url");
      assert.deepEqual([given, material.length], [type, KEYS[type]]);
      this.#caller.gotKey(output, material);
    };
    const body = JSON.stringify({ type });
    return this.#call("POST", "/v1/keys/generate", check, {}, body);
  }

  /** Goes through all numbers below `limit` before one comes again. */
  #next(limit: number): number {
    return this.#serial++ % limit;
  }

  #drew(outputs: readonly string[], bytes: Buffer): void {
    this.#caller.drew(outputs, bytes);
    this.#lastOutput = outputs.at(-1)!;
  }

  #refused(answer: Answer, status: number, code: string): void {
    expectHead(answer, status, "application/problem+json");
    const problem = told(answer);
    assert.equal(problem.code, code);
    this.#caller.refused(problem.request_id);
  }

  #call(
    method: string,
    path: string,
    check: (answer: Answer) => void,
    headers: Readonly<Record<string, string>> = {},
    body = "",
  ): Call {
    const all = {
      host: this.#host,
      authorization: `Bearer ${this.#caller.token}`,
      ...(body === ""
        ? {}
        : { "content-type": "application/json", "content-length": String(body.length) }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return { head: `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, body, check };
  }
}

/** Not by expect(), here as elsewhere in this file: it costs as much as a call. */
function expectHead({ status, headers, body }: Answer, wanted: number, type: string): void {
  const given = headers.get("content-type")?.split(";")[0];
  if (status !== wanted || given !== type)
    throw new Error(
      `${status} ${given} instead of ${wanted} ${type}: ${body.toString().slice(0, 300)}`,
    );
}
