import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { ReplayedKeys } from "./keys.ts";

/** What left, as a log tells of it: an active version of an exportable key; a pair's key to each of two, once. */
export class ReplayedExports {
  readonly #keys: ReplayedKeys;
  /** Of keys that the master has: the pair. */
  readonly #waiting = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(keys: ReplayedKeys) {
    this.#keys = keys;
  }

  apply(leaf: Leaf): string | null {
    if (leaf.kind !== "export") return null;
    return leaf.of === "key" ? this.#key(leaf) : this.#pair(leaf);
  }

  #key({ keys: [key], version = 0 }: LeafOf<"export">): string | null {
    const state = this.#keys.state(key!, version);
    if (state === undefined) return `${key} has no version ${version} that could leave`;
    if (!this.#keys.isExportable(key!)) return `${key} is not exportable`;
    return state === "active" ? null : `version ${version} of ${key} left while it was ${state}`;
  }

  #pair({ keys, master, slave, to }: LeafOf<"export">): string | null {
    if (master === undefined || slave === undefined || to === undefined || master === slave)
      return "it does not say which two share it";
    const pair = JSON.stringify([master, slave]);
    for (const key of keys) {
      if (to === "master" ? this.#known.has(key) : this.#waiting.get(key) !== pair)
        return `${key} was not there for the ${to}, or not any more`;
      this.#known.add(key);
      if (to === "master") this.#waiting.set(key, pair);
      else this.#waiting.delete(key);
    }
    return null;
  }
}
