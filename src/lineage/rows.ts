import { SpringhouseError } from "../port/errors.ts";
import { HEALTH_TESTS, SEVERITIES } from "../port/health.ts";
import type { Alarm } from "../port/health.ts";
import { DOORS, RESEED_REASONS } from "../port/lineage.ts";
import type {
  EntropyBlock,
  Output,
  ParentRandomness,
  Requirement,
  SampleWindow,
  Seed,
  SourceCredit,
} from "../port/lineage.ts";
import type { Row, Write } from "../store/store.ts";
import {
  Fields,
  isFiniteNumber,
  isListOf,
  isObject,
  requireFinite,
  requireInteger,
  requireText,
  toFlag,
} from "./fields.ts";
import { formatOutputId } from "./ids.ts";

/*
 * Record <-> row, for the four records. What comes in must be whole (else `internal`: a defect of
 * its maker), and so must what comes out (else `store_failed`: the database is damaged).
 */

const SHAPES = ["RBG2(P)", "RBG2(NP)", "RBGC"] as const;
const SEED_KINDS = ["instantiate", "reseed"] as const;
const VERDICTS = ["passed", "alarmed"] as const;

function isAlarm(value: unknown): value is Alarm {
  return (
    isObject(value) &&
    HEALTH_TESTS.some((name) => name === value["test"]) &&
    SEVERITIES.some((name) => name === value["severity"]) &&
    isFiniteNumber(value["sequence"]) &&
    isFiniteNumber(value["observed"]) &&
    isFiniteNumber(value["cutoff"]) &&
    typeof value["detail"] === "string"
  );
}

function isMargins(value: unknown): value is SampleWindow["margins"] {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([test, margin]) => HEALTH_TESTS.some((name) => name === test) && isFiniteNumber(margin),
    )
  );
}

function isCredit(value: unknown): value is SourceCredit {
  return (
    isObject(value) &&
    typeof value["source"] === "string" &&
    typeof value["physical"] === "boolean" &&
    isFiniteNumber(value["assessedBits"]) &&
    isFiniteNumber(value["compliantBits"])
  );
}

function isParent(value: unknown): value is ParentRandomness {
  return (
    isObject(value) &&
    typeof value["name"] === "string" &&
    isFiniteNumber(value["securityStrength"]) &&
    isFiniteNumber(value["bytes"])
  );
}

function isRequirement(value: unknown): value is Requirement {
  if (!isObject(value)) return false;
  return Object.entries(value).every(([name, demand]) =>
    name === "fresh"
      ? typeof demand === "boolean"
      : ["strength", "sources", "maxSeedAgeSeconds"].includes(name) && isFiniteNumber(demand),
  );
}

/** JSON has no Infinity or NaN and writes null for them, which would be refused when it is read. */
function toJson(value: unknown, name: string, check: (value: unknown) => boolean): string {
  if (!check(value)) throw new SpringhouseError("internal", `the ${name} are not whole`);
  return JSON.stringify(value);
}

export function seedWrites(seed: Seed): Write[] {
  const name = `seed ${requireText(seed.id, "a seed's id")}`;
  const links = [
    ...seed.blocks.map((block, position) => ({ block, position, credited: 1 })),
    ...seed.uncreditedBlocks.map((block, position) => ({ block, position, credited: 0 })),
  ];
  return [
    {
      statement: "seed.insert",
      parameters: [
        seed.id,
        requireText(seed.instance, `instance of ${name}`),
        seed.shape,
        seed.kind,
        seed.reason,
        requireFinite(seed.atMilliseconds, `time of ${name}`),
        requireFinite(seed.materialFromMilliseconds, `material's time of ${name}`),
        toJson(seed.credits, `credits of ${name}`, isListOf(isCredit)),
        requireFinite(seed.creditedBits, `credited bits of ${name}`),
        toJson(seed.strengthWithoutBest, `strength of ${name}`, isListOf(isFiniteNumber)),
        seed.parent && toJson(seed.parent, `parent of ${name}`, isParent),
        requireInteger(seed.counterLimit, `counter limit of ${name}`, 0),
      ],
    },
    ...links.map(({ block, position, credited }): Write => ({
      statement: "seedBlock.insert",
      parameters: [seed.id, credited, position, block],
    })),
  ];
}

/** @param blocks what `block.ofSeed` gave for it: its blocks in order, credited ones first */
export function toSeed(row: Row, blocks: readonly Row[]): Seed {
  const fields = new Fields(row, `seed ${String(row["id"])}`);
  const entered = (credited: 0 | 1): string[] =>
    blocks
      .filter((block) => block["entered_credited"] === credited)
      .map((block) => new Fields(block, `block of ${String(row["id"])}`).text("id"));
  return {
    id: fields.text("id"),
    instance: fields.text("instance"),
    shape: fields.oneOf("shape", SHAPES),
    kind: fields.oneOf("kind", SEED_KINDS),
    reason: fields.oneOf("reason", RESEED_REASONS),
    atMilliseconds: fields.number("at_ms"),
    materialFromMilliseconds: fields.number("material_from_ms"),
    blocks: entered(1),
    uncreditedBlocks: entered(0),
    credits: fields.json("credits", isListOf(isCredit)),
    creditedBits: fields.number("credited_bits"),
    strengthWithoutBest: fields.json("strength_without_best", isListOf(isFiniteNumber)),
    parent: row["parent"] === null ? null : fields.json("parent", isParent),
    counterLimit: fields.integer("counter_limit"),
  };
}

