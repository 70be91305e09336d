import { createHash } from "node:crypto";
import type { DrawRequest, DrawResult, RandomSupply } from "../../../src/port/draw.ts";

/** 2,048 made-up words, for tests that need a list and not its beauty. */
export const WORDS: readonly string[] = Array.from({ length: 2048 }, (_, index) => {
  const letters = "abcdefghijklmnop";
  return [index >> 8, (index >> 4) & 15, index & 15].map((digit) => `${letters[digit]!}o`).join("");
});

/** The supply's port with bytes that a test can predict, and a memory of what was asked and given. */
export class TestSupply implements RandomSupply {
  readonly requests: DrawRequest[] = [];
  readonly given: Uint8Array[] = [];
  answer: ((request: DrawRequest, number: number) => DrawResult | null) | null = null;

  draw(request: DrawRequest): DrawResult {
    const number = this.requests.push(request);
    const other = this.answer?.(request, number);
    if (other) return other;
    const bytes = predictable(number, request.bytes);
    this.given.push(bytes);
    return { ok: true, bytes, outputs: [`s-0-1.${number}`], seed: "s-0-1" };
  }

  // eslint-disable-next-line require-yield
  async *stream(): AsyncGenerator<never, undefined> {
    return undefined;
  }
}

/** What draw number `number` (from 1) of a TestSupply gives. */
export function predictable(number: number, bytes: number): Uint8Array {
  return new Uint8Array(
    createHash("shake256", { outputLength: bytes }).update(`draw ${number}`).digest(),
  );
}
