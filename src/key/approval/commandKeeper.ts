import type { Command, CommandOperation, IntentDocument } from "../../port/approval.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Write } from "../../store/store.ts";

/** Who asks for an intent, or executes one. */
export interface Requester {
  /** Of the principal. */
  readonly id: string;
  /** May do this with what others own. */
  readonly anyKey: boolean;
}

/** What enough people approved, to be done now. */
export interface Approved {
  /** SHA-256 of the document: the leaf of what is done names it. */
  readonly digest: string;
  readonly document: IntentDocument;
  /** Who approved it, as they count now. */
  readonly people: readonly string[];
  /** To be kept with what is done: all or nothing. With them the intent is used up. */
  readonly writes: readonly Write[];
}

export type CommandOf<Operation extends CommandOperation> = Extract<Command, { op: Operation }>;

/** How one operation is done. */
export interface CommandKeeper<Operation extends CommandOperation = CommandOperation> {
  /**
   * Whether it could be done now: looked at when it is asked for, and again when it is executed.
   * @returns the revision of what it acts on, null where there is none; or why it cannot be
   */
  look(
    command: CommandOf<Operation>,
    requester: Requester,
  ): Promise<{ readonly revision: number | null } | Refusal>;
  /**
   * Does it, with `approved.writes` in the same transaction. Left out where it needs more than the
   * intent: then the route of what is to be done takes the intent.
   * @returns null when done
   */
  execute?(
    command: CommandOf<Operation>,
    approved: Approved,
    requester: Requester,
  ): Promise<Refusal | null>;
}

export type CommandKeepers = {
  readonly [Operation in CommandOperation]?: CommandKeeper<Operation>;
};

/** Who does this operation; one that nobody does is refused whenever it is looked at. */
export function keeperOf(keepers: CommandKeepers, op: CommandOperation): CommandKeeper {
  const keeper = keepers[op];
  if (keeper) return keeper as CommandKeeper;
  const refusal = refuse("conflict", `${op} is not offered by this service.`);
  return { look: () => Promise.resolve(refusal) };
}
