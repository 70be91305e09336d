import { describe, expect, test } from "vitest";
import { ApprovalJournal } from "../../../../src/key/approval/approvalJournal.ts";
import type { CustodianKey } from "../../../../src/key/approval/custodian.ts";
import { CustodianRegister } from "../../../../src/key/approval/custodianRegister.ts";
import { custodianWrite } from "../../../../src/key/approval/rows.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import type { Row, Write } from "../../../../src/store/store.ts";

function keyOf(person: string): CustodianKey {
  return {
    person,
    fingerprint: `SHA256:${person}`,
    line: `ssh-ed25519 ${person}`,
    principals: [],
    enrolledMilliseconds: 1000,
    removedMilliseconds: null,
  };
}

/** Rows that only `record` changes; it may fail before the change is durable, or after it. */
function register() {
  const rows: Row[] = [];
  const disk = { reads: 0, fails: null as { readonly durable: boolean } | null };
  const insert = ({ parameters }: Write): void => {
    const [fingerprint, person, public_key, principals, enrolled_ms] = parameters;
    const row = { fingerprint, person, public_key, principals, enrolled_ms, removed_ms: null };
    rows.push(row as Row);
  };
  const journal = new ApprovalJournal({
    async record(_event, writes) {
      if (disk.fails?.durable !== false) writes.forEach(insert);
      if (disk.fails) throw new SpringhouseError("internal", "a defect's words");
    },
    tell: () => {},
  });
  const store = {
    read: () => {
      disk.reads += 1;
      return Promise.resolve(rows);
    },
  };
  const made = new CustodianRegister(store, journal);
  const enrol = (person: string): Promise<void> => {
    const key = keyOf(person);
    const writes = [custodianWrite(key)];
    return made.keep([key], { op: "enrol", atMilliseconds: 1000, actor: "admin", writes });
  };
  const people = async (): Promise<string[]> => (await made.all()).map(({ person }) => person);
  return { disk, enrol, people };
}

describe("the register of custodians", () => {
  test("is read once, and again after a change", async () => {
    const { disk, enrol, people } = register();
    expect([await people(), await people(), disk.reads]).toEqual([[], [], 1]);
    await enrol("anna");
    expect([await people(), await people(), disk.reads]).toEqual([["anna"], ["anna"], 2]);
  });

  test.each([
    ["is believed", "durable all the same", true, ["anna", "ben"]],
    ["is not", "never durable", false, ["anna"]],
  ])("a change that failed %s where it was %s", async (_is, _was, durable, expected) => {
    const { disk, enrol, people } = register();
    await enrol("anna");
    await people();
    disk.fails = { durable };
    await expect(enrol("ben")).rejects.toMatchObject({ code: "store_failed" });
    expect(await people()).toEqual(expected);
  });
});
