import { callersSuite } from "../support/callersSuite.ts";

/* As many calls as the environment variable SPRINGHOUSE_CALLS says, or 120,000. */
callersSuite("", Number(process.env["SPRINGHOUSE_CALLS"] ?? 120_000));
