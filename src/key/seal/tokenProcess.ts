import { fork } from "node:child_process";
import type { Clock } from "../../port/clock.ts";
import { childEnvironment } from "../../source/child.ts";
import type { TokenAnswer, TokenOrder } from "./tokenWork.ts";

/** In the published build the process's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../../worker/pkcs11Token.${EXTENSION}`, import.meta.url);
/** A network HSM that is failing over takes its time; a start of Node some tenths of a second. */
const LONGEST_MILLISECONDS = 30_000;

/**
 * One order in a process of its own, which is gone afterwards.
 * @param environment what the vendor's library reads, besides PATH and the like
 */
export function askToken(
  order: TokenOrder,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<TokenAnswer> {
  return new Promise((resolve) => {
    const child = fork(ENTRY, {
      // Nothing that the library prints could be trusted not to hold the PIN.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
      env: childEnvironment(environment),
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    const done = (answer: TokenAnswer): void => {
      cancel();
      child.kill("SIGKILL");
      resolve(answer);
    };
    const cancel = clock.schedule(LONGEST_MILLISECONDS, () =>
      done({ fault: `the token did not answer within ${LONGEST_MILLISECONDS / 1000} s` }),
    );
    child.once("message", (answer) => done(answer as TokenAnswer));
    child.once("error", () => done({ fault: "the process for the token could not be started" }));
    child.once("exit", (code, signal) =>
      done({ fault: `the token's library ended its process (${signal ?? `exit code ${code}`})` }),
    );
    // A child that is gone already is told by its exit.
    child.send(order, () => {});
  });
}
