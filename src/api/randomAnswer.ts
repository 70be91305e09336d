import type { ServerResponse } from "node:http";
import type { Drawn } from "../port/draw.ts";
import type { Clock } from "../port/clock.ts";

export const OCTET_STREAM = "application/octet-stream";
export const JSON_TYPE = "application/json";
export const TEXT = "text/plain";

export type Form = typeof OCTET_STREAM | typeof JSON_TYPE | "hex" | "base64";

export const contentTypeOf = (form: Form): string =>
  form === OCTET_STREAM || form === JSON_TYPE ? form : "text/plain; charset=utf-8";

/** Octets, or text of ASCII alone: as many bytes as it has characters. */
function payloadOf({ bytes, outputs, seed }: Drawn, form: Form): Buffer | string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (form === OCTET_STREAM) return buffer;
  if (form !== JSON_TYPE) return buffer.toString(form);
  return JSON.stringify({
    bytes: buffer.toString("base64"),
    output: outputs.at(-1),
    seed,
    ...(outputs.length > 1 ? { outputs } : {}),
  });
}

/** What an answer is counted by. */
export interface Answering {
  readonly clock: Pick<Clock, "monotonicMilliseconds">;
  readonly answered: (status: number, seconds: number, outputBytes: number) => void;
}

/**
 * Sends what was drawn, and overwrites it when it has left: past fastify's reply, whose hooks and
 * serialisers have nothing to do here.
 */
export function answerRandom(
  response: ServerResponse,
  startedMilliseconds: number,
  form: Form,
  drawn: Drawn,
  { clock, answered }: Answering,
): void {
  const { bytes, outputs } = drawn;
  if (response.destroyed) {
    bytes.fill(0);
    return;
  }
  // "close" comes after the last byte was handed to the operating system, or the client has gone.
  response.on("close", () => {
    bytes.fill(0);
    const seconds = (clock.monotonicMilliseconds() - startedMilliseconds) / 1000;
    answered(200, seconds, response.writableFinished ? bytes.length : 0);
  });
  const payload = payloadOf(drawn, form);
  response.writeHead(200, [
    "content-type",
    contentTypeOf(form),
    "content-length",
    String(payload.length),
    "cache-control",
    "no-store",
    "springhouse-output",
    outputs.length === 1 ? outputs[0]! : outputs.join(", "),
    "springhouse-seed",
    drawn.seed,
  ]);
  // Text forms are ASCII.
  response.end(payload, "latin1");
}
