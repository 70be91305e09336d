import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  CertificateAuthority,
  type CertificateOrder,
} from "../../../../src/key/certificate/certificateAuthority.ts";
import {
  openRevokedCertificates,
  type RevokedCertificates,
} from "../../../../src/key/certificate/revokedCertificates.ts";
import type { KeyTransition } from "../../../../src/port/key.ts";
import { ADMIN, given, openRig, type Rig } from "../managed/rig.ts";

let rig: Rig;
let authority: CertificateAuthority;
let revoked: RevokedCertificates;
let changes = 0;
const failures: string[] = [];

beforeEach(async () => {
  rig = await openRig();
  authority = new CertificateAuthority({
    store: rig.store,
    random: rig.supply,
    keys: rig.room,
    record: async (event, writes, leaf) => {
      await rig.log.append(leaf, writes, (batch) => rig.journal.record(event, batch));
    },
  });
  given(await authority.establish({ name: "House CA", url: null }, ADMIN));
  revoked = await openRevokedCertificates(rig.store, rig.clock, (detail) => failures.push(detail));
  changes = 0;
  failures.length = 0;
  revoked.onChange(() => changes++);
  rig.journal.subscribe(revoked.observe);
});
afterEach(() => rig[Symbol.asyncDispose]());

const ORDER: CertificateOrder = {
  subject: "milk",
  purpose: "key",
  days: 30,
  hosts: [],
  request: null,
  key: null,
  version: null,
};

async function certified() {
  const { id } = given(await rig.room.service.create({ type: "ed25519" }, {}, ADMIN)).record;
  const { pem, serial } = given(await authority.issue({ ...ORDER, key: id }, ADMIN));
  return { id, serial, fingerprint: new X509Certificate(pem).fingerprint256 };
}

async function transit(key: string, transition: KeyTransition): Promise<void> {
  const { revision } = given(await rig.room.reader.get(key, ADMIN));
  const approval = { digest: "ab".repeat(32), key, version: 1, transition, revision };
  const order = { transition, version: 1, reason: null, occurredMilliseconds: null, approval };
  given(await rig.room.service.transit(key, order, ADMIN));
}

/** As soon as the database, which is in this process, was read. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test("a certificate is revoked with the very answer that says so, and no other is", async () => {
  const [one, other] = [await certified(), await certified()];
  expect(revoked.isRevoked(one.fingerprint)).toBe(false);
  given(await authority.revoke(one.serial, "keyCompromise", ADMIN));
  expect(revoked.isRevoked(one.fingerprint)).toBe(true);
  expect(changes).toBeGreaterThan(0);
  expect(revoked.isRevoked(other.fingerprint)).toBe(false);
  await settled();
  expect(revoked.isRevoked(one.fingerprint)).toBe(true);
  expect(revoked.isRevoked("00".repeat(32))).toBe(false);
});

test("one over a suspended key is refused until the key is restored, and for good once it is known", async () => {
  const { id, fingerprint } = await certified();
  const after = async (transition: KeyTransition): Promise<boolean> => {
    await transit(id, transition);
    await settled();
    return revoked.isRevoked(fingerprint);
  };
  expect(await after("suspend")).toBe(true);
  expect(await after("restore")).toBe(false);
  expect(await after("compromise")).toBe(true);
});

test("when the authority's own key is known to others, nothing that it signed is taken", async () => {
  const { fingerprint } = await certified();
  const { key } = given(await authority.certificate());
  const successor = given(await authority.establish({ name: "House CA 2", url: null }, ADMIN));
  const young = await certified();
  await transit(key!, "compromise");
  await settled();
  expect(revoked.isRevoked(fingerprint)).toBe(true);
  expect(revoked.isRevoked(young.fingerprint)).toBe(false);
  expect(successor.key).not.toBe(key);
});

test("a start knows what was revoked before, by an authority that has a successor too", async () => {
  const { serial, fingerprint } = await certified();
  given(await authority.revoke(serial, "superseded", ADMIN));
  given(await authority.establish({ name: "House CA 2", url: null }, ADMIN));
  const again = await openRevokedCertificates(rig.store, rig.clock, () => {});
  expect(again.isRevoked(fingerprint)).toBe(true);
});

test("a database that does not answer is asked again, and what was known stands", async () => {
  const { serial, fingerprint, id } = await certified();
  let broken = false;
  const store = {
    read: (...query: Parameters<typeof rig.store.read>) =>
      broken ? Promise.reject(new Error("no answer")) : rig.store.read(...query),
  };
  const own = await openRevokedCertificates(store, rig.clock, (detail) => failures.push(detail));
  rig.journal.subscribe(own.observe);
  const other = await certified();
  given(await authority.revoke(other.serial, "superseded", ADMIN));
  await settled();
  broken = true;
  await transit(id, "suspend");
  await settled();
  expect(failures).toEqual(["no answer"]);
  expect([own.isRevoked(other.fingerprint), own.isRevoked(fingerprint)]).toEqual([true, false]);
  broken = false;
  rig.clock.advance(1000);
  await settled();
  expect(own.isRevoked(fingerprint)).toBe(true);
  expect(serial).not.toBe(other.serial);
});
