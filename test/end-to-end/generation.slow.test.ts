import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { KeptEvent } from "../../src/port/event.ts";
import {
  makeState,
  removeState,
  springhouse,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

test("a generation that changes, or cannot be read any more, reseeds every instance", async () => {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  const file = join(state, "generation");
  const configuration = `construction: { generationFile: ${file} }\n`;
  await writeFile(file, "1");
  const service = await startSpringhouse({ state, configuration });
  onTestFinished(async () => void (await service.stop()));

  const seed = async (): Promise<string | null> => {
    const { url, authorization } = service;
    const answer = await fetch(`${url}/v1/random`, { headers: authorization });
    await answer.arrayBuffer();
    return answer.headers.get("springhouse-seed");
  };
  const changes = async (): Promise<number> => {
    const path = `${service.url}/v1/events?since=0&limit=1000`;
    const answer = await fetch(path, { headers: service.authorization });
    const { events } = (await answer.json()) as { events: KeptEvent[] };
    return events.filter(({ kind }) => kind === "generation_change").length;
  };

  const first = await seed();
  await writeFile(file, "2");
  await until("the change", async () => (await changes()) === 1);
  await until("a new seed", async () => {
    const now = await seed();
    return now !== null && now !== first;
  });
  const second = await seed();
  await rm(file);
  await mkdir(file);
  await until("the file that is none", async () => (await changes()) === 2);
  await until("another seed", async () => {
    const now = await seed();
    return now !== null && now !== second;
  });
}, 60_000);

test("a generation file that cannot be read from the start is a fault of the configuration", async () => {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  const config = join(state, "springhouse.yaml");
  await writeFile(config, `construction: { generationFile: ${join(state, "none")} }\n`);
  const { code, stderr } = await springhouse(["serve", "--state", state, "--config", config]);
  expect(code).toBe(2);
  expect(stderr).toContain("construction.generationFile: cannot read");
}, 60_000);
