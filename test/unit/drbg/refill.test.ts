import { expect, test } from "vitest";
import { openHouse } from "./house.ts";

test("news of every block costs at most fifty looks a second", async () => {
  const house = await openHouse();
  house.seeds.blocks = [];
  for (let i = 0; i < 3; i++) await house.draw(16_384);
  const before = house.seeds.asked;
  for (let i = 0; i < 1000; i++) {
    house.drbg.poolChanged();
    await house.clock.run(1);
  }
  expect(house.seeds.asked - before).toBeLessThanOrEqual(51);
  house.drbg.stop();
});

test("without news it looks again after 1, 2, 4 and then every 8 seconds", async () => {
  const house = await openHouse();
  house.seeds.blocks = [];
  for (let i = 0; i < 3; i++) await house.draw(16_384);
  await house.clock.run(100);
  const looks: number[] = [];
  for (let second = 1; second <= 40; second++) {
    const before = house.seeds.asked;
    await house.clock.run(1000);
    if (house.seeds.asked > before) looks.push(second);
  }
  expect(looks).toEqual([1, 3, 7, 15, 23, 31, 39]);
  house.drbg.stop();
});

test("a defect in one request does not block those behind it", async () => {
  const house = await openHouse();
  for (let i = 0; i < 3; i++) await house.draw(16_384);
  const take = house.seeds.take.bind(house.seeds);
  house.seeds.take = () => {
    throw new Error("a defect");
  };
  await expect(house.draw(32)).rejects.toThrow("a defect");
  house.seeds.take = take;
  expect((await house.draw(32)).ok).toBe(true);
  house.drbg.stop();
});
