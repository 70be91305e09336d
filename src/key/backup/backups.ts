import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Turns } from "../../drbg/turns.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { BackupDescription } from "../../port/backup.ts";
import type { Clock } from "../../port/clock.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { Row, Store, Write } from "../../store/store.ts";
import { type BackupFile, type Manifest, manifestLine } from "./container.ts";

export interface BackupTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly deployment: string;
  readonly boot: string;
  /** Public keys of age, `age1...`: whoever has one of their secret keys has everything. */
  readonly recipients: readonly string[];
  /** Where there are files of the state to copy. */
  readonly state: {
    readonly directory: string;
    /** Copies the database as it is, into a new file of the directory. */
    snapshot(path: string): Promise<void>;
    /** Small files, by name. */
    read(name: "log.key" | "log.vkey"): Promise<Uint8Array>;
  } | null;
  readonly seal: {
    state(): { readonly initialised: boolean };
    /** The live epoch's key, for the length of some work in which nothing rotates. */
    withEpochKey<Result>(
      work: (epoch: number, key: Uint8Array) => Promise<Result>,
    ): Promise<Result | Refusal>;
  };
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
  /** Tells of what needs no leaf. */
  readonly tell: (event: ServiceEvent) => void;
}

export interface OpenBackup {
  readonly id: string;
  /** The age file. Read it to its end, or cancel it. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** With one, a lost key would lose everything. */
const LEAST_RECIPIENTS = 2;
const WAITING = 4;

/** Copies of everything, for recovery recipients alone. */
export class Backups {
  readonly #terms: BackupTerms;
  readonly #turns = new Turns(WAITING);
  #made = 0;

  constructor(terms: BackupTerms) {
    this.#terms = terms;
  }

