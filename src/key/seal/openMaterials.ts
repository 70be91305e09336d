import type { Cancel, Clock } from "../../port/clock.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import type { MaterialBinding, WrappedMaterial } from "./vault.ts";

/** 8 KiB of locked memory: a service is allowed 64 KiB on old systems. */
const PLACES = 64;
/** Every managed type's secret with the salt in front; what is longer is opened anew for each use. */
const PLACE_BYTES = 128;
/** A busy key is opened a hundred times a second, however often it is used. */
const OPEN_MILLISECONDS = 10;

interface Entry {
  readonly binding: MaterialBinding;
  readonly place: number;
  readonly length: number;
}

/**
 * Materials in the clear for a moment after they were opened, in locked memory: all are overwritten
 * together, 10 ms after the first. The oldest gives way.
 */
export class OpenMaterials {
  readonly #memory: SecretMemory;
  readonly #clock: Clock;
  /** By the very object that was opened: a row that was read anew is opened anew. */
  readonly #entries = new Map<WrappedMaterial, Entry>();
  #free: number[] = [];
  #arena: LockedBytes | null = null;
  #cancel: Cancel | null = null;

  constructor(memory: SecretMemory, clock: Clock) {
    this.#memory = memory;
    this.#clock = clock;
  }

  /** @returns its length, once it is at the beginning of `target`; null when it is not here */
  read(wrapped: WrappedMaterial, binding: MaterialBinding, target: Uint8Array): number | null {
    const entry = this.#entries.get(wrapped);
    if (entry === undefined || !isSame(entry.binding, binding)) return null;
    this.#arena!.use((arena) => target.set(arena.subarray(...reach(entry))));
    return entry.length;
  }

  put(wrapped: WrappedMaterial, binding: MaterialBinding, material: Uint8Array): void {
    const { length } = material;
    if (length > PLACE_BYTES) return;
    this.#drop(wrapped);
    if (this.#entries.size === PLACES) this.#drop(this.#entries.keys().next().value!);
    this.#arena ??= this.#memory.allocate(PLACES * PLACE_BYTES, "open");
    const entry = { binding, length, place: this.#free.pop() ?? this.#entries.size };
    this.#arena.use((arena) => arena.set(material, reach(entry)[0]));
    this.#entries.set(wrapped, entry);
    this.#cancel ??= this.#clock.schedule(OPEN_MILLISECONDS, () => this.clear());
  }

  /** Overwrites those of one key. */
  forget(key: string): void {
    for (const [wrapped, { binding }] of this.#entries)
      if (binding.key === key) this.#drop(wrapped);
  }

  /** Overwrites them all. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#entries.clear();
    this.#free = [];
    this.#arena?.free();
    this.#arena = null;
  }

  #drop(wrapped: WrappedMaterial): void {
    const entry = this.#entries.get(wrapped);
    if (entry === undefined) return;
    this.#arena!.use((arena) => arena.fill(0, ...reach(entry)));
    this.#entries.delete(wrapped);
    this.#free.push(entry.place);
  }
}

const reach = ({ place, length }: Pick<Entry, "place" | "length">): [number, number] => [
  place * PLACE_BYTES,
  place * PLACE_BYTES + length,
];

function isSame(one: MaterialBinding, other: MaterialBinding): boolean {
  return (
    one.key === other.key &&
    one.version === other.version &&
    one.algorithm === other.algorithm &&
    one.usage === other.usage
  );
}
