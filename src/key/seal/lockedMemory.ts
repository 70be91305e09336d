import { SpringhouseError } from "../../port/errors.ts";
import type { LockedMemoryReport } from "../../port/seal.ts";
import { loadSodium, type Sodium } from "../sodium.ts";

/**
 * Whether a secret is out of reach of any access but in a turn of the event loop that uses it, so
 * that a stray read ends the process. It costs two system calls (2 to 100 µs): for what is kept long.
 */
type Reach = "closed" | "open";

/** Bytes outside the JavaScript heap: locked, out of core dumps, between guard pages. */
export interface LockedBytes {
  readonly length: number;
  /** @param use gets a view that is dead afterwards; it must neither keep nor await */
  use<Result>(use: (bytes: Uint8Array) => Result): Result;
  /** Overwrites and gives back. Twice does no harm; `use` throws afterwards. */
  free(): void;
}

/** Where the secrets that outlive a call are kept. */
export interface SecretMemory {
  /** @throws SpringhouseError `sealed` where the memory must be locked and cannot be */
  allocate(bytes: number, reach?: Reach): LockedBytes;
  report(): LockedMemoryReport;
}

const REMEDY =
  "Raise the limit on locked memory (LimitMEMLOCK= of the unit, `ulimit -l`), or set seal.lockedMemory: preferred.";

/**
 * libsodium's guarded heap. `sodium_malloc` locks its pages and says nothing when it may not
 * (RLIMIT_MEMLOCK), so every allocation is locked once more by `sodium_mlock`, which does. And
 * sodium-native's `sodium_free` leaves the pages as they are until a garbage collection, so what is
 * given back is overwritten here, and its pages are used again.
 * @param required refuse to keep a secret that cannot be locked, instead of only telling of it
 */
export function lockedMemory(required: boolean): SecretMemory {
  let sodium: Sodium | null | undefined;
  const spare = new Map<number, Buffer[]>();
  let bytes = 0;
  let trouble: string | null = null;

  /** Loaded with the first secret: a service without a vault does without it. */
  const library = (): Sodium | null => {
    if (sodium === undefined) sodium = loadSodium();
    if (sodium === null) trouble = "sodium-native cannot be loaded on this platform";
    return sodium;
  };
  const allocate = (sodium: Sodium, length: number): Buffer => {
    const buffer = sodium.sodium_malloc(length);
    const locked = locks(sodium, buffer);
    trouble = locked ? trouble : `the system did not let ${length} bytes be locked`;
    if (locked || !required) return buffer;
    sodium.sodium_free(buffer);
    throw refused(trouble);
  };
  return {
    allocate(length, reach = "closed") {
      const sodium = library();
      if (sodium === null && required) throw refused(trouble);
      const buffer =
        spare.get(length)?.pop() ??
        (sodium === null ? Buffer.alloc(length) : allocate(sodium, length));
      bytes += length;
      return new Guarded(reach === "closed" ? sodium : null, buffer, () => {
        // It may be taken again for either reach.
        sodium?.sodium_mprotect_readwrite(buffer);
        bytes -= length;
        spare.set(length, [...(spare.get(length) ?? []), buffer]);
      });
    },
    report: () => ({
      ok: trouble === null,
      bytes,
      detail: trouble ?? "every secret that is kept is in locked memory",
    }),
  };
}

function refused(trouble: string | null): SpringhouseError {
  return new SpringhouseError("sealed", `No secret is kept: ${trouble}.`, REMEDY);
}

function locks(sodium: Sodium, buffer: Buffer): boolean {
  try {
    sodium.sodium_mlock(buffer);
    return true;
  } catch {
    return false;
  }
}

class Guarded implements LockedBytes {
  readonly length: number;
  readonly #sodium: Sodium | null;
  readonly #gone: () => void;
  #buffer: Buffer | null;
  /** Uses within uses. */
  #depth = 0;
  #closed: boolean;
  #closing = false;

  constructor(sodium: Sodium | null, buffer: Buffer, gone: () => void) {
    this.length = buffer.length;
    this.#sodium = sodium;
    this.#buffer = buffer;
    this.#gone = gone;
    this.#closed = sodium !== null;
    sodium?.sodium_mprotect_noaccess(buffer);
  }

  use<Result>(use: (bytes: Uint8Array) => Result): Result {
    const buffer = this.#buffer;
    if (buffer === null) throw new Error("locked bytes were used after they were given back");
    if (this.#closed) this.#sodium?.sodium_mprotect_readwrite(buffer);
    this.#closed = false;
    this.#depth++;
    try {
      return use(buffer);
    } finally {
      this.#depth--;
      this.#closeSoon();
    }
  }

  /** After this turn of the event loop, so that a thousand uses in it cost one closing. */
  #closeSoon(): void {
    if (this.#closing || this.#sodium === null) return;
    this.#closing = true;
    setImmediate(() => {
      this.#closing = false;
      if (this.#buffer === null) return;
      this.#sodium?.sodium_mprotect_noaccess(this.#buffer);
      this.#closed = true;
    }).unref();
  }

  free(): void {
    if (this.#buffer === null) return;
    if (this.#depth > 0) throw new Error("locked bytes were given back while in use");
    this.use((bytes) => bytes.fill(0));
    this.#buffer = null;
    this.#gone();
  }
}
