import { readFileSync } from "node:fs";
import type { ExamineHere } from "../cli/doctor.ts";
import { parseConfiguration } from "../config/parse.ts";
import type { Configuration } from "../config/schema.ts";
import { examine } from "../doctor/examine.ts";
import { finding } from "../doctor/finding.ts";
import { ERRORS, SpringhouseError } from "../port/errors.ts";
import type { Finding } from "../port/finding.ts";
import { assertListenable } from "./address.ts";
import { hostFacts } from "./hostFacts.ts";

function read(path: string | null): Configuration | Finding[] {
  try {
    const configuration = parseConfiguration(path === null ? "" : readFileSync(path, "utf8"));
    assertListenable(configuration);
    return configuration;
  } catch (error) {
    if (error instanceof SpringhouseError)
      return error.message
        .split("\n")
        .map((line) =>
          finding(
            "configuration",
            "fault",
            line.trim(),
            path ?? "the embedded default",
            error.remedy,
          ),
        );
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return [
      finding(
        "configuration",
        "fault",
        "cannot be read",
        `${path}: ${code}`,
        ERRORS.configuration_invalid.remedy,
      ),
    ];
  }
}

/** `springhouse doctor` where no service answers, or for a configuration that is not in use yet. */
export const examineHere: ExamineHere = async ({ config, state, nowMilliseconds }) => {
  const configuration = read(config);
  if (Array.isArray(configuration)) return configuration;
  const facts = await hostFacts({ configuration, state, nowMilliseconds, watched: null });
  const known =
    config === null
      ? []
      : [finding("configuration", "ok", "holds", `${config}: version ${configuration.version}`)];
  return [...known, ...examine(facts)];
};
