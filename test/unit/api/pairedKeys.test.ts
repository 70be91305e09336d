import { afterAll, beforeAll, expect, test } from "vitest";
import { buildHouse, type House } from "./house.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(() => house.app.close());

/** A client of its own, with its principal's id. */
async function party() {
  const token = await house.issue(["client"]);
  const headers = { authorization: `Bearer ${token}` };
  const { id } = house.access.authenticate(headers, {} as never)!;
  const ask = async (path: string, payload?: object) => {
    const method = payload ? "POST" : "GET";
    const url = `/api/v1/keys/${path}`;
    const answer = await house.app.inject({
      method,
      url,
      headers,
      ...(payload ? { payload } : {}),
    });
    return { status: answer.statusCode, ...answer.json() };
  };
  return { id, ask };
}

test("ETSI GS QKD 014: two SAEs get the same keys, a third nothing", async () => {
  const [master, slave, third] = [await party(), await party(), await party()];
  const before = await master.ask(`${slave.id}/status`);
  expect(before).toMatchObject({
    status: 200,
    master_SAE_ID: master.id,
    slave_SAE_ID: slave.id,
    key_size: 256,
    stored_key_count: 1024,
  });
  const given = await master.ask(`${slave.id}/enc_keys`, { number: 2, size: 512 });
  expect(given.keys).toHaveLength(2);
  expect(Buffer.from(given.keys[0].key, "base64")).toHaveLength(64);
  expect((await master.ask(`${slave.id}/status`)).stored_key_count).toBe(1022);
  const [first, second] = given.keys.map(({ key_ID }: { key_ID: string }) => key_ID);
  expect(await third.ask(`${master.id}/dec_keys?key_ID=${first}`)).toMatchObject({ status: 404 });
  const one = await slave.ask(`${master.id}/dec_keys?key_ID=${first}`);
  expect(one.keys).toEqual([given.keys[0]]);
  const rest = await slave.ask(`${master.id}/dec_keys`, { key_IDs: [{ key_ID: second }] });
  expect(rest.keys).toEqual([given.keys[1]]);
  expect(await slave.ask(`${master.id}/dec_keys?key_ID=${first}`)).toMatchObject({ status: 404 });
  const single = await master.ask(`${slave.id}/enc_keys`);
  expect(single.keys).toHaveLength(1);
});

test("what the protocol does not allow is refused, and nothing is drawn", async () => {
  const [master, slave] = [await party(), await party()];
  for (const body of [
    { number: 0 },
    { number: 129 },
    { size: 127 },
    { size: 8192 },
    { extension_mandatory: [] },
    { additional_slave_SAE_IDs: ["token-x"] },
  ])
    expect(await master.ask(`${slave.id}/enc_keys`, body)).toMatchObject({ status: 400 });
  expect(await master.ask(`${master.id}/enc_keys`)).toMatchObject({ status: 400 });
  expect((await master.ask(`${slave.id}/status`)).stored_key_count).toBe(1024);
});
