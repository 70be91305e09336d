import { expect, test } from "vitest";
import { startEmulator } from "../../support/emulator.ts";
import { serialSource } from "./serialRecorder.ts";
import { unplugAtRandomInstants } from "./serialUnplugging.ts";

test("1000 unplugs at random instants end 1000 sessions (leetronics/infnoise#43)", async () => {
  const emulator = await startEmulator({ family: "truerng", rate: 500_000 });
  try {
    const options = { id: "a", family: "truerng", device: { path: emulator.path } } as const;
    const source = () => serialSource({ ...options, settleBytes: 0 });
    expect(await unplugAtRandomInstants(emulator, source, 1000)).toBeGreaterThanOrEqual(500);
    expect(await emulator.command("status")).toContain("open=0");
  } finally {
    await emulator.close();
  }
});
