import { STATUS_CODES } from "node:http";
import type { Clock } from "../../port/clock.ts";
import type { Drawn } from "../../port/draw.ts";
import type { Refusal } from "../../port/errors.ts";
import { PROBLEM_TYPE, problemHeaders, problemOf, statusOf } from "../problem.ts";
import type { HotAnswer } from "./ports.ts";

/** The Date header, made once a second. */
export class HttpDate {
  readonly #clock: Pick<Clock, "wallMilliseconds">;
  #second = -1;
  #text = "";

  constructor(clock: Pick<Clock, "wallMilliseconds">) {
    this.#clock = clock;
  }

  get text(): string {
    const second = Math.floor(this.#clock.wallMilliseconds() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}

/** As node says it of a connection that stays open. */
const standing = (date: string, keepAliveSeconds: number): string =>
  `Date: ${date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n\r\n`;

/** The head of an answer with bytes; ASCII. */
export function drawnHead({ bytes, outputs, seed }: Drawn, date: string, keepAliveSeconds: number) {
  const output = outputs.length === 1 ? outputs[0]! : outputs.join(", ");
  return (
    "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n" +
    `content-length: ${bytes.length}\r\ncache-control: no-store\r\n` +
    `springhouse-output: ${output}\r\nspringhouse-seed: ${seed}\r\n` +
    standing(date, keepAliveSeconds)
  );
}

/** An answer with a text, whole; of ASCII but for what its body may hold. */
export function answerText(
  { status, headers, body, closes = false }: HotAnswer,
  date: string,
  keepAliveSeconds: number,
): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  head += `content-length: ${Buffer.byteLength(body)}\r\n`;
  return (
    head +
    (closes ? `connection: close\r\nDate: ${date}\r\n\r\n` : standing(date, keepAliveSeconds)) +
    body
  );
}

export function refusalAnswer(refusal: Refusal, requestId: string): HotAnswer {
  const headers = {
    ...problemHeaders(refusal),
    // As the framework says it.
    "content-type": `${PROBLEM_TYPE}; charset=utf-8`,
  };
  return {
    status: statusOf(refusal.code),
    headers: Object.entries(headers).flat(),
    body: JSON.stringify(problemOf(refusal, requestId)),
  };
}
