import { createPublicKey, verify } from "node:crypto";
import { Check } from "typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildHouse, type House } from "./house.ts";

let house: House;
let document: { paths: Record<string, Record<string, { responses: Record<string, never> }>> };
beforeAll(async () => {
  house = await buildHouse();
  document = (await house.app.inject({ url: "/openapi.json" })).json();
});
afterAll(() => house.app.close());

type Role = Parameters<House["bearer"]>[0];

/** Asks, and holds a success against the schema that the OpenAPI document has for it. */
async function ask(
  role: Role,
  path: string,
  payload: object | null = null,
  headers: Record<string, string> = {},
) {
  const method = payload === null ? "GET" : "POST";
  const answer = await house.app.inject({
    method,
    url: path,
    headers: { ...house.bearer(role), ...headers },
    ...(payload === null ? {} : { payload }),
  });
  if (answer.statusCode < 300) {
    const known = path.replace(/k-[0-9a-f]{16}-\d+/, "{id}").replace(/\?.*/, "");
    const response = document.paths[known]![method.toLowerCase()]!.responses[
      String(answer.statusCode)
    ] as unknown as { content: Record<string, { schema: never }> };
    expect(Check(response.content["application/json"]!.schema, answer.json()), path).toBe(true);
    expect(answer.headers["cache-control"]).toBe("no-store");
  }
  return { status: answer.statusCode, headers: answer.headers, ...answer.json() };
}

const create = async (order: object) => ask("client", "/v1/keys", order);
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const MILK = base64("milk");

describe("the life of a key over HTTP", () => {
  test("create, use, rotate, use, suspend, refuse", async () => {
    const key = await create({ type: "aes-256", name: "milk" });
    expect(key).toMatchObject({
      status: 201,
      state: "active",
      revision: 1,
      versions: [
        { version: 1, primary: true, origin: "generated", transitions: expect.anything() },
      ],
      leaf: expect.stringMatching(/^lf-/),
    });
    expect(key.headers.etag).toBe('"1"');
    const at = `/v1/keys/${key.id}`;
    const context = { tenant: "7" };
    const sealed = await ask("client", `${at}/encrypt`, { plaintext: MILK, context });
    expect(sealed).toMatchObject({ status: 200, version: 1, algorithm: "AES-256-GCM" });
    const rotated = await ask("client", `${at}/rotate`, {}, { "if-match": '"1"' });
    expect(rotated).toMatchObject({ status: 200, primary: 2, revision: 2 });
    const { ciphertext } = sealed;
    expect(await ask("client", `${at}/decrypt`, { ciphertext, context })).toMatchObject({
      plaintext: MILK,
      version: 1,
    });
    expect(await ask("client", `${at}/decrypt`, { ciphertext })).toMatchObject({
      status: 400,
      code: "not_authentic",
    });
    expect(await ask("client", `${at}/rewrap`, { ciphertext, context })).toMatchObject({
      version: 2,
    });
    // Operators stop any key; nobody starts it again alone.
    expect(await ask("operator", `${at}/suspend`, { reason: "odd" })).toMatchObject({
      state: "suspended",
    });
    expect(await ask("client", `${at}/encrypt`, { plaintext: MILK })).toMatchObject({
      status: 409,
      code: "conflict",
      detail: expect.stringContaining("Allowed: restore, deactivate, compromise."),
    });
    for (const role of ["client", "admin"] as const)
      expect(await ask(role, `${at}/restore`, {})).toMatchObject({
        status: 403,
        code: "approval_required",
      });
    const shown = await ask("auditor", at);
    expect(shown).toMatchObject({ state: "suspended", versions: [{}, { reason: "odd" }] });
    expect(JSON.stringify(shown)).not.toContain("secret");
  });

  test("half of a surrogate pair is refused wherever it stands, and a whole one is taken", async () => {
    const { id } = await create({ type: "aes-256", name: "\u{1f42e}" });
    const encrypt = (context: object) =>
      ask("client", `/v1/keys/${id}/encrypt`, { plaintext: MILK, context });
    for (const context of [{ cow: "\ud83d" }, { "\udc2e": "cow" }])
      expect(await encrypt(context)).toMatchObject({
        status: 400,
        code: "invalid_parameter",
        detail: expect.stringContaining("half a surrogate pair"),
      });
    expect(await encrypt({ "\u{1f42e}": "\u{1f95b}" })).toMatchObject({ status: 200 });
    expect(await encrypt({ cow: "\\ud83d, in words" })).toMatchObject({ status: 200 });
    for (const reason of ["\ud83d", "\u009b2J", "\u202edoog si ti"])
      expect(await ask("operator", `/v1/keys/${id}/suspend`, { reason })).toMatchObject({
        status: 400,
        code: "invalid_parameter",
      });
  });

  test("a stale If-Match is 412, and one that is none is 400", async () => {
    const { id } = await create({ type: "aes-256" });
    for (const what of ["rotate", "policy", "suspend"]) {
      const body = what === "policy" ? { policy: { processSuspended: false } } : {};
      expect(
        await ask("client", `/v1/keys/${id}/${what}`, body, { "if-match": '"7"' }),
      ).toMatchObject({ status: 412, code: "revision_changed" });
      for (const given of ["7", "*", '"x"', 'W/"1"', '"1", "2"'])
        expect(
          await ask("client", `/v1/keys/${id}/${what}`, body, { "if-match": given }),
          given,
        ).toMatchObject({ status: 400, code: "invalid_parameter" });
    }
    expect(await ask("client", `/v1/keys/${id}`)).toMatchObject({ revision: 1 });
  });

  test("an imported key, a policy, and its limit", async () => {
    const material = Buffer.alloc(32, 7).toString("base64");
    const key = await ask("client", "/v1/keys/import", { type: "hmac-256", material });
    expect(key).toMatchObject({ status: 201, versions: [{ origin: "imported", output: null }] });
    const at = `/v1/keys/${key.id}`;
    expect(await ask("client", `${at}/policy`, { policy: { maximumOperations: 1 } })).toMatchObject(
      { status: 200, revision: 2, policy: { maximumOperations: 1, processSuspended: true } },
    );
    const { mac } = await ask("client", `${at}/mac`, { message: MILK });
    expect(await ask("client", `${at}/mac`, { message: MILK })).toMatchObject({
      status: 409,
      code: "key_limit_reached",
    });
    expect(await ask("client", `${at}/verify-mac`, { message: MILK, mac })).toMatchObject({
      valid: true,
    });
  });

  test("what cannot be a key is told before anything is drawn", async () => {
    for (const [order, detail] of [
      [{ type: "aes-256", purpose: "signature" }, "purpose of aes-256"],
      [{ type: "ed25519", usages: ["encrypt"] }, "usages are of sign, verify"],
      [
        { type: "aes-256", policy: { maximumOperations: 5, rotation: { maximumOperations: 6 } } },
        "rotation.maximumOperations",
      ],
      [{ type: "aes-256", policy: { rotation: { everyDays: 1e-300 } } }, "everyDays"],
    ] as const)
      expect(await create(order)).toMatchObject({
        status: 400,
        code: "invalid_parameter",
        detail: expect.stringContaining(detail),
      });
  });
});

