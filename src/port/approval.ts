/* The words of dual control: what needs the leave of several people, and how far that has come. */

/** What is done only with the leave of custodians. The safe direction (suspend, compromise) is none. */
export const COMMAND_OPERATIONS = [
  "key.restore",
  "key.destroy",
  "key.process",
  "key.export",
  "custodian.enrol",
  "custodian.remove",
  "seal.recover",
] as const;
export type CommandOperation = (typeof COMMAND_OPERATIONS)[number];

export const INTENT_STATES = ["pending", "approved", "executed", "expired", "withdrawn"] as const;
export type IntentState = (typeof INTENT_STATES)[number];

/** One act on one thing: fields are its operation's, and no others. */
export type Command =
  | { readonly op: "key.restore" | "key.destroy"; readonly key: string; readonly version: number }
  | {
      /** A compromised version may decrypt and verify for so many hours from the execution. */
      readonly op: "key.process";
      readonly key: string;
      readonly version: number;
      readonly hours: number;
    }
  | {
      readonly op: "key.export";
      readonly key: string;
      readonly version: number;
      /** SHA-256 of the recipient's public key in hexadecimal: nobody else's key will do. */
      readonly recipient: string;
    }
  | {
      readonly op: "custodian.enrol";
      readonly person: string;
      /** `TYPE BASE64`, as OpenSSH writes it. */
      readonly publicKey: string;
      /** Ids of principals that this person acts under: what these ask for the person cannot approve. */
      readonly principals: readonly string[];
    }
  | { readonly op: "custodian.remove"; readonly fingerprint: string }
  | {
      readonly op: "seal.recover";
      /** Id of the recovery slot, which is opened once. */
      readonly slot: string;
    };

/** Everything that custodians sign, as canonical JSON (RFC 8785). */
export interface IntentDocument {
  readonly v: 1;
  /** Name of this service's log: an approval counts nowhere else. */
  readonly deployment: string;
  readonly id: string;
  readonly command: Command;
  /** Principal who asks. */
  readonly requester: string;
  readonly reason: string | null;
  /** Of what it acts on, when it was asked for; of a slot its epoch; null where there is none. */
  readonly revision: number | null;
  /** How many different people must approve it. */
  readonly required: number;
  /** Unix milliseconds. */
  readonly created: number;
  readonly expires: number;
}

export interface ApprovalDescription {
  readonly person: string;
  /** `SHA256:` and base64, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** `TYPE BASE64`: with it the signature is checked without the service. */
  readonly publicKey: string;
  /** `-----BEGIN SSH SIGNATURE-----` and so on. */
  readonly signature: string;
  readonly atMilliseconds: number;
}

export interface IntentDescription {
  readonly id: string;
  readonly state: IntentState;
  /** The very bytes to sign, as text. */
  readonly document: string;
  /** SHA-256 of the document in hexadecimal. */
  readonly digest: string;
  /** What to sign under: `ssh-keygen -Y sign -n NAMESPACE`. */
  readonly namespace: string;
  readonly required: number;
  readonly approvals: readonly ApprovalDescription[];
  readonly changedMilliseconds: number;
}

/** One key of one person. Several keys of a person count once. */
export interface CustodianDescription {
  readonly person: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly principals: readonly string[];
  readonly enrolledMilliseconds: number;
  /** A key that was removed does not come back. */
  readonly removedMilliseconds: number | null;
}
