import { expect, test } from "vitest";
import { createLogger } from "../../../src/platform/logger.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";

function logged(level: string, tell: (log: ReturnType<typeof createLogger>) => void) {
  const lines: string[] = [];
  tell(createLogger(level, { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("one object a line, with the names of the API's events", () => {
  const [line] = logged("info", (log) =>
    log.warn(
      { kind: "health_alarm", source: "trng", actor: null, reason: null, data: { cutoff: 11 } },
      "a\nline",
    ),
  );
  expect(line).toEqual({
    severity: "warning",
    atMilliseconds: expect.any(Number),
    kind: "health_alarm",
    source: "trng",
    actor: null,
    reason: null,
    data: { cutoff: 11 },
    detail: "a\nline",
  });
});

test("severities are the API's, and what is less severe than asked for is not written", () => {
  const tell = (log: ReturnType<typeof createLogger>): void => {
    for (const level of ["debug", "info", "warn", "error"] as const)
      log[level]({ kind: "listening" }, "x");
  };
  expect(logged("debug", tell).map(({ severity }) => severity)).toEqual([
    "debug",
    "info",
    "warning",
    "critical",
  ]);
  expect(logged("error", tell)).toHaveLength(1);
});

test("an error is where it was and what kind; its message only where it is ours", () => {
  const foreign = Object.assign(new TypeError("cannot read canary"), { code: "EIO" });
  const ours = new SpringhouseError("store_failed", "the disk is full");
  const [one, other, odd] = logged("info", (log) => {
    log.error({ kind: "defect", error: foreign }, "x");
    log.error({ kind: "defect", error: ours }, "x");
    log.error({ kind: "defect", error: "canary" }, "x");
  });
  expect(one!["error"]).toMatchObject({ name: "TypeError", code: "EIO" });
  expect((one!["error"] as { frames: string[] }).frames[0]).toContain("logger.test.ts");
  expect(other!["error"]).toMatchObject({ code: "store_failed", detail: "the disk is full" });
  expect(odd!["error"]).toEqual({ name: "string" });
  expect(JSON.stringify([one, odd])).not.toContain("canary");
});

test("a token is left out wherever it stands, and what is called a secret as well", () => {
  const token = `sph_${"a".repeat(43)}`;
  const lines = logged("info", (log) =>
    log.info(
      {
        kind: "refused",
        detail: token,
        passphrase: "canary",
        data: { token: "token-0123456789abcdef", salt: "canary" },
        request: { headers: { authorization: "canary" } },
      },
      `with ${token}`,
    ),
  );
  const text = JSON.stringify(lines);
  expect(text).not.toContain(token);
  expect(text).not.toContain("canary");
  // An id is no secret, and says whose.
  expect(text).toContain("token-0123456789abcdef");
});