test("signatures, agreement, wrapping, encapsulation and data keys", async () => {
  const signer = await create({ type: "ed25519" });
  const { signature } = await ask("client", `/v1/keys/${signer.id}/sign`, { message: MILK });
  const pem = createPublicKey(signer.versions[0].publicKeyPem);
  expect(verify(null, Buffer.from("milk"), pem, Buffer.from(signature, "base64"))).toBe(true);
  const verified = { message: MILK, signature };
  expect(await ask("client", `/v1/keys/${signer.id}/verify`, verified)).toMatchObject({
    valid: true,
  });

  const [one, other] = [await create({ type: "x25519" }), await create({ type: "x25519" })];
  const agreed = async (here: typeof one, there: typeof one) =>
    (await ask("client", `/v1/keys/${here.id}/derive`, { peer: there.versions[0].publicKey })).key;
  expect(await agreed(one, other)).toBe(await agreed(other, one));

  const wrapper = await create({ type: "aes-256", purpose: "wrapping" });
  const { wrapped } = await ask("client", `/v1/keys/${wrapper.id}/wrap`, { key: MILK });
  expect(await ask("client", `/v1/keys/${wrapper.id}/unwrap`, { wrapped })).toMatchObject({
    key: MILK,
  });

  const kem = await create({ type: "ml-kem-768" });
  const { ciphertext, shared } = await ask("client", `/v1/keys/${kem.id}/encapsulate`, {});
  expect(await ask("client", `/v1/keys/${kem.id}/decapsulate`, { ciphertext })).toMatchObject({
    shared,
  });

  const root = await create({ type: "aes-256" });
  const data = await ask("client", `/v1/keys/${root.id}/data-key`, {});
  expect(
    await ask("client", `/v1/keys/${root.id}/decrypt`, { ciphertext: data.ciphertext }),
  ).toMatchObject({ plaintext: data.plaintext });
});

describe("who sees and does what", () => {
  test("a client sees its own; those who run and examine see all; nobody else uses it", async () => {
    const { id } = await create({ type: "aes-256" });
    const stranger = { authorization: `Bearer ${await house.issue(["client"])}` };
    for (const path of [`/v1/keys/${id}`, `/v1/keys/${id}/encrypt`, `/v1/keys/${id}/rotate`]) {
      const payload = path.endsWith("encrypt") ? { plaintext: MILK } : {};
      const answer = await house.app.inject({
        method: path === `/v1/keys/${id}` ? "GET" : "POST",
        url: path,
        headers: stranger,
        ...(path === `/v1/keys/${id}` ? {} : { payload }),
      });
      expect(answer.statusCode, path).toBe(404);
    }
    for (const role of ["operator", "auditor", "custodian", "admin"] as const) {
      expect(await ask(role, `/v1/keys/${id}`)).toMatchObject({ status: 200 });
      const page = await ask(role, "/v1/keys?limit=1000");
      expect(page.keys.map((key: { id: string }) => key.id)).toContain(id);
    }
    expect((await ask("client", "/v1/keys?limit=1000")).keys.length).toBeGreaterThan(0);
    const none = await house.app.inject({ url: "/v1/keys", headers: stranger });
    expect(none.json()).toEqual({ keys: [], next: null });
  });

  test("pages follow each other", async () => {
    for (let n = 0; n < 3; n++) await create({ type: "aes-256" });
    const all = (await ask("admin", "/v1/keys?limit=1000")).keys.length;
    let [seen, after]: [number, string | null] = [0, ""];
    while (after !== null) {
      const query = after === "" ? "limit=2" : `limit=2&after=${after}`;
      const page: { keys: unknown[]; next: string | null } = await ask(
        "admin",
        `/v1/keys?${query}`,
      );
      seen += page.keys.length;
      after = page.next;
    }
    expect(seen).toBe(all);
  });
});
