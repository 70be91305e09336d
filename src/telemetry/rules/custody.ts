import { series } from "../query.ts";
import { adding, again, feed, JUST_STARTED, LONG_STARTED, warm, type Alert } from "./rule.ts";

const DAY_SECONDS = 86_400;

const refused = (values: string) => [
  feed("intents_total", { operation: "key.export", act: "refused" }, values),
];
const delays = (values: string) => [feed("destruction_delays_total", {}, values)];
const backup = (values: string) => [feed("backup_age_seconds", {}, values)];
const drill = (values: string) => [feed("backup_drill_age_seconds", {}, values)];

/** Whether the vault, and what people decide on it, is as it should be. */
export const CUSTODY: readonly Alert[] = [
  {
    name: "SpringhouseSealed",
    expr: warm(`${series("sealed")} == 1`),
    for: "5m",
    keepFiringFor: "5m",
    severity: "page",
    summary: "The vault is sealed: no kept key can be used",
    remedy:
      "`springhouse seal status` has the cause; open it by a slot, with custodians' leave by a recovery slot.",
    meaning:
      "There is a vault, and nobody opened it since the start, or it was shut. Random bytes are given all the same.",
    steps: [
      "`springhouse seal status`: it was shut by somebody, or a slot that should open by itself did not.",
      "`springhouse seal open`, with the passphrase or the device of a slot.",
      "Where no slot can be used any more: a recovery slot, which needs custodians.",
    ],
    fires: { feed: [feed("sealed", {}, "0x4 1x9 0x30"), LONG_STARTED], firing: [10, 19] },
    flaps: { feed: [feed("sealed", {}, again("1 1 1 1 1 1 0", 6)), LONG_STARTED], firing: [5, 30] },
    // A restart whose slot opens a little later.
    warmUp: { feed: [feed("sealed", {}, "1x8 0x30"), JUST_STARTED], firing: null },
  },
  {
    name: "SpringhouseApprovalsRefused",
    expr: `sum by (instance, job) (increase(${series("intents_total", { act: "=refused" })}[1h])) > 3`,
    for: "0m",
    keepFiringFor: "15m",
    severity: "ticket",
    summary: "Signatures or executions of intents are refused again and again",
    remedy:
      "`springhouse intent list` and the answers say why: a wrong key, or somebody who tries.",
    meaning: "More than three signatures or executions of intents were not taken within an hour.",
    steps: [
      "`springhouse intent list`: which intents, and whose?",
      "Ask the custodians whether it was them: a key that was renewed and not told of is the usual reason.",
    ],
    fires: { feed: refused("0x4 2 4 6x70"), firing: [6, 80], minutes: 90 },
    flaps: { feed: refused("0+1x40 40+0x60"), firing: [4, 30] },
    warmUp: { feed: refused("0 0 1x40"), firing: null },
  },
  {
    name: "SpringhouseDestructionWaits",
    expr: `increase(${series("destruction_delays_total")}[5m]) > 0`,
    for: "1m",
    keepFiringFor: "5m",
    severity: "ticket",
    summary: "A destruction that is due cannot be done",
    remedy: "Open the vault, or bring the slot's device back; it is tried again each minute.",
    meaning:
      "An approved destruction is over its window, and the epoch cannot be ended: the vault is sealed, or a device that holds a slot is away.",
    steps: [
      "`springhouse seal status`: is it open, and which slots are there?",
      "Bring the device back, or remove its slot; the destruction follows by itself.",
    ],
    fires: { feed: delays("0x4 1 2 3x60"), firing: [6, 16] },
    flaps: {
      feed: delays(adding([0, 0, 1], 12)),
      firing: [3, 30],
    },
    warmUp: { feed: delays("7x40"), firing: null },
  },
  {
    name: "SpringhouseBackupTooOld",
    // A week and a day: whoever backs up weekly is not told each time.
    expr: `${series("backup_age_seconds")} > ${8 * DAY_SECONDS}`,
    for: "0m",
    severity: "ticket",
    summary: "No backup was taken whole for more than eight days",
    remedy: "`springhouse backup -o FILE`; after destructions too, for old ones hold what is gone.",
    meaning: "Kept keys exist, and what would restore them is older than eight days.",
    steps: [
      "Take one, and put it on another machine.",
      "See why the usual one did not come: its timer, its place, its token.",
    ],
    fires: { feed: backup("691080+60x9 60+60x30"), firing: [3, 9] },
    // It ends by a backup alone, and the next eight days are quiet.
    flaps: { feed: backup("691300+60x40"), firing: [0, 30] },
    warmUp: { feed: backup("60+60x40"), firing: null },
  },
  {
    name: "SpringhouseDrillTooOld",
    // A hundred days: once a quarter.
    expr: `${series("backup_drill_age_seconds")} > ${100 * DAY_SECONDS}`,
    for: "0m",
    severity: "ticket",
    summary: "No backup was restored in a drill for more than a hundred days",
    remedy:
      "`springhouse restore FILE --identity KEY --drill`, then `springhouse backup drilled ID`.",
    meaning: "A backup that was never restored is a hope. Nobody has tried one for a hundred days.",
    steps: [
      "Restore the newest one on another machine, with the keys that a real loss would leave.",
      "Say so with `springhouse backup drilled ID`, which is kept in the log.",
    ],
    fires: { feed: drill("8639880+60x9 60+60x30"), firing: [3, 9] },
    flaps: { feed: drill("8640100+60x40"), firing: [0, 30] },
    warmUp: { feed: drill("60+60x40"), firing: null },
  },
];
