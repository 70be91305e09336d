import type { SlotKind, VaultState } from "../port/seal.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { readWhole } from "./input.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

export interface PassphraseOptions extends ConnectionOptions {
  /** A file whose first line it is; `-` is stdin. */
  readonly passphraseFile?: string;
}

export interface NewSlotOptions extends PassphraseOptions {
  /** What stands behind it, by its name in the service's configuration. */
  readonly place?: string;
  readonly kind: SlotKind;
  readonly recovery?: boolean;
}

/** Never from the command line: every user of the machine can read that. */
export async function passphrase(
  terminal: Terminal,
  { passphraseFile }: PassphraseOptions,
  again: boolean,
): Promise<string> {
  if (passphraseFile !== undefined) return fromFile(passphraseFile);
  const first = await terminal.askSecret("Passphrase: ");
  if (first === null)
    throw new Failure(
      2,
      "there is no terminal to ask for the passphrase",
      "Give --passphrase-file FILE, or - for stdin.",
    );
  if (again && (await terminal.askSecret("The same again: ")) !== first)
    throw new Failure(1, "the two are not the same", "Nothing was changed; try again.");
  return first;
}

function fromFile(path: string): string {
  try {
    const [line = ""] = readWhole(path).toString("utf8").split(/\r?\n/, 1);
    if (line !== "") return line;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new Failure(1, `cannot read the passphrase from ${path} (${code})`, "Check the path.");
  }
  throw new Failure(1, `${path} begins with an empty line`, "Put the passphrase into its first.");
}

/** `springhouse seal status` */
export async function sealStatus(
  terminal: Terminal,
  options: ConnectionOptions & { readonly json?: boolean },
): Promise<void> {
  const state = await connect(terminal, options).seal.state();
  await terminal.write(
    options.json ? `${JSON.stringify(state, null, 2)}\n` : vaultText(terminal, state),
  );
}

function vaultText(terminal: Terminal, state: VaultState): string {
  const { initialised, sealed, cause, epoch, slots, lockedMemory } = state;
  if (!initialised) return "no vault yet: `springhouse seal initialise` makes one\n";
  const head = sealed
    ? `vault ${paint(terminal, "yellow", "sealed")}: ${cause}`
    : `vault ${paint(terminal, "green", "open")}`;
  const memory = lockedMemory.ok
    ? "its keys are kept in locked memory"
    : paint(terminal, "red", lockedMemory.detail);
  const rows = slots.map(({ id, kind, name, place, createdMilliseconds, recovery }) => [
    id,
    kind,
    name,
    place ?? "",
    new Date(createdMilliseconds).toISOString().slice(0, 10),
    recovery ? "recovery: with an intent" : "",
  ]);
  const table = columns([["slot", "kind", "name", "place", "made", ""], ...rows]);
  return `${head}, epoch ${epoch}; ${memory}\n${table}\n`;
}

/** `springhouse seal initialise` */
export async function initialiseSeal(
  terminal: Terminal,
  name: string,
  options: NewSlotOptions,
): Promise<void> {
  const slot = await connect(terminal, options).seal.initialise(
    await orderOf(terminal, name, options),
  );
  terminal.tell(`the vault is made and open; ${slot.id} (${name}) opens it`);
  terminal.tell("  → Add a second slot and keep it elsewhere: without a slot nothing opens it.");
}

/** `springhouse seal open` */
export async function openSeal(
  terminal: Terminal,
  options: PassphraseOptions & {
    readonly slot?: string;
    readonly byItself?: boolean;
    readonly intent?: string;
  },
): Promise<void> {
  const secret = options.byItself ? {} : { passphrase: await passphrase(terminal, options, false) };
  const { slot, intent } = options;
  const opened = await connect(terminal, options).seal.open({
    ...secret,
    ...(slot === undefined ? {} : { slot }),
    ...(intent === undefined ? {} : { intent }),
  });
  terminal.tell(`the vault is open, by ${opened.name} (${opened.kind})`);
}

/** `springhouse seal close` */
export async function closeSeal(
  terminal: Terminal,
  options: ConnectionOptions & { readonly reason?: string },
): Promise<void> {
  await connect(terminal, options).seal.close(options.reason);
  terminal.tell("the vault is sealed");
}

/** `springhouse seal rotate`: exit 1 where the old epoch is not over in every slot. */
export async function rotateSeal(
  terminal: Terminal,
  options: ConnectionOptions & { readonly reason?: string; readonly json?: boolean },
): Promise<void> {
  const rotation = await connect(terminal, options).seal.rotate(options.reason);
  const { epoch, materials, retired } = rotation;
  if (options.json) await terminal.write(`${JSON.stringify(rotation, null, 2)}\n`);
  else {
    const rows = retired.map((slot) => [slot.name, slot.kind, slot.assurance, slot.detail]);
    await terminal.write(
      `epoch ${epoch}: ${materials} key versions taken over; the epoch before is over by slot\n${columns(rows)}\n`,
    );
  }
  if (!rotation.writeAheadLogEmptied)
    terminal.tell("another reader holds the database: its write-ahead log still has the old keys");
  const open = retired.filter(({ assurance }) => assurance === "pending");
  if (open.length > 0)
    throw new Failure(
      1,
      `not over yet: ${open.map(({ name }) => name).join(", ")}`,
      "Bring the device back; it is tried again when the vault is opened or rotated.",
    );
}

/** `springhouse seal slot add` */
export async function addSlot(
  terminal: Terminal,
  name: string,
  options: NewSlotOptions,
): Promise<void> {
  const slot = await connect(terminal, options).seal.addSlot(
    await orderOf(terminal, name, options),
  );
  if (slot.recovery) {
    terminal.tell(`${slot.id} (${name}) opens the vault with the leave of custodians`);
    terminal.tell(`  → springhouse intent recover ${slot.id}`);
  } else terminal.tell(`${slot.id} (${name}) opens the vault too`);
}

/** `springhouse seal slot remove` */
export async function removeSlot(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  await connect(terminal, options).seal.removeSlot(id);
  terminal.tell(`${id} is gone; copies of the database from before still open by it`);
}

async function orderOf(terminal: Terminal, name: string, options: NewSlotOptions) {
  const { kind, place } = options;
  const rest = options.recovery ? { recovery: true } : {};
  if (kind === "passphrase")
    return { kind, name, passphrase: await passphrase(terminal, options, true), ...rest };
  if (place === undefined)
    throw new Failure(2, `a ${kind} slot needs --place`, "It names an entry of the configuration.");
  return { kind, name, place, ...rest };
}
