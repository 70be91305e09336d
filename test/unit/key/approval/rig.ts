import { Backups, type BackupTerms } from "../../../../src/key/backup/backups.ts";
import { type CustodyTally, openCustodyTally } from "../../../../src/key/custodyTally.ts";
import { Destructions } from "../../../../src/key/destruction/destructions.ts";
import { lockedMemory } from "../../../../src/key/seal/lockedMemory.ts";
import { pkcs11Slots, type TokenConfiguration } from "../../../../src/key/seal/pkcs11Slot.ts";
import { drawFrom } from "../../../../src/key/seal/epochKey.ts";
import { openSealKeeper, type SealKeeper } from "../../../../src/key/seal/sealKeeper.ts";
import { keyFileSlots, passphraseSlots } from "../../../../src/key/seal/secretSlot.ts";
import type { SlotKeeper } from "../../../../src/key/seal/slot.ts";
import type { TpmConfiguration } from "../../../../src/key/seal/tpmTools.ts";
import { tpmSlots } from "../../../../src/key/seal/tpmSlot.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { type Approvals, openApprovals } from "../../../../src/key/approval/approvals.ts";
import { documentText, namespaceOf } from "../../../../src/key/approval/intent.ts";
import type { RequiredApprovals } from "../../../../src/key/approval/intent.ts";
import { keyCommands } from "../../../../src/key/managed/keyCommands.ts";
import { decodeLeaf, type Leaf } from "../../../../src/log/leaf.ts";
import type { Command, IntentDescription, IntentDocument } from "../../../../src/port/approval.ts";
import type { ServiceEvent } from "../../../../src/port/event.ts";
import type { Write } from "../../../../src/store/store.ts";
import { refuse, type Refusal } from "../../../../src/port/errors.ts";
import {
  OWNER,
  openRig as openKeys,
  type Rig as Keys,
  type RigOptions,
  type SealParts,
} from "../managed/rig.ts";
import { CHEAP } from "../seal/rig.ts";
import { leafRules } from "../../../../src/verify/rules.ts";
import { verifyLog, type LogFault } from "../../../../src/verify/verifyLog.ts";
import { copyOf, SIGNER } from "../../log/logs.ts";
import type { TestCustodian } from "./custodians.ts";

export const TWO: RequiredApprovals = {
  "key.restore": 2,
  "key.destroy": 2,
  "key.process": 2,
  "key.export": 2,
  "seal.recover": 2,
  "custodian.enrol": 2,
  "custodian.remove": 2,
};

export interface Rig extends AsyncDisposable {
  readonly keys: Keys;
  /** The vault's, where it has slots. */
  readonly keeper: SealKeeper | null;
  readonly failures: string[];
  readonly approvals: Approvals;
  readonly tally: CustodyTally;
  readonly destructions: Destructions;
  readonly backups: Backups;
  /** Of the kinds `intent` and `custodian`, and what names an intent. */
  leaves(): Promise<readonly Leaf[]>;
  /** What `log verify` says of the whole log. */
  fault(): Promise<LogFault | null>;
  /** What the next start finds. */
  restarted(): Promise<Approvals>;
}

const DAY = 86_400_000;

type Options = Pick<RigOptions, "clock" | "directory"> & {
  /** A vault that is opened by slots, of these devices too. */
  readonly slots?: {
    readonly tokens?: readonly TokenConfiguration[];
    readonly tpms?: readonly TpmConfiguration[];
    /** In the place of tokens. */
    readonly device?: SlotKeeper;
  };
  readonly windowMilliseconds?: number;
  readonly recipients?: readonly string[];
  readonly state?: BackupTerms["state"];
};

