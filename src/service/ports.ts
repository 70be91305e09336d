import type { Configuration } from "../config/schema.ts";
import type { StartLiveThread } from "../assess/live/protocol.ts";
import type { SourceConfiguration } from "../config/sourceSchemas.ts";
import type { BackupTerms } from "../key/backup/backups.ts";
import type { PairMaker } from "../key/pair/pairMaker.ts";
import type { StartOutletThread } from "../outlet/protocol.ts";
import type { SigningKey } from "../log/signingKey.ts";
import type { Clock } from "../port/clock.ts";
import type { HostFacts } from "../port/host.ts";
import type { Log } from "../port/log.ts";
import type { DiskSnapshot, TlsCertificateSnapshot } from "../port/snapshot.ts";
import type { NoiseSource } from "../port/source.ts";
import type { RandomFill } from "../source/os.ts";
import type { Store } from "../store/store.ts";
import type { Watched } from "./watch.ts";

/** The world, as the service may touch it. A simulation passes its own. */
export interface ServicePorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly version: string;
  /** SHA-256 of the program's files. */
  readonly build: string;
  /** Signs the checkpoints of the transparency log. */
  readonly signer: SigningKey;
  /** 16 hex digits, chosen anew at each start, that make ids unique without a write. Not secret. */
  readonly boot: string;
  /** Words that passphrases are drawn from. */
  readonly words: readonly string[];
  /** Where key pairs are made. */
  readonly pairs: PairMaker;
  /** Fresh bytes of the OS RNG; the caller overwrites them. */
  readonly osRandom: (bytes: number) => Uint8Array;
  /** The same, for the OS RNG as a tested source. */
  readonly osFill: RandomFill;
  readonly openSource: (source: SourceConfiguration, clock: Clock) => NoiseSource;
  /** Where the live estimate runs; without one there is none. */
  readonly startLiveThread?: StartLiveThread;
  /** Threads that answer beside the main one; without it there are none, whatever is configured. */
  readonly outlets?: { readonly startThread: StartOutletThread; readonly clockOrigin: bigint };
  /** Looks at the machine; without it the service knows its own picture alone. */
  readonly host?: (configuration: Configuration, watched: Watched) => Promise<HostFacts>;
  /** Content of the virtual machine's generation file; null where none is configured. */
  readonly generation: () => string | null;
  /** systemd's $CREDENTIALS_DIRECTORY; null where the service was not given any. */
  readonly credentialsDirectory: string | null;
  /** What a backup copies besides the database's own rows; null where nothing is on disk. */
  readonly state: BackupTerms["state"];
  /** How full the disk of the state directory is; null where nothing is on disk. */
  readonly disk: (() => Promise<DiskSnapshot>) | null;
  /** The TLS files in use. */
  readonly tlsCertificates: () => readonly TlsCertificateSnapshot[];
  /** Where local commands find the admin token of the first start; null: none is made. */
  readonly adminTokenPath: string | null;
}
