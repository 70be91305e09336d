import { callersSuite } from "../support/callersSuite.ts";

/* The same with three threads that answer, on the one address. */
callersSuite("outlets: 3\n", Number(process.env["SPRINGHOUSE_CALLS"] ?? 40_000));
