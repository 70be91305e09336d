import type { Store } from "../store/store.ts";
import { parseCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { parseNote } from "./signedNote.ts";

/** Of each witness the last checkpoint that it cosigned, with all cosignatures there are of that size. */
export class CosignedCheckpoints {
  readonly #store: Store;
  readonly #of: Map<string, Checkpoint>;

  constructor(store: Store, of: ReadonlyMap<string, Checkpoint>) {
    this.#store = store;
    this.#of = new Map(of);
  }

  /** All of them, the newest first. */
  get all(): readonly Checkpoint[] {
    const bySize = new Map([...this.#of.values()].map((one) => [one.size, one]));
    return [...bySize.values()].toSorted((one, other) => other.size - one.size);
  }

  /** The newest that covers a leaf; undefined where witnesses have not come so far. */
  covering(position: number): Checkpoint | undefined {
    return this.all.find(({ size }) => size > position);
  }

  /** The same checkpoint, with cosignatures where there are any. */
  over(checkpoint: Checkpoint): Checkpoint {
    return this.all.find(({ size }) => size === checkpoint.size) ?? checkpoint;
  }

  /**
   * @param cosigned the checkpoint with this witness's cosignature behind its own signatures
   * @throws SpringhouseError `store_failed`: it is known all the same, until the next start
   */
  async add(witness: string, checkpoint: Checkpoint, cosigned: string): Promise<void> {
    const lines = cosigned.slice(checkpoint.note.length);
    const before = this.over(checkpoint);
    const note = before.note.includes(lines) ? before.note : `${before.note}${lines}`;
    const writes = [];
    for (const name of new Set([witness, ...this.#of.keys()])) {
      if (name !== witness && this.#of.get(name)?.size !== checkpoint.size) continue;
      this.#of.set(name, { ...checkpoint, note });
      writes.push({ statement: "logCosigned.put", parameters: [name, note] } as const);
    }
    await this.#store.write(writes);
  }
}

/** @throws SpringhouseError `store_failed` */
export async function openCosigned(store: Store): Promise<CosignedCheckpoints> {
  const of = new Map<string, Checkpoint>();
  for (const { witness, note } of await store.read("logCosigned.all", [])) {
    const text = parseNote(String(note))?.text;
    const checkpoint = text === undefined ? null : parseCheckpoint(text);
    if (checkpoint) of.set(String(witness), { ...checkpoint, note: String(note) });
  }
  return new CosignedCheckpoints(store, of);
}
