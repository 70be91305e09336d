import { CutShortError, RefusalError } from "./refusalError.ts";

export interface TransportOptions {
  /** `http:` or `https:`, without user or password. */
  readonly url: string;
  readonly token: string;
  /** Another `fetch`: over a Unix socket, with a client certificate, or a test's. */
  readonly fetch?: typeof fetch;
  /** How often a request that may be sent again is sent again. Default 2. */
  readonly retries?: number;
  /** A longer `Retry-After` is not waited for. Default 30. */
  readonly maximumWaitSeconds?: number;
  /** Ends everything that the client has under way. */
  readonly signal?: AbortSignal;
  /** Waits; a test's needs no time. Rejects once the signal fires. */
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Starts with `/`; names in it are encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly accept?: string;
  /** Besides those that every request has; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** False where doing it twice is not the same as once. */
  readonly repeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Refusals that no wait mends. */
const FINAL_CODES = new Set(["self_test_failed"]);

/** Before sending again where nothing answered at all: 250 ms, then twice as long each time. */
const BACKOFF_MILLISECONDS = 250;

/** Requests with the token in their header, sent again where that is safe and worth it. */
export class Transport {
  readonly #base: URL;
  readonly #options: TransportOptions;

  /** @throws TypeError for a URL or token that cannot be used; neither is repeated in the message */
  constructor(options: TransportOptions) {
    const base = URL.parse(options.url);
    if (!base || (base.protocol !== "http:" && base.protocol !== "https:"))
      throw new TypeError("url is no http: or https: URL");
    if (base.username !== "" || base.password !== "")
      throw new TypeError("url has a user or password in it; give the token as `token`");
    // `fetch` would quote it in its error.
    if (!/^[\x21-\x7e]+$/.test(options.token))
      throw new TypeError("token is empty, or holds a character that no header can carry");
    this.#base = base;
    this.#options = options;
  }

  /** The answer in full, as JSON. Null for an empty one. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.send({ accept: "application/json", ...call });
    const text = await response.text();
    try {
      return (text === "" ? null : JSON.parse(text)) as T;
    } catch {
      throw unexpected(response, "The answer is no JSON.");
    }
  }

  /**
   * The answer once its head is there.
   * @throws RefusalError; the signal's reason; TypeError when nothing answers
   */
  async send(call: Call): Promise<Response> {
    const signal = this.#signalOf(call);
    const retries = call.repeatable ? (this.#options.retries ?? 2) : 0;
    for (let attempt = 0; ; attempt++) {
      let milliseconds: number;
      let failure: unknown;
      try {
        const response = await this.#fetch(call, signal);
        if (response.ok) return response;
        const refusal = await readRefusal(response);
        failure = refusal;
        milliseconds = this.#waitFor(refusal);
      } catch (error) {
        failure = error;
        milliseconds = BACKOFF_MILLISECONDS * 2 ** attempt;
      }
      if (attempt >= retries || milliseconds === Infinity || signal?.aborted) throw failure;
      await (this.#options.wait ?? waitFor)(milliseconds, signal);
    }
  }

  /**
   * The answer's body as it comes.
   * @param bytes how many there must be: Infinity for no end of them, null for as many as the answer has
   * @param response the answer to `call`, of which only the head was looked at
   */
  async *chunks(
    call: Call,
    bytes: number | null,
    response: Response,
  ): AsyncGenerator<Uint8Array, void> {
    const signal = this.#signalOf(call);
    const reader = response.body!.getReader();
    let received = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        received += value.length;
        yield value;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw new CutShortError(received, error);
    } finally {
      // Also where the consumer stops early: the connection is given up.
      await reader.cancel().catch(() => {});
    }
    if (bytes !== null && received !== bytes) throw new CutShortError(received);
  }

  #signalOf({ signal }: Call): AbortSignal | undefined {
    const signals = [this.#options.signal, signal].filter((one) => one !== undefined);
    return signals.length === 0 ? undefined : AbortSignal.any(signals);
  }

  async #fetch(
    { method = "GET", path, query = {}, body, accept = "application/octet-stream", headers }: Call,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    // Not resolved against the base: a path that begins with `//` would name another host.
    const url = new URL(this.#base);
    url.pathname = this.#base.pathname.replace(/\/$/, "") + path;
    url.search = "";
    url.hash = "";
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return (this.#options.fetch ?? fetch)(url.href, {
      method,
      // A redirect could carry the token elsewhere.
      redirect: "error",
      headers: {
        ...headers,
        accept,
        authorization: `Bearer ${this.#options.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  }

  /** Milliseconds to wait before sending a refused request again; Infinity for never. */
  #waitFor({ code, retryAfterSeconds }: RefusalError): number {
    if (retryAfterSeconds === null || FINAL_CODES.has(code)) return Infinity;
    return retryAfterSeconds > (this.#options.maximumWaitSeconds ?? 30)
      ? Infinity
      : retryAfterSeconds * 1000;
  }
}

/** For what answered with success, and was not springhouse. What is left of it is not read. */
export function unexpected(response: Response, detail: string): RefusalError {
  void response.body?.cancel().catch(() => {});
  return new RefusalError(response.status, { code: "unexpected_answer", detail }, null);
}

async function readRefusal(response: Response): Promise<RefusalError> {
  const retryAfter = response.headers.get("retry-after");
  const waits = response.status === 503 || response.status === 429;
  const seconds =
    waits && retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const text = await response.text().catch(() => "");
  let problem: unknown = null;
  if (/^application\/problem\+json\b/.test(response.headers.get("content-type") ?? ""))
    try {
      problem = JSON.parse(text);
    } catch {
      // Said so by the code `unexpected_answer`.
    }
  const members = typeof problem === "object" && problem !== null ? problem : {};
  return new RefusalError(response.status, members as Record<string, unknown>, seconds);
}

function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
