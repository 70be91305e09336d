import { writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  adminOf,
  done,
  HAS_SSH_KEYGEN,
  holdCeremony,
  isSignedBy,
  ownDirectory,
  run,
  verifiedLeaves,
} from "../support/ceremony.ts";
import { type Running, startSpringhouse } from "../support/springhouse.ts";

async function start(state: string): Promise<Running> {
  const running = await startSpringhouse({ state });
  onTestFinished(() => running.kill());
  return running;
}

test.skipIf(!HAS_SSH_KEYGEN)(
  "words on paper open the vault when two custodians have signed, once, and nothing less does",
  async () => {
    const [state, files] = [await ownDirectory(), await ownDirectory()];
    const first = await start(state);
    const admin = adminOf(first);
    const passphrase = "what the one who is away knows";
    await admin.seal.initialise({ kind: "passphrase", name: "daily", passphrase });
    const ceremony = await holdCeremony(first);
    const words = (await admin.keys.generate({ type: "passphrase" })).key as string;
    expect(words.split(" ")).toHaveLength(12);
    const [paper, other] = [join(files, "paper"), join(files, "other")];
    await writeFile(paper, `${words}\n`);
    await writeFile(other, "words of another paper\n");
    await done(first, "seal", "slot", "add", "paper", "--recovery", "--passphrase-file", paper);
    const { slots } = await admin.seal.state();
    const slot = slots.find(({ recovery }) => recovery)!;
    expect(slot.name).toBe("paper");
    const ahead = await run(first, "intent", "recover", slot.id);
    expect(ahead.stderr).toContain("The vault is open");
    const { id } = await admin.managedKeys.create({ type: "aes-256", exportable: false });
    await first.kill();

    const second = await start(state);
    const again = adminOf(second);
    const open = (...more: string[]) =>
      run(second, "seal", "open", "--passphrase-file", paper, ...more);
    // Neither unnamed, nor by its name: and nobody learns whether these are the words.
    expect((await open()).stderr).toContain("slot_refused");
    for (const file of [paper, other]) {
      const named = ["seal", "open", "--slot", "paper", "--passphrase-file", file];
      expect((await run(second, ...named)).stderr).toContain("approval_required");
    }
    expect((await run(second, "seal", "open", "--by-itself")).code).toBe(1);

    const reason = ["--reason", "she does not answer"];
    const intent = await done(second, "intent", "recover", slot.id, ...reason);
    expect((await open("--intent", intent)).stderr).toContain("approval_required");
    expect((await ceremony.approve(second, intent, ceremony.ada)).stderr).toContain("1 of 2");
    expect((await open("--intent", intent)).stderr).toContain("and has that of 1");
    expect((await ceremony.approve(second, intent, ceremony.ben)).stderr).toContain("2 of 2");
    expect((await run(second, "intent", "execute", intent)).stderr).toContain("conflict");
    const wrong = ["seal", "open", "--intent", intent, "--passphrase-file", other];
    expect((await run(second, ...wrong)).stderr).toContain("not that of slot paper");
    expect((await again.intents.get(intent)).state).toBe("approved");
    expect((await again.seal.state()).sealed).toBe(true);
    expect((await open("--intent", intent)).stderr).toContain("the vault is open, by paper");
    expect((await again.managedKeys.get(id)).state).toBe("active");
    const sealed = await again.managedKeys.encrypt(id, Buffer.from("milk"));
    expect(sealed).toBeDefined();

    await done(second, "seal", "close");
    expect((await open("--intent", intent)).stderr).toContain("executed, and that is final");
    const { digest, namespace, document } = await again.intents.get(intent);
    const opened = (await verifiedLeaves(second)).filter(({ op }) => op === "open");
    expect(opened).toEqual([expect.objectContaining({ slot: slot.id, intent: digest })]);
    const bundle = join(files, "bundle");
    await done(second, "intent", "export", intent, bundle);
    for (const person of ["ada", "ben"])
      expect(isSignedBy(bundle, person, namespace, Buffer.from(document))).toBe(true);
    expect(second.log()).not.toContain(words);
    await second.kill();

    // Who can write to the database makes no ordinary slot of it: its tag says what it is.
    const database = new DatabaseSync(join(state, "springhouse.db"));
    database.exec("UPDATE seal_slot SET recovery = 0");
    database.close();
    const third = await start(state);
    const forged = await run(third, "seal", "open", "--passphrase-file", paper);
    expect(forged.stderr).toContain("changed by another hand");
    await third.stop();
  },
);
