/*
 * What the machine says of itself, for `doctor`: facts without a judgement, and no secret among them.
 * Null where the system does not tell.
 */

/** Of a file that has to be there, or why nothing is known of it. */
export interface FileFacts {
  readonly path: string;
  /** An errno such as ENOENT; null when it could be looked at. */
  readonly error: string | null;
  /** Permission bits. */
  readonly mode: number | null;
  readonly ownerId: number | null;
}

export interface HolderFacts {
  readonly pid: number;
  readonly command: string;
  readonly how: "open" | "locked";
}

/** A device file of a configured source. */
export interface DeviceFacts {
  readonly source: string;
  /** As configured or found; null when no device of that identity is there. */
  readonly path: string | null;
  readonly wanted: string;
  readonly error: string | null;
  /** As `ls -l` shows it: `crw-rw----`. */
  readonly mode: string | null;
  readonly owner: string | null;
  readonly group: string | null;
  /** Who is in that group by /etc/group. */
  readonly groupMembers: readonly string[];
  readonly isInGroup: boolean;
  /** May this process open it as the source does? */
  readonly isAccessible: boolean;
  readonly holders: readonly HolderFacts[];
  /** Other users' processes, into which this one may not look. */
  readonly unseenProcesses: number;
  /** Null: udev keeps nothing of it, or it is no serial port that ModemManager would look at. */
  readonly isIgnoredByModemManager: boolean | null;
}

export interface WhitenedFacts {
  readonly source: string;
  readonly mode: string;
  /** The mode that gives raw noise; null where the device has none. */
  readonly rawMode: string | null;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly fromMilliseconds: number;
  readonly toMilliseconds: number;
}

export interface TlsFacts {
  readonly certificate: FileFacts;
  readonly key: FileFacts;
  readonly clientAuthority: FileFacts | null;
  /** What is wrong with their contents, by the field; without a text of a file. */
  readonly faults: readonly string[];
  /** The leaf first, as the file has them. */
  readonly chain: readonly CertificateFacts[];
  /** Whether each certificate was issued by the next one; false at the first that was not. */
  readonly isChained: boolean;
  readonly authority: readonly CertificateFacts[];
  /** Configured host names that the leaf does not name. */
  readonly unnamedHosts: readonly string[];
}

export interface HostFacts {
  readonly atMilliseconds: number;
  /** Whose limits and rights these are: the service's, or those of whoever asks. */
  readonly of: "service" | "this shell";
  readonly user: string;
  readonly userId: number;
  readonly nodeVersion: string;
  /** Soft limits in bytes; Infinity has no JSON, so null is unlimited. */
  readonly lockedMemory: {
    readonly limitBytes: number | null;
    /** CAP_IPC_LOCK: the limit does not count. */
    readonly isExempt: boolean;
    /** Whether the configuration refuses to keep keys without it. */
    readonly isRequired: boolean;
  };
  readonly coreDumps: {
    readonly limitBytes: number | null;
    readonly pattern: string | null;
    readonly isDumpable: boolean | null;
  };
  readonly clock: {
    readonly isSynchronised: boolean | null;
    /** Who says so. */
    readonly evidence: string;
    /** Of the newest file in the state directory. */
    readonly lastWriteMilliseconds: number | null;
    /** Since the service started; null where nobody watches. */
    readonly jumps: number | null;
    readonly lastJump: string | null;
  };
  readonly state: {
    readonly directory: string;
    readonly error: string | null;
    readonly freeBytes: number | null;
    /** In memory: gone with the machine. */
    readonly isVolatile: boolean;
    readonly usedBytes: number;
    readonly maximumBytes: number;
    readonly token: FileFacts;
  };
  readonly modemManager: { readonly pid: number } | null;
  readonly devices: readonly DeviceFacts[];
  readonly whitened: readonly WhitenedFacts[];
  readonly tls: TlsFacts | null;
}
