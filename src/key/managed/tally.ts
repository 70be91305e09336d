import type { KeyFigures, KeyUsage } from "../../port/key.ts";
import { KEY_STATES, KEY_USAGES } from "../../port/key.ts";
import type { Row } from "../../store/store.ts";
import type { Change } from "../lifecycle/change.ts";
import type { KeyRecord } from "../lifecycle/record.ts";

/** Counted for metrics, in plain numbers: this is on the path of every operation. */
export class KeyTally {
  readonly #versions = zeros(KEY_STATES);
  readonly #operations = zeros(KEY_USAGES);
  #rotations = 0;
  #overdue = 0;

  figures(): KeyFigures {
    return {
      versions: { ...this.#versions },
      operations: { ...this.#operations },
      rotations: this.#rotations,
      overdue: this.#overdue,
    };
  }

  /** @param rows of `keyVersion.states` */
  load(rows: readonly Row[]): void {
    for (const { state, versions } of rows) {
      const known = KEY_STATES.find((one) => one === state);
      if (known) this.#versions[known] = Number(versions);
    }
  }

  changed(before: KeyRecord | null, { changed, leaf }: Change): void {
    for (const version of changed) {
      const was = before?.versions[version.version - 1]?.state;
      if (was !== undefined) this.#versions[was]--;
      this.#versions[version.state]++;
    }
    if (leaf.op === "rotate") this.#rotations++;
  }

  operated(usage: KeyUsage): void {
    this.#operations[usage]++;
  }

  /** An act of a policy had to wait. */
  waited(): void {
    this.#overdue++;
  }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
