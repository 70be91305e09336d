import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  adminOf,
  done,
  verifiedLeaves,
  HAS_SSH_KEYGEN,
  holdCeremony,
  isSignedBy,
  ownDirectory,
} from "../support/ceremony.ts";
import { startSpringhouse } from "../support/springhouse.ts";

test.skipIf(!HAS_SSH_KEYGEN)(
  "a suspended key comes back when two custodians have signed with ssh-keygen, and anybody can check that",
  async () => {
    const running = await startSpringhouse({ state: await ownDirectory() });
    onTestFinished(() => running.kill());
    const admin = adminOf(running);
    const passphrase = "a passphrase of some length";
    await admin.seal.initialise({ kind: "passphrase", name: "first", passphrase });
    const ceremony = await holdCeremony(running);
    expect(await done(running, "custodian", "list")).toContain("ecdsa-sha2-nistp256");
    const { id } = await admin.managedKeys.create({ type: "aes-256" });
    await admin.managedKeys.transit(id, "suspend");
    const order = ["--to", "restore", "--key-version", "1", "--reason", "found again"];
    const intent = await done(running, "intent", "create", id, ...order);
    await ceremony.approveAll(running, intent);
    await done(running, "intent", "execute", intent);
    expect((await admin.managedKeys.get(id)).state).toBe("active");

    const bundle = join(await ownDirectory(), "bundle");
    await done(running, "intent", "export", intent, bundle);
    const { namespace } = await admin.intents.get(intent);
    const document = await readFile(join(bundle, "intent.json"));
    for (const person of ["ada", "ben"]) {
      expect(isSignedBy(bundle, person, namespace, document)).toBe(true);
      const other = Buffer.concat([document, Buffer.from(" ")]);
      expect(isSignedBy(bundle, person, namespace, other)).toBe(false);
    }
    const leaves = await verifiedLeaves(running);
    const { digest } = await admin.intents.get(intent);
    expect(leaves).toContainEqual(expect.objectContaining({ op: "restore", intent: digest }));
    const report = await done(running, "report", "compliance");
    expect(report).toContain("best_effort_slot");
    expect(report).not.toContain("few_custodians");
    expect(report).toContain("SP 800-53 r5 SC-12(1)");
    expect(report).toContain("clause by memory: look it up");
    await running.stop();
  },
);