export function blockWrites(block: EntropyBlock): Write[] {
  const name = `block ${requireText(block.id, "a block's id")}`;
  return [
    {
      statement: "block.insert",
      parameters: [
        block.id,
        block.source,
        block.component,
        requireInteger(block.inputBits, `input bits of ${name}`, 0),
        requireFinite(block.inputEntropy, `input entropy of ${name}`),
        requireInteger(block.outputBits, `output bits of ${name}`, 0),
        requireFinite(block.outputEntropy, `output entropy of ${name}`),
        toFlag(block.fullEntropy),
        toFlag(block.credited),
        requireFinite(block.toMilliseconds, `time of ${name}`),
      ],
    },
    ...block.windows.map((window, position): Write => ({
      statement: "blockWindow.insert",
      parameters: [block.id, position, window],
    })),
  ];
}

/** @param windows the ids of its windows, in order */
export function toBlock(row: Row, windows: readonly string[]): EntropyBlock {
  const fields = new Fields(row, `block ${String(row["id"])}`);
  return {
    id: fields.text("id"),
    source: fields.text("source"),
    windows,
    component: fields.text("component"),
    inputBits: fields.integer("input_bits"),
    inputEntropy: fields.number("input_entropy"),
    outputBits: fields.integer("output_bits"),
    outputEntropy: fields.number("output_entropy"),
    fullEntropy: fields.flag("full_entropy"),
    credited: fields.flag("credited"),
    toMilliseconds: fields.number("to_ms"),
  };
}

export function windowWrite(window: SampleWindow): Write {
  const name = `window ${requireText(window.id, "a window's id")}`;
  return {
    statement: "window.insert",
    parameters: [
      window.id,
      window.source,
      requireInteger(window.firstSequence, `first sequence of ${name}`, 0),
      requireInteger(window.lastSequence, `last sequence of ${name}`, 0),
      requireFinite(window.fromMilliseconds, `start of ${name}`),
      requireFinite(window.toMilliseconds, `end of ${name}`),
      requireInteger(window.samples, `samples of ${name}`, 0),
      requireFinite(window.claimedEntropy, `claimed entropy of ${name}`),
      window.configurationVersion,
      window.firmware,
      window.verdict,
      toJson(window.alarms, `alarms of ${name}`, isListOf(isAlarm)),
      toJson(window.margins, `margins of ${name}`, isMargins),
    ],
  };
}

export function toWindow(row: Row): SampleWindow {
  const fields = new Fields(row, `window ${String(row["id"])}`);
  return {
    id: fields.text("id"),
    source: fields.text("source"),
    firstSequence: fields.integer("first_sequence"),
    lastSequence: fields.integer("last_sequence"),
    fromMilliseconds: fields.number("from_ms"),
    toMilliseconds: fields.number("to_ms"),
    samples: fields.integer("samples"),
    claimedEntropy: fields.number("claimed_entropy"),
    configurationVersion: fields.text("configuration_version"),
    firmware: fields.textOrNull("firmware"),
    verdict: fields.oneOf("verdict", VERDICTS),
    alarms: fields.json("alarms", isListOf(isAlarm)),
    margins: fields.json("margins", isMargins),
  };
}

export function outputWrite(output: Output): Write {
  const name = `output ${requireText(output.id, "an output's id")}`;
  if (output.id !== formatOutputId(output)) {
    throw new SpringhouseError("internal", `${name} is not its seed and counter`);
  }
  return {
    statement: "output.insert",
    parameters: [
      output.seed,
      requireInteger(output.counter, `counter of ${name}`, 1),
      output.instance,
      output.principal,
      output.door,
      output.purpose,
      requireInteger(output.bytes, `bytes of ${name}`, 0),
      toJson(output.requirement, `requirement of ${name}`, isRequirement),
      requireFinite(output.atMilliseconds, `time of ${name}`),
    ],
  };
}

export function toOutput(row: Row): Output {
  const fields = new Fields(row, `output ${String(row["seed"])}.${String(row["counter"])}`);
  const [seed, counter] = [fields.text("seed"), fields.integer("counter")];
  return {
    id: formatOutputId({ seed, counter }),
    seed,
    instance: fields.text("instance"),
    counter,
    principal: fields.text("principal"),
    door: fields.oneOf("door", DOORS),
    purpose: fields.text("purpose"),
    bytes: fields.integer("bytes"),
    requirement: fields.json("requirement", isRequirement),
    atMilliseconds: fields.number("at_ms"),
  };
}
