import { allowedTransitions } from "../../key/lifecycle/transition.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { ReplayedKeys } from "./keys.ts";
import type { ReplayedSeal } from "./seal.ts";

export interface ReplayedDestruction {
  readonly key: string;
  readonly version: number;
  readonly due: number;
  readonly state: "scheduled" | "cancelled" | "removed" | "destroyed";
  /** The vault's when the material was removed. */
  readonly epoch: number | null;
}

/** Destructions as a log tells of them: scheduled, then called off; or done when due, with a receipt. */
export class ReplayedDestructions {
  readonly #keys: ReplayedKeys;
  readonly #seal: ReplayedSeal;
  readonly #destructions = new Map<string, ReplayedDestruction>();
  /** Versions whose destruction was not called off. */
  readonly #doomed = new Set<string>();

  constructor(keys: ReplayedKeys, seal: ReplayedSeal) {
    this.#keys = keys;
    this.#seal = seal;
  }

  /** By the digest of the intent. */
  get all(): ReadonlyMap<string, ReplayedDestruction> {
    return this.#destructions;
  }

  /** To be told of a leaf before the keys are. */
  apply(leaf: Leaf): string | null {
    if (leaf.kind === "key" && leaf.op === "destroy") return this.#remove(leaf);
    if (leaf.kind !== "destruction") return null;
    return leaf.op === "schedule" ? this.#schedule(leaf) : this.#end(leaf);
  }

  #schedule({ key, version, intent, due }: LeafOf<"destruction">): string | null {
    const state = this.#keys.state(key, version);
    if (state === undefined) return `${key} has no version ${version}`;
    if (!allowedTransitions(state).includes("destroy"))
      return `version ${version} of ${key} is ${state}: it is not destroyed from there`;
    if (due === undefined) return "it does not say when it is due";
    if (this.#doomed.has(`${key} ${version}`))
      return `the destruction of version ${version} of ${key} is under way already`;
    this.#doomed.add(`${key} ${version}`);
    this.#destructions.set(intent, { key, version, due, state: "scheduled", epoch: null });
    return null;
  }

  #remove({ key, version, intent, at }: LeafOf<"key">): string | null {
    const found = this.#of(intent, key, version);
    if (found?.state !== "scheduled") return `no destruction of it is scheduled: ${key}`;
    if (at < found.due) return `${key} was destroyed before its destruction was due`;
    this.#destructions.set(intent!, { ...found, state: "removed", epoch: this.#seal.epoch });
    return null;
  }

  #end({ op, key, version, intent, epoch, statement }: LeafOf<"destruction">): string | null {
    const found = this.#of(intent, key, version);
    const from = op === "cancel" ? "scheduled" : "removed";
    if (found?.state !== from) return `no destruction of ${key} is ${from}`;
    if (op === "cancel") {
      this.#doomed.delete(`${key} ${version}`);
      this.#destructions.set(intent, { ...found, state: "cancelled" });
      return null;
    }
    if (statement === undefined || epoch === undefined) return "it does not name its statement";
    if (epoch <= found.epoch! || epoch > this.#seal.epoch)
      return `the epoch that wrapped ${key} was not ended by then`;
    this.#destructions.set(intent, { ...found, state: "destroyed" });
    return null;
  }

  #of(
    intent: string | undefined,
    key: string,
    version: number | null,
  ): ReplayedDestruction | undefined {
    const found = this.#destructions.get(intent ?? "");
    return found?.key === key && found.version === version ? found : undefined;
  }
}
