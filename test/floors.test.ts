import { readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = new URL("../src", import.meta.url).pathname;

/** The house, lowest floor first: a room may import rooms above it in this list, and itself. */
const FLOORS = [
  "standard",
  "port",
  "kernel",
  "source",
  "health",
  "conditioning",
  "entropy",
  "drbg",
  "assess",
  "store",
  "lineage",
  "log",
  "access",
  "key",
  "verify",
  "telemetry",
  "doctor",
  "client",
  "api",
  "outlet",
  "console",
  "cli",
  "platform",
  "worker",
  "config",
  "noiseSources.ts",
  "service",
  "serve.ts",
  "main.ts",
];

/** Rooms that must not know each other although one stands above the other. */
const STRANGERS: Record<string, readonly string[]> = {
  port: ["standard"],
  health: ["source"],
  conditioning: ["source", "health"],
};

/** The only rooms that a room may import, where DESIGN narrows it further. */
const ONLY: Record<string, readonly string[]> = {
  standard: [],
  client: ["port"],
};

/** Composition roots may import what stands above them, and are imported by nothing. */
const ROOTS = new Set(["main.ts", "worker"]);

interface Edge {
  readonly from: string;
  readonly to: string;
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1]!);
}

/** Which rule an import breaks, or null. */
export function broken({ from, to }: Edge): string | null {
  if (from === to) return null;
  if (ROOTS.has(to)) return `${to} is a composition root and is imported by nobody`;
  const [low, high] = [FLOORS.indexOf(to), FLOORS.indexOf(from)];
  if (low < 0 || high < 0) return `${low < 0 ? to : from} is not in the list of floors`;
  if (low > high) return `${from} stands below ${to}`;
  if (STRANGERS[from]?.includes(to)) return `${from} must not know ${to}`;
  const only = ONLY[from];
  if (only && !only.includes(to)) return `${from} may import only ${only.join(", ") || "nothing"}`;
  return null;
}

describe("import floors", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );

  test.each(files)("%s imports only from above its floor", (name) => {
    const from = name.split("/")[0]!;
    const faults: string[] = [];
    for (const target of importsOf(readFileSync(resolve(SRC, name), "utf8"))) {
      if (!target.startsWith(".")) {
        if (from === "standard") faults.push(`${target}: standard imports nothing`);
        continue;
      }
      const to = relative(SRC, resolve(SRC, dirname(name), target)).split("/")[0]!;
      const fault = broken({ from, to });
      if (fault) faults.push(`${target}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });

  test("a planted edge against the order is found", () => {
    expect(broken({ from: "health", to: "entropy" })).toContain("stands below");
    expect(broken({ from: "conditioning", to: "health" })).toContain("must not know");
    expect(broken({ from: "client", to: "drbg" })).toContain("may import only");
    expect(broken({ from: "entropy", to: "health" })).toBeNull();
  });
});
