import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { createHmacDrbgKernel } from "../../../src/kernel/createHmacDrbgKernel.ts";
import { createHmacDrbgBank } from "../../../src/kernel/hmacDrbgBank.ts";
import type { HmacDrbgKernel } from "../../../src/kernel/hmacDrbgKernel.ts";
import { HmacDrbgPlain } from "../../../src/kernel/hmacDrbgPlain.ts";
import { HmacDrbgWasm } from "../../../src/kernel/hmacDrbgWasm.ts";
import { HmacNoble } from "../../../src/kernel/hmacNoble.ts";
import { HmacNode } from "../../../src/kernel/hmacNode.ts";
import { HmacWasm } from "../../../src/kernel/hmacWasm.ts";
import { KERNEL_FORMS, kernelForm } from "../../../src/kernel/kernelForm.ts";
import { Sha256Lanes } from "../../../src/kernel/sha256Lanes.ts";
import { CONTEXTS } from "../../../src/kernel/wasm/layout.ts";

type Command =
  | { readonly type: "update"; readonly data: readonly Uint8Array[] }
  | { readonly type: "output"; readonly bytes: number };

const commands = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant("update" as const),
      data: fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 3 }),
    }),
    fc.record({ type: fc.constant("output" as const), bytes: fc.integer({ min: 1, max: 300 }) }),
  ),
  { maxLength: 8 },
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Everything that can be seen of a kernel while it does as it is told. */
function tell(kernel: HmacDrbgKernel, history: readonly Command[]): string[] {
  const seen: string[] = [];
  kernel.initialise();
  for (const command of history) {
    if (command.type === "update") kernel.update(...command.data);
    else {
      const out = new Uint8Array(command.bytes);
      kernel.output(out);
      seen.push(hex(out));
    }
    seen.push(hex(kernel.readKey()), hex(kernel.readValue()));
  }
  return seen;
}

const oracle = (): HmacDrbgKernel => new HmacDrbgPlain(new HmacNoble("sha256"));

describe.each([
  ...[0, 1, 2, 3].map((lane) => [`WebAssembly, lane ${lane}`, () => wasm(lane)] as const),
  ["the plain one over WebAssembly's HMAC", () => new HmacDrbgPlain(new HmacWasm())] as const,
  ["the plain one over node:crypto", () => new HmacDrbgPlain(new HmacNode("sha256"))] as const,
])("%s", (_, create) => {
  test("is the plain twin, whatever is done to it", () => {
    fc.assert(
      fc.property(commands, (history) => {
        expect(tell(create(), history)).toEqual(tell(oracle(), history));
      }),
    );
  });

  test("is the plain twin around the ends of its output buffer", () => {
    for (const bytes of [65_535, 65_536, 65_537, 131_073]) {
      const history = [{ type: "output", bytes } as const, { type: "update", data: [] } as const];
      expect(tell(create(), history)).toEqual(tell(oracle(), history));
    }
  });
});

function wasm(lane: number): HmacDrbgWasm {
  return new HmacDrbgWasm(new Sha256Lanes(), lane);
}

test("what is done in one lane is not seen in another", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), commands), { maxLength: 6 }), (turns) => {
      const memory = new Sha256Lanes();
      const own = [0, 1, 2, 3].map((lane) => new HmacDrbgWasm(memory, lane));
      const twins = [0, 1, 2, 3].map(oracle);
      for (const kernel of [...own, ...twins]) kernel.initialise();
      for (const [lane, history] of turns) tell(own[lane]!, history);
      for (const [lane, history] of turns) tell(twins[lane]!, history);
      expect(own.map((kernel) => hex(kernel.readValue()))).toEqual(
        twins.map((kernel) => hex(kernel.readValue())),
      );
    }),
  );
});

describe.each(KERNEL_FORMS)("the bank as %s", (form) => {
  const bank = () => {
    vi.stubEnv("SPRINGHOUSE_KERNEL", form);
    const made = createHmacDrbgBank("sha256");
    vi.unstubAllEnvs();
    return made;
  };

  test("gives in each lane what that lane gives alone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 4, maxLength: 4 }), {
          minLength: 1,
          maxLength: 3,
        }),
        (seeds, turns) => {
          const together = bank();
          const alone = seeds.map(oracle);
          for (const [i, seed] of seeds.entries())
            for (const kernel of [together.lanes[i]!, alone[i]!]) {
              kernel.initialise();
              kernel.update(seed);
            }
          for (const lengths of turns) {
            const outs = lengths.map((length) => new Uint8Array(length));
            together.output(outs);
            for (const [i, kernel] of alone.entries()) {
              const expected = new Uint8Array(lengths[i]!);
              kernel.output(expected);
              expect(hex(outs[i]!)).toBe(hex(expected));
              for (const each of [kernel, together.lanes[i]!]) each.update();
              expect(hex(together.lanes[i]!.readKey())).toBe(hex(kernel.readKey()));
            }
          }
        },
      ),
      { numRuns: form === "noble" ? 20 : 100 },
    );
  });

  test("over more than a lane's part of the output buffer", () => {
    const together = bank();
    const alone = oracle();
    for (const kernel of [...together.lanes, alone]) kernel.initialise();
    const outs = together.lanes.map(() => new Uint8Array(16_384 + 33));
    together.output(outs);
    const expected = new Uint8Array(outs[0]!.length);
    alone.output(expected);
    for (const out of outs) expect(Buffer.from(out).equals(expected)).toBe(true);
  });

  test("takes four outputs and no fewer", () => {
    expect(() => bank().output([1, 2, 3].map(() => new Uint8Array(32)))).toThrow(RangeError);
  });
});

test("nothing of a state or of an output stays in the memory", () => {
  const memory = new Sha256Lanes();
  const [first, second] = [new HmacDrbgWasm(memory, 0), new HmacDrbgWasm(memory, 3)];
  for (const kernel of [first, second]) {
    kernel.initialise();
    kernel.update(new Uint8Array(48).fill(7), new Uint8Array(200).fill(8));
    kernel.output(new Uint8Array(65_537));
    kernel.output(new Uint8Array(5));
    kernel.update();
    // Between two calls there is nothing but the contexts.
    expect(memory.bytes.subarray(CONTEXTS + 512).every((byte) => byte === 0)).toBe(true);
  }
  expect(memory.bytes.subarray(CONTEXTS).some((byte) => byte !== 0)).toBe(true);
  first.zeroise();
  second.zeroise();
  expect(memory.bytes.subarray(CONTEXTS).every((byte) => byte === 0)).toBe(true);
});

describe("SPRINGHOUSE_KERNEL", () => {
  const formOf = (text: string) => {
    vi.stubEnv("SPRINGHOUSE_KERNEL", text);
    try {
      return [kernelForm(), createHmacDrbgKernel("sha256") instanceof HmacDrbgWasm];
    } finally {
      vi.unstubAllEnvs();
    }
  };

  test("picks the form", () => {
    expect(formOf("")).toEqual(["four-lanes", true]);
    expect(formOf("four-lanes")).toEqual(["four-lanes", true]);
    expect(formOf("one-lane")).toEqual(["one-lane", true]);
    expect(formOf("noble")).toEqual(["noble", false]);
  });

  test("which names no form is refused", () => {
    expect(() => formOf("fastest")).toThrow("four-lanes, one-lane, noble, not fastest");
  });
});
