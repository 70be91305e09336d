import { materialWrite } from "../../../../src/key/seal/rows.ts";
import { bytesOf, keyFileSlot, material, openRig, PASSPHRASE, passphraseSlot } from "./rig.ts";

/*
 * A process that makes a vault if there is none, and then stores material and begins one epoch after the
 * other until it is killed. It says what it acknowledged, a line each.
 */

const rig = await openRig(process.argv[2]!);
const { keeper, store } = rig;
if (!keeper.state().initialised) {
  await keeper.initialise(passphraseSlot(), "rotator");
  await keeper.addSlot(keyFileSlot(), "rotator");
} else {
  const opened = await keeper.open({ passphrase: bytesOf(PASSPHRASE) }, "rotator");
  if ("ok" in opened) throw new Error(opened.detail);
}
console.log("open");
for (let n = 0; ; n++) {
  const key = `k-${process.pid}-${n}`;
  const binding = { key, version: 1, algorithm: "aes-256", usage: "encrypt" };
  const wrapped = await keeper.vault.wrap(binding, material(key));
  if ("ok" in wrapped) throw new Error(wrapped.detail);
  await store.write([materialWrite(key, 1, wrapped)]);
  console.log(key);
  if (n % 5 === 0) await keeper.rotate("rotator", null);
}
