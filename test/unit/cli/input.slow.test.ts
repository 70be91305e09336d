import { expect, test } from "vitest";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

test("stdin that has nothing yet is waited for, also where it does not block", async () => {
  // Where a program's output is a socket, a shell's pipes are found non-blocking.
  const line = `(sleep 1; echo no receipt) | ${BIN} verify - --vkey x`;
  const failed = await promisify(execFile)("sh", ["-c", line]).catch(
    (error: { stderr: string }) => error,
  );
  expect(failed.stderr).toContain("is no receipt");
});
