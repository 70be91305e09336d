import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { materialWrite, readMaterial } from "../../../../src/key/seal/rows.ts";
import { hasSwtpm, type SoftTpm, startTpm } from "../../../support/swtpm.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { bytesOf, material, openRig, PASSPHRASE, passphraseSlot, type Rig } from "./rig.ts";

const tpmSlot = { kind: "tpm2", name: "board", passphrase: null, place: "tpm" } as const;
const BINDING = { key: "k-1", version: 1, algorithm: "aes-256", usage: "encrypt" };

const open = (rig: Rig) => rig.keeper.open({ passphrase: null }, "tester");

async function keep(rig: Rig): Promise<void> {
  const wrapped = await rig.keeper.vault.wrap(BINDING, material("one"));
  if ("ok" in wrapped) throw new Error(wrapped.detail);
  await rig.store.write([materialWrite("k-1", 1, wrapped)]);
}

async function read(rig: Rig) {
  const wrapped = await readMaterial(rig.store, "k-1", 1);
  return rig.keeper.vault.open(BINDING, wrapped!, (bytes) => Uint8Array.from(bytes));
}

async function tpmIn(folder: string): Promise<SoftTpm> {
  const tpm = await startTpm(folder);
  onTestFinished(() => tpm.stop());
  return tpm;
}

describe.skipIf(!hasSwtpm)("a slot on swtpm", () => {
  test("opens over a restart of service and TPM, and not after a register changed", async () => {
    await using state = await temporaryState();
    const folder = join(dirname(state.directory), "tpm");
    const first = await startTpm(folder);
    {
      await using rig = await openRig(state.directory, { tpms: [first] });
      expect(await rig.keeper.initialise(tpmSlot, "tester")).toMatchObject({ kind: "tpm2" });
      await rig.keeper.addSlot(passphraseSlot(), "tester");
      await keep(rig);
    }
    await first.stop();
    const tpm = await tpmIn(folder);
    await using rig = await openRig(state.directory, { tpms: [tpm] });
    await rig.keeper.openByItself();
    expect(await read(rig)).toEqual(material("one"));
    rig.keeper.seal("again");
    tpm.tool("tpm2_pcrextend", `7:sha256=${"ab".repeat(32)}`);
    expect(await open(rig)).toMatchObject({
      code: "slot_refused",
      detail: "TPM tpm: its platform registers (PCRs) are not what they were.",
    });
    expect(rig.keeper.state()).toMatchObject({
      sealed: true,
      cause: expect.stringContaining("platform registers") as string,
    });
    expect(tpm.tool("tpm2_getcap", "handles-transient").trim()).toBe("");
    expect(tpm.tool("tpm2_getcap", "handles-loaded-session").trim()).toBe("");
  });

  test("after a rotation a copy of everything from before opens nothing", async () => {
    await using state = await temporaryState();
    const tpm = await tpmIn(join(dirname(state.directory), "tpm"));
    await using rig = await openRig(state.directory, { tpms: [tpm] });
    const made = await rig.keeper.initialise(tpmSlot, "tester");
    if ("ok" in made) throw new Error(made.detail);
    await keep(rig);
    const before = join(dirname(state.directory), "copy");
    await cp(state.directory, before, { recursive: true });
    expect(await rig.keeper.rotate("tester", null)).toMatchObject({
      epoch: 2,
      retired: [{ kind: "tpm2", epoch: 1, assurance: "hardware" }],
    });
    rig.keeper.seal("again");
    expect(await open(rig)).toMatchObject({ epoch: 2 });
    expect(await read(rig)).toEqual(material("one"));
    await using copy = await openRig(before, { tpms: [tpm] });
    expect(await open(copy)).toMatchObject({
      code: "slot_refused",
      detail: "TPM tpm: its counter stands elsewhere: that epoch is over.",
    });
    // Nor when the counter is removed and made anew, which begins above every value it had.
    await rig.keeper.addSlot(passphraseSlot(), "tester");
    expect(await rig.keeper.removeSlot(made.id, "tester")).toBeNull();
    const index = `0x015${made.id.slice(5, 10)}`;
    const attributes = "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da";
    tpm.tool("tpm2_nvdefine", "-Q", index, "-C", "o", "-s", "8", "-a", attributes);
    tpm.tool("tpm2_nvincrement", "-Q", index);
    expect(await open(copy)).toMatchObject({ code: "slot_refused" });
  });

  test("a crash between the commit and the counter is made good by the next opening", async () => {
    await using state = await temporaryState();
    const folder = join(dirname(state.directory), "tpm");
    const tpm = await tpmIn(folder);
    {
      await using rig = await openRig(state.directory, { tpms: [tpm] });
      await rig.keeper.initialise(tpmSlot, "tester");
      await rig.keeper.addSlot(passphraseSlot(), "tester");
      await keep(rig);
      // The TPM is gone when the old epoch is to be ended: as if the service had died there.
      const { store } = rig;
      const write = store.write.bind(store);
      store.write = async (batch) => {
        await write(batch);
        if (batch.some(({ statement }) => statement === "sealEpoch.settle")) {
          Object.assign(tpm, { tcti: "swtpm:host=127.0.0.1,port=1" });
        }
      };
      const { tcti } = tpm;
      expect(await rig.keeper.rotate("tester", null)).toMatchObject({
        epoch: 2,
        retired: [{ assurance: "pending" }, { assurance: "best-effort" }],
      });
      Object.assign(tpm, { tcti });
    }
    await using rig = await openRig(state.directory, { tpms: [tpm] });
    await rig.keeper.openByItself();
    expect(await read(rig)).toEqual(material("one"));
    expect((await rig.leaves()).slice(-2)).toEqual(["slot retire tpm2", "epoch open"]);
    rig.keeper.seal("again");
    expect(await rig.keeper.open({ passphrase: bytesOf(PASSPHRASE) }, "tester")).toMatchObject({
      epoch: 2,
    });
  });

  test("another TPM, or none, leaves it sealed", async () => {
    await using state = await temporaryState();
    const tpm = await tpmIn(join(dirname(state.directory), "tpm"));
    const other = await tpmIn(join(dirname(state.directory), "other"));
    await using rig = await openRig(state.directory, { tpms: [tpm] });
    await rig.keeper.initialise(tpmSlot, "tester");
    rig.keeper.seal("again");
    const { tcti } = tpm;
    for (const elsewhere of [other.tcti, "swtpm:host=127.0.0.1,port=1"]) {
      Object.assign(tpm, { tcti: elsewhere });
      expect(await open(rig)).toMatchObject({ code: "slot_refused" });
    }
    Object.assign(tpm, { tcti });
    expect(await open(rig)).toMatchObject({ name: "board" });
  });
});