/** Dual control over managed keys, a real database and a real log. */
export async function openRig(options: Options = {}): Promise<Rig> {
  const { slots, windowMilliseconds = DAY, recipients = [], state = null, ...more } = options;
  let seal: SealKeeper | null = null;
  const openSeal = async ({ clock, store, random, record }: SealParts) => {
    const draw = drawFrom(random);
    seal = await openSealKeeper({
      clock,
      store,
      random,
      record,
      memory: lockedMemory(true),
      keepers: {
        passphrase: passphraseSlots(draw, CHEAP),
        "key-file": keyFileSlots(draw, async () => refuse("slot_refused", "no key file")),
        pkcs11: slots?.device ?? pkcs11Slots(slots?.tokens ?? [], null, systemClock()),
        tpm2: tpmSlots(slots?.tpms ?? []),
      },
    });
    return seal;
  };
  const keys = await openKeys({ ...more, ...(slots ? { openSeal } : {}) });
  const record = async (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => {
    await keys.log.append(leaf, writes, (batch) => keys.journal.record(event, batch));
  };
  const failures: string[] = [];
  const tally = await openCustodyTally(keys.store, (detail) => failures.push(detail));
  keys.journal.subscribe(tally.observe);
  const keeper = seal as SealKeeper | null;
  const destructions = new Destructions({
    clock: keys.clock,
    store: keys.store,
    signer: SIGNER,
    service: keys.room.service,
    reader: keys.room.reader,
    seal: keeper ?? {
      state: () => ({ sealed: true, epoch: null }),
      rotate: async () => refuse("sealed", "There is no vault."),
    },
    log: keys.log,
    record: (event, batch) => keys.journal.record(event, batch),
    windowMilliseconds,
    failed(detail) {
      failures.push(detail);
      tally.delayed();
    },
    batched: () => tally.batched(),
  });
  const backups = new Backups({
    clock: keys.clock,
    store: keys.store,
    deployment: SIGNER.verifier.name,
    boot: "00000000000000aa",
    recipients,
    state,
    seal: keeper ?? {
      state: () => ({ initialised: false }),
      withEpochKey: async () => refuse("sealed", "There is no vault."),
    },
    record,
    tell: (event) => keys.journal.event(event),
  });
  let starts = 0;
  const open = (): Promise<Approvals> =>
    openApprovals({
      clock: { wallMilliseconds: () => keys.room.service.now() },
      store: keys.store,
      deployment: "log.example/test",
      boot: (++starts).toString(16).padStart(16, "0"),
      required: TWO,
      commands: { ...keyCommands(keys.room), ...destructions.commands() },
      record,
      refused: (operation) => tally.refused(operation),
      tell: (event) => keys.journal.event(event),
    });
  return {
    keys,
    tally,
    keeper,
    failures,
    destructions,
    backups,
    approvals: await open(),
    restarted: open,
    async leaves() {
      const rows = await keys.store.read("logLeaf.bodies", [0, 1e9]);
      return rows.flatMap(({ body }) => {
        const { leaf } = decodeLeaf(Buffer.from(String(body)));
        return leaf && ("intent" in leaf || leaf.kind === "custodian") ? [leaf] : [];
      });
    },
    async fault() {
      const rows = await keys.store.read("logLeaf.bodies", [0, 1e9]);
      const copy = copyOf(rows.map(({ body }) => String(body)));
      return verifyLog(copy, [], leafRules(copy)).fault;
    },
    [Symbol.asyncDispose]: () => keys[Symbol.asyncDispose](),
  };
}

const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "remedy" in value;

export const taken = <Result>(result: Result | Refusal): Result => {
  if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
  return result;
};

export const enrolment = ({ person, line }: TestCustodian, principals: readonly string[] = []) => ({
  person,
  publicKey: line,
  principals,
});

export const asked = (command: Command, more: { readonly lifetimeSeconds?: number } = {}) =>
  ({ command, reason: null, ifRevision: null, lifetimeSeconds: 3600, ...more }) as const;

export function signatureOf(who: TestCustodian, { document }: IntentDescription): string {
  const read = JSON.parse(document) as IntentDocument;
  return who.sign(documentText(read), namespaceOf(read));
}

/** An active key of `OWNER`'s, suspended. */
export async function suspendedKey({ room }: Keys): Promise<string> {
  const { record } = taken(
    await room.service.create({ type: "aes-256", exportable: true }, {}, OWNER),
  );
  const suspend = { transition: "suspend", version: 1, reason: null } as const;
  taken(
    await room.service.transit(
      record.id,
      { ...suspend, occurredMilliseconds: null, approval: null },
      OWNER,
    ),
  );
  return record.id;
}
