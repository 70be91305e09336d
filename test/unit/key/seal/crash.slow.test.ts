import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { readMaterial } from "../../../../src/key/seal/rows.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { material, openRig } from "./rig.ts";

const ROTATOR = new URL("rotator.ts", import.meta.url).pathname;
const ROUNDS = 8;

/** Kills it so long after the first key that it acknowledged. @returns all that it did */
async function killed(directory: string, afterMilliseconds: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", ROTATOR, directory],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  let told = "";
  let armed = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
    if (armed || !told.includes("\nk-")) return;
    armed = true;
    setTimeout(() => child.kill("SIGKILL"), afterMilliseconds);
  });
  expect(await exited).toBe("SIGKILL");
  // A line that was cut off was not read by anybody.
  return told
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("k-"));
}

test("killed at any time while epochs are rotated, the vault opens, and has every key it told of", async () => {
  await using state = await temporaryState();
  const keys: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    keys.push(...(await killed(state.directory, round * 55)));
    await using rig = await openRig(state.directory);
    // By the key file, which was not there when any of the epochs began.
    const opened = await rig.keeper.open({ passphrase: null }, "tester");
    expect(opened).toMatchObject({ name: "machine" });
    for (const key of keys) {
      const wrapped = (await readMaterial(rig.store, key, 1))!;
      const binding = { key, version: 1, algorithm: "aes-256", usage: "encrypt" };
      const read = rig.keeper.vault.open(binding, wrapped, (bytes) => Uint8Array.from(bytes));
      expect(read).toEqual(material(key));
    }
    rig.keeper.seal("again");
    const { epoch, slots } = rig.keeper.state();
    expect(slots.every((slot) => slot.epoch === epoch)).toBe(true);
  }
  expect(keys.length).toBeGreaterThan(ROUNDS);
});
