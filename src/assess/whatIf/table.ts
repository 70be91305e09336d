import { figure, whole } from "../report/text.ts";
import { FAULT_NAMES } from "./plantedFaults.ts";
import type { Detection, WhatIf, WhatIfCell } from "./whatIf.ts";

export interface TableCell {
  readonly text: string;
  readonly numeric: boolean;
}

export interface WhatIfTable {
  readonly head: readonly TableCell[];
  readonly rows: readonly {
    readonly allowed: boolean;
    readonly cells: readonly TableCell[];
  }[];
}

const number = (text: string): TableCell => ({ text, numeric: true });
const words = (text: string): TableCell => ({ text, numeric: false });

/** 0.00012 s as `0.12 ms`. */
export function duration(seconds: number): string {
  const [factor, unit] = seconds < 1e-3 ? [1e6, "µs"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
  return `${Number((seconds * factor).toPrecision(2))} ${unit}`;
}

function detectionText(detection: Detection): string {
  const { planted, detected, medianSamples, slowestSamples, medianSeconds } = detection;
  if (detected === 0) return "never";
  const missed = detected < planted ? ` in ${detected} of ${planted}` : "";
  if (medianSamples === null) return `${whole(slowestSamples!)}${missed}`;
  const slowest = slowestSamples === medianSamples ? "" : ` / ${whole(slowestSamples!)}`;
  return `${whole(medianSamples)}${slowest}${missed} (${duration(medianSeconds!)})`;
}

/** A sentence, for those who point at it or hear it. */
export function describeDetection(detection: Detection): string {
  const { planted, detected, by } = detection;
  if (detected === 0) return `not found in any of ${planted} places`;
  return `found after ${detectionText(detection)} samples, first by ${by}`;
}

/** Alarms of the recording as it is, and what a day of it has at most. */
function observedText({ observed: { alarms, perDayAtMost, refuted } }: WhatIfCell): string {
  if (refuted) return `${whole(alarms)}: refutes the claim`;
  return `${whole(alarms)} (< ${figure(perDayAtMost)} a day)`;
}

/** The same table for a terminal and for a page. */
export function tableOf({ cells }: WhatIf): WhatIfTable {
  return {
    head: [
      number("H"),
      number("alpha"),
      number("false alarms a day"),
      number("in the recording"),
      ...FAULT_NAMES.map((fault) => number(fault)),
    ],
    rows: cells.map((cell) => {
      const { h, alpha, allowed, impossible, falseAlarmsPerDay, detection } = cell;
      const start = [number(String(h)), number(`2^-${alpha}`)];
      if (detection === null) return { allowed, cells: [...start, words(impossible ?? "")] };
      return {
        allowed,
        cells: [
          ...start,
          number(`${figure(falseAlarmsPerDay)}${allowed ? "" : " !"}`),
          number(observedText(cell)),
          ...FAULT_NAMES.map((fault) => number(detectionText(detection[fault]))),
        ],
      };
    }),
  };
}
