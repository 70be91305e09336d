import { openHandover } from "./handover.ts";
import type { Verifier } from "./signer.ts";

/** The keys of one log, one after the other: each has handed over to the next. */
export interface Keyring {
  /** The log's name. */
  readonly origin: string;
  /** The oldest first; never empty. */
  readonly verifiers: readonly Verifier[];
}

/**
 * The keys that a trusted one leads to: those that it handed over to, and those that handed over to it.
 * @param handovers signed notes; what does not join on is passed over, and nothing in them is trusted
 */
export function keyringOf(trusted: Verifier, handovers: readonly string[] = []): Keyring {
  const opened = handovers.map(openHandover).filter((one) => one !== null);
  const verifiers = [trusted];
  for (;;) {
    const [first, last] = [verifiers[0]!, verifiers.at(-1)!];
    const isNew = (one: Verifier): boolean => !verifiers.some((known) => isSame(known, one));
    const after = opened.find(({ from, to }) => isSame(from, last) && isNew(to));
    const before = opened.find(({ from, to }) => isSame(to, first) && isNew(from));
    if (after) verifiers.push(after.to);
    else if (before) verifiers.unshift(before.from);
    else return { origin: trusted.name, verifiers };
  }
}

/** What the first of the keys that opens it makes of it; null when none does. */
export function openWith<Result>(
  { verifiers }: Keyring,
  open: (verifier: Verifier) => Result | null,
): Result | null {
  for (const verifier of verifiers) {
    const opened = open(verifier);
    if (opened !== null) return opened;
  }
  return null;
}

export function isSame(one: Verifier, other: Verifier): boolean {
  return one.verifierKey === other.verifierKey;
}
