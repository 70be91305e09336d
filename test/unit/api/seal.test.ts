import { afterEach, beforeEach, expect, test } from "vitest";
import { buildHouse, type House } from "./house.ts";

const CANARY = "canary in a coal mine";

let house: House;
beforeEach(async () => {
  house = await buildHouse();
});
afterEach(() => house.app.close());

function ask(method: "GET" | "POST" | "DELETE", path: string, payload?: object, role = "admin") {
  const headers = house.bearer(role as "admin");
  return house.app.inject({ method, url: `/v1/seal${path}`, headers, ...(payload && { payload }) });
}

const slot = (name: string, passphrase = CANARY) => ({ kind: "passphrase", name, passphrase });

test("a vault is made, shut, opened, and given another slot", async () => {
  expect((await ask("GET", "")).json()).toMatchObject({ initialised: false, sealed: true });
  const made = await ask("POST", "/initialise", slot("first"));
  expect([made.statusCode, made.json().kind]).toEqual([201, "passphrase"]);
  expect((await ask("POST", "/initialise", slot("again"))).statusCode).toBe(409);
  expect((await ask("POST", "/close", { reason: "lunch" }, "operator")).statusCode).toBe(204);
  expect((await ask("GET", "", undefined, "auditor")).json()).toMatchObject({
    sealed: true,
    cause: "It was shut: lunch",
    epoch: 1,
  });
  const sealed = await ask("POST", "/slots", slot("second"));
  expect([sealed.statusCode, sealed.json().code]).toEqual([503, "sealed"]);
  expect(sealed.headers["retry-after"]).toBe("5");
  const wrong = await ask("POST", "/open", { passphrase: "another bird" });
  expect([wrong.statusCode, wrong.json().code]).toEqual([403, "slot_refused"]);
  expect((await ask("POST", "/open", { slot: "nobody's" })).statusCode).toBe(404);
  const opened = await ask("POST", "/open", { passphrase: CANARY }, "custodian");
  expect([opened.statusCode, opened.json().name]).toEqual([200, "first"]);
  const second = await ask("POST", "/slots", slot("second", "a second canary"), "custodian");
  expect(second.statusCode).toBe(201);
  expect((await ask("POST", "/slots", slot("second"))).statusCode).toBe(409);
  expect((await ask("DELETE", `/slots/${made.json().id}`)).statusCode).toBe(204);
  expect((await ask("DELETE", `/slots/${second.json().id}`)).statusCode).toBe(409);
  expect((await ask("DELETE", `/slots/${made.json().id}`)).statusCode).toBe(404);
});

test("the same passphrase in another Unicode form is the same", async () => {
  await ask("POST", "/initialise", slot("first", "caf\u00e9 caf\u00e9 caf\u00e9"));
  await ask("POST", "/close", {});
  const other = await ask("POST", "/open", { passphrase: "cafe\u0301 cafe\u0301 cafe\u0301" });
  expect(other.statusCode).toBe(200);
});

test("after three wrong passphrases the next waits, and is told how long", async () => {
  await ask("POST", "/initialise", slot("first"));
  await ask("POST", "/close", {});
  for (let count = 0; count < 3; count++)
    expect((await ask("POST", "/open", { passphrase: `wrong ${count}` })).statusCode).toBe(403);
  const waiting = await ask("POST", "/open", { passphrase: CANARY });
  expect([waiting.statusCode, waiting.json().code]).toEqual([429, "throttled"]);
  expect(waiting.headers["retry-after"]).toBe("1");
});

test("no passphrase comes back, in no answer, event or line of the log", async () => {
  const answers = [
    await ask("POST", "/initialise", { ...slot("first"), more: CANARY }),
    await ask("POST", "/initialise", { ...slot("first"), passphrase: `${CANARY}\u0007` }),
    await ask("POST", "/initialise", slot("first")),
    await ask("POST", "/slots", slot("first")),
    await ask("POST", "/close", {}),
    await ask("POST", "/open", { passphrase: `${CANARY}?` }),
    await ask("POST", "/open", { slot: "first", passphrase: CANARY.repeat(100) }),
    await ask("POST", "/open", { passphrase: CANARY }, "operator"),
    await ask("POST", "/open", { passphrase: CANARY }),
    await ask("GET", ""),
  ].map((answer) => answer.payload + JSON.stringify(answer.headers));
  const events = await house.app.inject({ url: "/v1/events", headers: house.bearer("admin") });
  const all = [...answers, ...house.log, events.payload].join("\n");
  expect(events.payload).toContain("seal_refused");
  expect(all).not.toContain("canary");
  expect(all).not.toContain(Buffer.from(CANARY).toString("base64").slice(0, 20));
});
