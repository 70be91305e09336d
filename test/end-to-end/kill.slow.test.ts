import { expect, test } from "vitest";
import { makeState, removeState, startSpringhouse, until } from "../support/springhouse.ts";

/** Rounds of the acceptance figure: SIGKILL at random instants under load. */
const ROUNDS = 100;

test("kill -9 under load, 100 times: every id that was answered resolves to its seed", async () => {
  const state = await makeState();
  try {
    let answered: { output: string; seed: string }[] = [];
    let resolved = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const service = await startSpringhouse({ state });
      const { url, authorization } = service;
      for (const { output, seed } of answered) {
        const response = await fetch(`${url}/v1/outputs/${output}`, { headers: authorization });
        expect(response.status, output).toBe(200);
        expect(await response.json()).toMatchObject({ id: output, seed: { id: seed } });
        resolved++;
      }
      const now: typeof answered = [];
      let alive = true;
      const load = Array.from({ length: 4 }, async (_, door) => {
        while (alive) {
          try {
            const response = await (door === 0
              ? fetch(`${url}/v1/keys/generate`, {
                  method: "POST",
                  headers: { ...authorization, "content-type": "application/json" },
                  body: '{"type":"aes-256"}',
                })
              : fetch(`${url}/v1/random?bytes=64`, { headers: authorization }));
            await response.arrayBuffer();
            const output = response.headers.get("springhouse-output");
            const seed = response.headers.get("springhouse-seed");
            if (response.ok && output && seed) now.push({ output, seed });
          } catch {
            return; // killed in the middle of an answer: it was not answered
          }
        }
      });
      await until("some answers", () => now.length > 0);
      // 0 to 97 ms, spread over the rounds without a generator: 37 and 98 have no common factor.
      await new Promise((resolve) => setTimeout(resolve, (round * 37) % 98));
      await service.kill();
      alive = false;
      await Promise.all(load);
      // The first and the last ones, and some between: thousands come in a round.
      answered = now.filter((_, index) => index < 3 || index >= now.length - 5 || index % 50 === 0);
    }
    expect(resolved).toBeGreaterThan(ROUNDS);
  } finally {
    await removeState(state);
  }
});
