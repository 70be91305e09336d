import { SOURCE_STATES, type SourceState } from "../../port/health.ts";
import { INSTANCE_STATES, type InstanceState } from "../../port/snapshot.ts";
import { chosen } from "../query.ts";
import type { Colour, Meaning, Target } from "./panel.ts";

/*
 * A state timeline draws one bar for each series, so the states, which are a series each, are made one
 * number: the state's place in its list.
 */

const SOURCE_COLOURS: Readonly<Record<SourceState, Colour>> = {
  starting: "blue",
  healthy: "green",
  suspect: "orange",
  failed: "red",
  absent: "purple",
};

const INSTANCE_COLOURS: Readonly<Record<InstanceState, Colour>> = {
  unseeded: "blue",
  ready: "green",
  spent: "orange",
  error: "red",
};

const meaningsOf = <State extends string>(
  states: readonly State[],
  colours: Readonly<Record<State, Colour>>,
): readonly Meaning[] =>
  states.map((state, value) => ({ value, text: state, colour: colours[state] }));

export const SOURCE_MEANINGS = meaningsOf(SOURCE_STATES, SOURCE_COLOURS);
export const INSTANCE_MEANINGS = meaningsOf(INSTANCE_STATES, INSTANCE_COLOURS);

const numbered = (states: readonly string[], of: (state: string) => string): string =>
  states.map((state, index) => `${of(state)} * ${index}`).join(" or ");

export const SOURCE_STATE: Target = {
  expr: `sum by (instance, source) (${numbered(SOURCE_STATES, (state) =>
    chosen("source_state", { state: `=${state}` }),
  )})`,
  legend: "{{source}}",
};

export const INSTANCE_STATE: Target = {
  expr: `sum by (instance, exported_instance) (${numbered(INSTANCE_STATES, (state) =>
    chosen("drbg_instance_state", { state: `=${state}` }),
  )})`,
  legend: "{{exported_instance}}",
};
