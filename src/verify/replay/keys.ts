import { replayLeaf, type ReplayedKey } from "../../key/lifecycle/replay.ts";
import type { Leaf } from "../../log/leaf.ts";
import type { KeyState } from "../../port/key.ts";

/** Managed keys as a log tells of them: every change is one that the key's state machine allows. */
export class ReplayedKeys {
  readonly #keys = new Map<string, ReplayedKey>();
  readonly #exportable = new Set<string>();

  get all(): ReadonlyMap<string, ReplayedKey> {
    return this.#keys;
  }

  revision(key: string): number | null {
    return this.#keys.get(key)?.revision ?? null;
  }

  state(key: string, version: number): KeyState | undefined {
    return this.#keys.get(key)?.states[version - 1];
  }

  isExportable(key: string): boolean {
    return this.#exportable.has(key);
  }

  apply(leaf: Leaf): string | null {
    if (leaf.kind !== "key") return null;
    const fault = replayLeaf(this.#keys, leaf);
    const born = leaf.op === "create" || leaf.op === "import";
    if (fault === null && born && leaf.exportable === true) this.#exportable.add(leaf.key);
    return fault;
  }
}
