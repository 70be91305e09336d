import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { materialWrite, readMaterial } from "../../../../src/key/seal/rows.ts";
import { hasSofthsm, makeToken, PIN, type SoftToken } from "../../../support/softhsm.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { material, openRig, passphraseSlot, type Rig } from "./rig.ts";

const hsmSlot = { kind: "pkcs11", name: "hsm", passphrase: null, place: "hsm" } as const;
const BINDING = { key: "k-1", version: 1, algorithm: "aes-256", usage: "encrypt" };

const open = (rig: Rig) => rig.keeper.open({ passphrase: null }, "tester");

/** What another PKCS#11 client sees of the token's keys. */
function look(token: SoftToken, script: string): string {
  const main = `
    const pkcs11js = require(${JSON.stringify(createRequire(import.meta.url).resolve("pkcs11js"))});
    const p = new pkcs11js.PKCS11();
    p.load(${JSON.stringify(token.library)});
    p.C_Initialize();
    const [slot] = p.C_GetSlotList(true);
    const session = p.C_OpenSession(slot, 6);
    p.C_Login(session, 1, ${JSON.stringify(PIN)});
    p.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY }]);
    const keys = p.C_FindObjects(session, 10);
    p.C_FindObjectsFinal(session);
    ${script}
  `;
  const env = { ...process.env, ...token.environment };
  return execFileSync(process.execPath, ["-e", main], { env, encoding: "utf8" }).trim();
}

describe.skipIf(!hasSofthsm)("a slot on SoftHSM", () => {
  test("opens by itself, by a wrapping key that cannot leave the token", async () => {
    await using state = await temporaryState();
    const token = await makeToken(join(dirname(state.directory), "hsm"));
    {
      await using rig = await openRig(state.directory, { tokens: [token] });
      expect(await rig.keeper.initialise(hsmSlot, "tester")).toMatchObject({ kind: "pkcs11" });
      const wrapped = await rig.keeper.vault.wrap(BINDING, material("one"));
      if ("ok" in wrapped) throw new Error(wrapped.detail);
      await rig.store.write([materialWrite("k-1", 1, wrapped)]);
    }
    const seen = look(
      token,
      `const [key] = keys;
       const is = (type) => p.C_GetAttributeValue(session, key, [{ type }])[0].value[0];
       let value;
       try { p.C_GetAttributeValue(session, key, [{ type: pkcs11js.CKA_VALUE }]); value = "read"; }
       catch (error) { value = error.message; }
       console.log(JSON.stringify({
         keys: keys.length,
         extractable: is(pkcs11js.CKA_EXTRACTABLE),
         neverExtractable: is(pkcs11js.CKA_NEVER_EXTRACTABLE),
         sensitive: is(pkcs11js.CKA_SENSITIVE),
         value,
       }));`,
    );
    expect(JSON.parse(seen)).toEqual({
      keys: 1,
      extractable: 0,
      neverExtractable: 1,
      sensitive: 1,
      value: expect.stringContaining("CKR_ATTRIBUTE_SENSITIVE") as string,
    });
    await using rig = await openRig(state.directory, { tokens: [token] });
    expect(rig.keeper.state().sealed).toBe(true);
    await rig.keeper.openByItself();
    expect(rig.keeper.state().sealed).toBe(false);
    const kept = await readMaterial(rig.store, "k-1", 1);
    const read = rig.keeper.vault.open(BINDING, kept!, (bytes) => Uint8Array.from(bytes));
    expect(read).toEqual(material("one"));
  });

  test("a wrong PIN, a token that is away or empty, and a library that crashes leave it sealed, with the cause", async () => {
    await using state = await temporaryState();
    const folder = join(dirname(state.directory), "hsm");
    const token = await makeToken(folder);
    const crashing = { ...token, name: "crashing" };
    const copy = join(folder, "crash.so");
    await using rig = await openRig(state.directory, {
      tokens: [token, { ...crashing, library: copy }],
    });
    await rig.keeper.initialise(hsmSlot, "tester");
    rig.keeper.seal("again");
    const detail = async () => {
      const refused = await open(rig);
      if (!("ok" in refused)) throw new Error("it opened");
      expect(refused.code).toBe("slot_refused");
      expect(rig.keeper.state()).toMatchObject({
        sealed: true,
        cause: expect.stringContaining(refused.detail) as string,
      });
      return refused.detail;
    };
    await writeFile(token.pinPath, "0000");
    expect(await detail()).toContain("the PIN is wrong");
    await writeFile(token.pinPath, PIN);
    await rename(token.folder, `${token.folder}.away`);
    await mkdir(token.folder);
    expect(await detail()).toBe("Token hsm: no token is labelled hsm.");
    await rm(token.folder, { recursive: true });
    await rename(`${token.folder}.away`, token.folder);
    expect(await open(rig)).toMatchObject({ name: "hsm" });

    // A library whose initialiser ends the process, as a vendor's may.
    const source = join(folder, "crash.c");
    await writeFile(
      source,
      "#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }\n",
    );
    execFileSync("cc", ["-shared", "-fPIC", "-o", copy, source]);
    const refused = await rig.keeper.addSlot(
      { ...hsmSlot, name: "crashing", place: "crashing" },
      "tester",
    );
    expect(refused).toMatchObject({
      code: "slot_refused",
      detail: "Token crashing: the token's library ended its process (SIGABRT).",
    });
    expect(rig.keeper.state().sealed).toBe(false);
    // The PIN is in no file of ours, and so in no event either.
    for (const name of await readdir(state.directory))
      expect(await readFile(join(state.directory, name), "latin1")).not.toContain(PIN);
  });

  test("after the key was destroyed a copy of everything does not open it", async () => {
    await using state = await temporaryState();
    const token = await makeToken(join(dirname(state.directory), "hsm"));
    await using rig = await openRig(state.directory, { tokens: [token] });
    const made = await rig.keeper.initialise(hsmSlot, "tester");
    if ("ok" in made) throw new Error(made.detail);
    await rig.keeper.addSlot(passphraseSlot(), "tester");
    await rig.store.write([]);
    const before = join(dirname(state.directory), "copy");
    await cp(state.directory, before, { recursive: true });
    expect(await rig.keeper.removeSlot(made.id, "tester")).toBeNull();
    expect(look(token, "console.log(keys.length)")).toBe("0");
    await using copy = await openRig(before, { tokens: [token] });
    expect(await open(copy)).toMatchObject({
      code: "slot_refused",
      detail: "Token hsm: the token has 0 wrapping keys of this slot.",
    });
  });
});
