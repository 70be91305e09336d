import { expect, test } from "vitest";
import { passphraseWaitSeconds } from "../../../../src/key/seal/passphraseThrottle.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { bytesOf, openRig, PASSPHRASE, passphraseSlot } from "./rig.ts";

test("three are free, then 1, 2, 4 ... 900 s; a clock that went back begins the wait anew", () => {
  const waits = Array.from({ length: 16 }, (_, count) =>
    passphraseWaitSeconds({ count, lastMilliseconds: 1000 }, 1000),
  );
  expect(waits).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  expect(passphraseWaitSeconds({ count: 5, lastMilliseconds: 1000 }, 4000)).toBe(1);
  expect(passphraseWaitSeconds({ count: 5, lastMilliseconds: 1000 }, 5000)).toBe(0);
  expect(passphraseWaitSeconds({ count: 5, lastMilliseconds: 1000 }, -9e9)).toBe(4);
});

test("wrong passphrases slow down over a restart, and the right one is as throttled", async () => {
  await using state = await temporaryState();
  const clock = new FakeClock();
  const open = (rig: Awaited<ReturnType<typeof openRig>>, passphrase: string) =>
    rig.keeper.open({ passphrase: bytesOf(passphrase) }, "tester");
  {
    await using rig = await openRig(state.directory, { clock });
    await rig.keeper.initialise(passphraseSlot(), "tester");
    rig.keeper.seal("again");
    for (let count = 1; count <= 4; count++) {
      expect(await open(rig, "wrong")).toMatchObject({ code: "slot_refused" });
      await clock.run(count < 3 ? 0 : 1000);
    }
    expect(await open(rig, "wrong")).toMatchObject({ code: "throttled", retryAfterSeconds: 1 });
    expect(rig.keeper.state().refusedTotal).toBe(4);
  }
  await using rig = await openRig(state.directory, { clock });
  expect(await open(rig, PASSPHRASE)).toMatchObject({ code: "throttled" });
  await clock.run(1000);
  expect(await open(rig, PASSPHRASE)).toMatchObject({ name: "first" });
  rig.keeper.seal("again");
  expect(await open(rig, "wrong")).toMatchObject({ code: "slot_refused" });
  expect(await open(rig, PASSPHRASE)).toMatchObject({ name: "first" });
});
