import { Readable } from "node:stream";

/**
 * `fetch` over a Unix socket, which the platform's own cannot do: enough of it for the client, with
 * bodies that are text or absent.
 */
export function unixFetch(socketPath: string): typeof fetch {
  return async (input, init = {}) => {
    // All of the platform's clients come with it: most commands need none.
    const { request } = await import("node:http");
    return new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const outgoing = request(
        {
          socketPath,
          // A connection of its own: one that is kept may be ended by the server as it is used again.
          agent: false,
          path: url.pathname + url.search,
          method: init.method ?? "GET",
          headers: { host: "localhost", ...Object.fromEntries(new Headers(init.headers)) },
          ...(init.signal ? { signal: init.signal } : {}),
        },
        (incoming) => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(incoming.headers))
            headers.set(name, Array.isArray(value) ? value.join(", ") : (value ?? ""));
          const empty = incoming.statusCode === 204 || incoming.statusCode === 304;
          const body = empty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
          resolve(new Response(body, { status: incoming.statusCode ?? 500, headers }));
        },
      );
      outgoing.once("error", reject);
      outgoing.end(typeof init.body === "string" ? init.body : undefined);
    });
  };
}
