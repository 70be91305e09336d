/** RFC 9457, as the service answers it. */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
}

export type Answer<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly status: number; readonly problem: Problem };

export const UNREACHABLE: Problem = {
  code: "unreachable",
  title: "The service does not answer.",
  detail: "The service does not answer.",
  remedy: "See that it runs, and that this machine reaches it.",
};

let signedOut = (): void => {};

/** What to do when the service no longer knows this browser. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    const detail = `The service answered ${response.status}.`;
    return { ...UNREACHABLE, title: detail, detail };
  }
}

/**
 * Asks the service. The browser sends its session along by itself.
 * @param expectsSignIn a 401 is the caller's to explain
 */
export async function ask<Result>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
  expectsSignIn = false,
): Promise<Answer<Result>> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    return { ok: false, status: 0, problem: UNREACHABLE };
  }
  const { ok, status } = response;
  if (status === 401 && !expectsSignIn) signedOut();
  if (!ok) return { ok, status, problem: await problemOf(response) };
  const text = status === 204 ? "null" : await response.text();
  return { ok, value: JSON.parse(text) as Result };
}
