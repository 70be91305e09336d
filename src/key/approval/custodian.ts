import { refuse, type Refusal } from "../../port/errors.ts";
import { parseSshPublicKey } from "./sshKey.ts";

/** One key of one person; a person may have several. */
export interface CustodianKey {
  readonly person: string;
  readonly fingerprint: string;
  /** `TYPE BASE64`. */
  readonly line: string;
  /** Principals that the person acts under, as this enrolment names them. */
  readonly principals: readonly string[];
  readonly enrolledMilliseconds: number;
  /** Null as long as it counts. */
  readonly removedMilliseconds: number | null;
}

/** Somebody to be enrolled. */
export interface Enrolment {
  readonly person: string;
  /** A line of an `id_*.pub` file. */
  readonly publicKey: string;
  readonly principals: readonly string[];
}

export function liveKey(
  custodians: readonly CustodianKey[],
  fingerprint: string,
): CustodianKey | undefined {
  return custodians.find(
    (key) => key.fingerprint === fingerprint && key.removedMilliseconds === null,
  );
}

/** Different people who can approve. */
export function peopleOf(custodians: readonly CustodianKey[]): readonly string[] {
  const live = custodians.filter(({ removedMilliseconds }) => removedMilliseconds === null);
  return [...new Set(live.map(({ person }) => person))];
}

/** Whether a principal is known to be this person. Removing a key takes no name away. */
export function actsAs(
  custodians: readonly CustodianKey[],
  person: string,
  principal: string,
): boolean {
  return custodians.some((key) => key.person === person && key.principals.includes(principal));
}

/** @returns the key as it is kept, or a Refusal `invalid_parameter`, `conflict` */
export function enrol(
  custodians: readonly CustodianKey[],
  { person, publicKey, principals }: Enrolment,
  atMilliseconds: number,
): CustodianKey | Refusal {
  const key = parseSshPublicKey(publicKey);
  if (!key)
    return refuse("invalid_parameter", `The key of ${person} is of no type that is taken.`, {
      remedy: "Give the line of an id_ed25519.pub, id_ecdsa.pub (P-256) or id_ed25519_sk.pub.",
    });
  const { fingerprint, line } = key;
  const known = custodians.find((one) => one.fingerprint === fingerprint);
  if (known)
    return refuse(
      "conflict",
      known.removedMilliseconds === null
        ? `${fingerprint} is enrolled already, as a key of ${known.person}.`
        : `${fingerprint} was removed, and does not come back.`,
      { remedy: "Enrol another key." },
    );
  return {
    person,
    fingerprint,
    line,
    principals,
    enrolledMilliseconds: atMilliseconds,
    removedMilliseconds: null,
  };
}

/**
 * The first custodians, whom nobody could approve.
 * @param required different people that the strictest operation needs
 * @returns their keys, or a Refusal `conflict` (there were some before), `invalid_parameter`
 */
export function bootstrap(
  custodians: readonly CustodianKey[],
  enrolments: readonly Enrolment[],
  required: number,
  atMilliseconds: number,
): readonly CustodianKey[] | Refusal {
  if (custodians.length > 0)
    return refuse("conflict", "There are custodians: only they can let in further ones.", {
      remedy: "`springhouse custodian enrol` makes the intent that they approve.",
    });
  const keys: CustodianKey[] = [];
  for (const enrolment of enrolments) {
    const key = enrol(keys, enrolment, atMilliseconds);
    if ("ok" in key) return key;
    keys.push(key);
  }
  const people = peopleOf(keys).length;
  if (people < required)
    return refuse("invalid_parameter", `${people} people cannot give ${required} approvals.`, {
      remedy: `Begin with at least ${required} people, or lower approval.required.`,
    });
  return keys;
}
