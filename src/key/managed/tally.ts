import type { KeyState, KeyUsage } from "../../port/key.ts";
import { KEY_STATES, KEY_USAGES } from "../../port/key.ts";
import type { Row } from "../../store/store.ts";
import type { Change } from "../lifecycle/change.ts";
import type { KeyRecord } from "../lifecycle/record.ts";

/** Counted for metrics, in plain numbers. */
export class KeyTally {
  /** Versions by state. */
  readonly states: Map<KeyState, number>;
  /** Operations done since the start. */
  readonly operations: Map<KeyUsage, number>;
  /** Versions that came by themselves or were asked for since the start. */
  rotations = 0;

  constructor() {
    this.states = new Map(KEY_STATES.map((state) => [state, 0]));
    this.operations = new Map(KEY_USAGES.map((usage) => [usage, 0]));
  }

  /** @param rows of `keyVersion.states` */
  load(rows: readonly Row[]): void {
    for (const { state, versions } of rows) {
      const known = KEY_STATES.find((one) => one === state);
      if (known) this.states.set(known, Number(versions));
    }
  }

  changed(before: KeyRecord | null, { changed, leaf }: Change): void {
    for (const version of changed) {
      const was = before?.versions[version.version - 1]?.state;
      if (was !== undefined) this.#add(was, -1);
      this.#add(version.state, 1);
    }
    if (leaf.op === "rotate") this.rotations++;
  }

  operated(usage: KeyUsage): void {
    this.operations.set(usage, this.operations.get(usage)! + 1);
  }

  #add(state: KeyState, number: number): void {
    this.states.set(state, this.states.get(state)! + number);
  }
}
