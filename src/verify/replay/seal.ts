import type { Leaf, LeafOf } from "../../log/leaf.ts";

/** The vault as a log tells of it: its epochs one after the other, and slots that were there. */
export class ReplayedSeal {
  #epoch = 0;
  readonly #slots = new Set<string>();
  readonly #known = new Set<string>();
  /** Those of them that open with custodians' leave alone. */
  readonly #recovery = new Set<string>();

  /** 0 before there is a vault. */
  get epoch(): number {
    return this.#epoch;
  }

  get slots(): ReadonlySet<string> {
    return this.#slots;
  }

  apply(leaf: Leaf): string | null {
    if (leaf.kind === "epoch") return this.#turn(leaf);
    return leaf.kind === "slot" ? this.#slot(leaf) : null;
  }

  #turn({ op, epoch, slot, intent }: LeafOf<"epoch">): string | null {
    const live = this.#epoch;
    const next = op === "create" || op === "rotate";
    if (op === "create" && live > 0) return "the vault is made twice";
    if (op !== "create" && live === 0) return "there is no vault yet";
    if (epoch !== (next ? live + 1 : live)) return `epoch ${epoch} where ${live} is the last`;
    if (op === "create" && slot !== null) this.#add(slot);
    if (op === "open" && slot !== null && !this.#slots.has(slot)) return `there is no slot ${slot}`;
    if (op === "open" && slot !== null && this.#recovery.has(slot) && intent === undefined)
      return `${slot} is a recovery slot, and nobody approved its opening`;
    this.#epoch = epoch;
    return null;
  }

  #slot({ op, slot, epoch, recovery }: LeafOf<"slot">): string | null {
    if (op === "retire")
      return this.#known.has(slot) && epoch <= this.#epoch ? null : `${slot} never was a slot`;
    if (op === "add") {
      if (this.#known.has(slot)) return `${slot} is added twice`;
      this.#add(slot);
      if (recovery === true) this.#recovery.add(slot);
    } else if (!this.#slots.delete(slot)) return `there is no slot ${slot}`;
    return epoch === this.#epoch ? null : `epoch ${epoch} where ${this.#epoch} is the last`;
  }

  #add(slot: string): void {
    this.#slots.add(slot);
    this.#known.add(slot);
  }
}