  /**
   * Makes one. That it exists is in the log and in the database before a byte of it leaves, for a
   * receipt of a destruction has to name it.
   * @returns a Refusal `conflict` (no recipients, nothing on disk), `sealed`, `busy`
   */
  async create(actor: string): Promise<OpenBackup | Refusal> {
    const { seal, recipients, state } = this.#terms;
    if (state === null) return refuse("conflict", "There is no state directory to back up.");
    if (recipients.length < LEAST_RECIPIENTS)
      return refuse("conflict", `A backup needs ${LEAST_RECIPIENTS} recovery recipients.`, {
        remedy: "`age-keygen` makes their keys, offline; put the public ones in backup.recipients.",
      });
    if (this.#turns.full) return refuse("busy", "Other backups are under way.");
    return this.#turns.run(() =>
      seal.state().initialised
        ? seal.withEpochKey((epoch, key) => this.#make(actor, epoch, Uint8Array.from(key)))
        : this.#make(actor, null, null),
    );
  }

  async list(): Promise<readonly BackupDescription[]> {
    const rows = await this.#terms.store.read("backup.all", []);
    return rows.map((row) => ({
      id: String(row["id"]),
      createdMilliseconds: Number(row["created_ms"]),
      epoch: Number(row["epoch"]),
      recipients: Number(row["recipients"]),
      takenMilliseconds: timeIn(row, "taken_ms"),
      drilledMilliseconds: timeIn(row, "drilled_ms"),
      discardedMilliseconds: timeIn(row, "discarded_ms"),
    }));
  }

  /** Somebody says that no copy of it is left: receipts do not name it any more. */
  discard(id: string, actor: string): Promise<Refusal | null> {
    return this.#say("discard", id, actor);
  }

  /** Somebody says that it was restored whole, where its recipients' keys are. */
  drilled(id: string, actor: string): Promise<Refusal | null> {
    return this.#say("drill", id, actor);
  }

  async #say(op: "discard" | "drill", id: string, actor: string): Promise<Refusal | null> {
    const found = (await this.list()).find((one) => one.id === id);
    if (!found) return refuse("not_found", "No such backup.");
    if (found.discardedMilliseconds !== null)
      return refuse("conflict", "It was discarded already.");
    const at = this.#terms.clock.wallMilliseconds();
    const { epoch, recipients } = found;
    const statement = op === "drill" ? "backup.drilled" : "backup.discard";
    await this.#keep(op, { id, epoch, recipients }, actor, at, [
      { statement, parameters: [at, id] },
    ]);
    return null;
  }

  async #make(actor: string, epoch: number | null, key: Uint8Array | null): Promise<OpenBackup> {
    const { clock, boot, deployment, recipients } = this.#terms;
    const state = this.#terms.state!;
    const created = clock.wallMilliseconds();
    const id = `bk-${boot}-${++this.#made}`;
    const path = join(state.directory, `${id}.tmp`);
    const known = { id, epoch: epoch ?? 0, recipients: recipients.length };
    await this.#keep("create", known, actor, created, [
      {
        statement: "backup.insert",
        parameters: [id, created, known.epoch, known.recipients],
      },
    ]);
    try {
      await state.snapshot(path);
      const small: [BackupFile, Uint8Array][] = [
        ["log.key", await state.read("log.key")],
        ["log.vkey", await state.read("log.vkey")],
        ...(key === null ? [] : [["epoch.key", key] as [BackupFile, Uint8Array]]),
      ];
      const database = await digestOf(path);
      const manifest: Manifest = {
        v: 1,
        kind: "springhouse-backup",
        id,
        deployment,
        created,
        epoch,
        files: [
          { name: "springhouse.db", ...database },
          ...small.map(([name, bytes]) => ({ name, bytes: bytes.length, sha256: sha256(bytes) })),
        ],
      };
      // Loaded with the first backup.
      const { Encrypter } = await import("age-encryption");
      const encrypter = new Encrypter();
      for (const recipient of recipients) encrypter.addRecipient(recipient);
      const content = contentOf(manifest, path, small, () => this.#taken(id, actor));
      const plain = ReadableStream.from(content);
      return { id, stream: await encrypter.encrypt(plain) };
    } catch (error) {
      for (const secret of key === null ? [] : [key]) secret.fill(0);
      await rm(path, { force: true });
      throw error;
    }
  }

  /** It is in somebody's hands whole. */
  async #taken(id: string, actor: string): Promise<void> {
    const at = this.#terms.clock.wallMilliseconds();
    await this.#terms.store.write([{ statement: "backup.taken", parameters: [at, id] }]);
    this.#terms.tell({
      kind: "backup_taken",
      atMilliseconds: at,
      source: null,
      severity: "info",
      actor,
      reason: null,
      detail: `${id} was read to its end`,
      data: { backup: id },
    });
  }

  #keep(
    op: LeafOf<"backup">["op"],
    { id, epoch, recipients }: Pick<BackupDescription, "id" | "epoch" | "recipients">,
    actor: string,
    at: number,
    writes: readonly Write[],
  ): Promise<void> {
    const kind = KINDS[op];
    const detail = `${id} of epoch ${epoch}, for ${recipients} recipients: ${op}`;
    const data = { backup: id, epoch, recipients };
    return this.#terms.record(
      {
        kind,
        atMilliseconds: at,
        source: null,
        severity: "info",
        actor,
        reason: null,
        detail,
        data,
      },
      writes,
      { v: 1, kind: "backup", at, actor, op, backup: id, epoch, recipients },
    );
  }
}

const KINDS = {
  create: "backup_created",
  drill: "backup_drilled",
  discard: "backup_discarded",
} as const;

function timeIn(row: Row, name: string): number | null {
  return row[name] === null ? null : Number(row[name]);
}

/** The copy on disk goes as soon as it was read, or when nobody reads on. */
async function* contentOf(
  manifest: Manifest,
  path: string,
  small: readonly (readonly [BackupFile, Uint8Array])[],
  taken: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield manifestLine(manifest);
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
    for (const [, bytes] of small) {
      yield Uint8Array.from(bytes);
      bytes.fill(0);
    }
    // A database that does not take it makes the copy no worse.
    await taken().catch(() => {});
  } finally {
    await rm(path, { force: true });
  }
}

async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
