import { KEY_TRANSITIONS } from "../../../../src/port/key.ts";
import type { KeyTransition } from "../../../../src/port/key.ts";
import * as fc from "fast-check";
import {
  createKey,
  repolicyKey,
  rotateKey,
  transitKey,
} from "../../../../src/key/lifecycle/change.ts";
import type { Change } from "../../../../src/key/lifecycle/change.ts";
import type { KeyLeaf } from "../../../../src/key/lifecycle/leaf.ts";
import type { KeyRecord } from "../../../../src/key/lifecycle/record.ts";
import { replay } from "../../../../src/key/lifecycle/replay.ts";
import { decide } from "../../../../src/key/policy/decide.ts";
import { DEFAULT_POLICY } from "../../../../src/key/policy/policy.ts";
import type { KeyPolicy } from "../../../../src/key/policy/policy.ts";

/* The real machine, and a model of it that was written from the table of SP 800-57 and nothing else. */

export interface Machine {
  createKey: typeof createKey;
  rotateKey: typeof rotateKey;
  transitKey: typeof transitKey;
  repolicyKey: typeof repolicyKey;
  decide: typeof decide;
  replay: typeof replay;
}

export const REAL: Machine = { createKey, rotateKey, transitKey, repolicyKey, decide, replay };

const NOT_AFTER = 1_000;
/** For how long a compromised version may process once that was approved. */
const LEAVE = 150;

/** state, command, approved -> state; what is not in here is refused. */
const REFERENCE = new Set([
  "pre-activation activate active",
  "pre-activation compromise compromised",
  "pre-activation destroy! destroyed",
  "active suspend suspended",
  "active deactivate deactivated",
  "active compromise compromised",
  "suspended restore! active",
  "suspended deactivate deactivated",
  "suspended compromise compromised",
  "deactivated compromise compromised",
  "deactivated destroy! destroyed",
  "compromised destroy! destroyed-compromised",
  "compromised process! compromised",
  "destroyed compromise destroyed-compromised",
]);

function expected(state: string, command: KeyTransition, approved: boolean): string | null {
  for (const row of REFERENCE) {
    const [from, how, to] = row.split(" ") as [string, string, string];
    if (from === state && (how === command || (how === `${command}!` && approved))) return to;
  }
  return null;
}

export interface Model {
  states: string[];
  everActive: boolean[];
  /** Until when each may process although it is compromised. */
  processUntil: number[];
  revision: number;
  now: number;
  processSuspended: boolean;
  expires: boolean;
}

export interface System {
  readonly machine: Machine;
  record: KeyRecord;
  readonly leaves: KeyLeaf[];
  executed: number;
}

type Command = fc.Command<Model, System>;

const author = (now: number) => ({ actor: "p-1", atMilliseconds: now });
const isExpired = (model: Model): boolean => model.expires && model.now >= NOT_AFTER;

function took(system: System, change: Change): void {
  system.record = change.record;
  system.leaves.push(change.leaf);
}

function same(actual: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted))
    throw new Error(
      `${what}: ${JSON.stringify(actual)}, and the model has ${JSON.stringify(wanted)}`,
    );
}

/** All that can be seen of the system, held against the model. */
function compare(model: Model, system: System): void {
  const { record } = system;
  const primary = Math.max(1, model.everActive.lastIndexOf(true) + 1);
  same(
    record.versions.map(({ state }) => state),
    model.states,
    "states",
  );
  same([record.revision, record.primary], [model.revision, primary], "revision and primary");
  for (const [index, state] of model.states.entries()) {
    const version = index + 1;
    for (const usage of ["encrypt", "decrypt"] as const) {
      const use = { usage, algorithm: null, version, principal: "p-1", anyKey: false };
      const allowed = !(
        "ok" in system.machine.decide(record, { ...use, atMilliseconds: model.now })
      );
      const may =
        usage === "encrypt"
          ? state === "active" && version === primary && !isExpired(model)
          : ["active", "deactivated"].includes(state) ||
            (state === "suspended" && model.processSuspended) ||
            (state === "compromised" && model.now < (model.processUntil[index] ?? 0));
      same(allowed, may, `${usage} with version ${version}, ${state}`);
    }
  }
}

class Move implements Command {
  readonly order: { version: number; transition: KeyTransition; leave: number };
  constructor(version: number, transition: KeyTransition, leave: number) {
    this.order = { version, transition, leave };
  }
  check(): boolean {
    return true;
  }
  run(model: Model, system: System): void {
    const { version, transition, leave } = this.order;
    const state = model.states[version - 1];
    // 0: none; 1: the right one; 2 to 5: one for something else
    const approval =
      leave === 0
        ? null
        : {
            digest: "00",
            key: leave === 2 ? "k-other" : system.record.id,
            version: leave === 3 ? version + 1 : version,
            transition: leave === 4 ? ("compromise" as const) : transition,
            revision: leave === 5 ? model.revision - 1 : model.revision,
          };
    const approved = leave === 1 || (leave === 4 && transition === "compromise");
    let to = state === undefined ? null : expected(state, transition, approved);
    if (to === "active" && isExpired(model)) to = null;
    const result = system.machine.transitKey(
      system.record,
      {
        transition,
        version,
        reason: null,
        occurredMilliseconds: null,
        untilMilliseconds: model.now + LEAVE,
        approval,
      },
      author(model.now),
    );
    same("ok" in result, to === null, `${this.toString()} is refused`);
    if (!("ok" in result)) took(system, result);
    if (to !== null) {
      model.states[version - 1] = to;
      if (to === "active") model.everActive[version - 1] = true;
      if (transition === "process") model.processUntil[version - 1] = model.now + LEAVE;
      model.revision++;
    }
    system.executed++;
    compare(model, system);
  }
  toString(): string {
    const { version, transition, leave } = this.order;
    return `${transition} ${version}${leave === 0 ? "" : ` with leave ${leave}`}`;
  }
}

class Rotate implements Command {
  readonly activate: boolean;
  constructor(activate: boolean) {
    this.activate = activate;
  }
  check({ states }: Model): boolean {
    return states.length < 6;
  }
  run(model: Model, system: System): void {
    const birth = { origin: "generated" as const, output: "s.1", publicKey: null };
    const result = system.machine.rotateKey(
      system.record,
      { ...birth, activate: this.activate },
      author(model.now),
      null,
    );
    const refused = this.activate && isExpired(model);
    same("ok" in result, refused, "rotate is refused");
    if (!("ok" in result)) took(system, result);
    if (!refused) {
      model.states.push(this.activate ? "active" : "pre-activation");
      model.everActive.push(this.activate);
      model.revision++;
    }
    system.executed++;
    compare(model, system);
  }
  toString(): string {
    return this.activate ? "rotate" : "rotate to pre-activation";
  }
}

class Repolicy implements Command {
  readonly processSuspended: boolean;
  readonly expires: boolean;
  constructor(processSuspended: boolean, expires: boolean) {
    this.processSuspended = processSuspended;
    this.expires = expires;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, system: System): void {
    const policy: KeyPolicy = {
      ...DEFAULT_POLICY,
      processSuspended: this.processSuspended,
      notAfterMilliseconds: this.expires ? NOT_AFTER : null,
    };
    took(
      system,
      system.machine.repolicyKey(system.record, { principals: [], policy }, author(model.now)),
    );
    model.processSuspended = this.processSuspended;
    model.expires = this.expires;
    model.revision++;
    system.executed++;
    compare(model, system);
  }
  toString(): string {
    return `policy, suspended ${this.processSuspended}, expires ${this.expires}`;
  }
}

class Wait implements Command {
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, system: System): void {
    model.now += this.milliseconds;
    system.executed++;
    compare(model, system);
  }
  toString(): string {
    return `wait ${this.milliseconds}`;
  }
}

const COMMANDS: fc.Arbitrary<Command>[] = [
  fc
    .tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom(...KEY_TRANSITIONS), fc.nat(5))
    .map(([version, transition, leave]) => new Move(version, transition, leave)),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(...KEY_TRANSITIONS), fc.nat(1))
    .map(([version, transition, leave]) => new Move(version, transition, leave)),
  fc.boolean().map((activate) => new Rotate(activate)),
  fc.tuple(fc.boolean(), fc.boolean()).map(([one, other]) => new Repolicy(one, other)),
  fc.constantFrom(1, 200).map((milliseconds) => new Wait(milliseconds)),
];

/**
 * Runs sequences of commands through machine and model; at the end of each the log is replayed.
 * @returns how many commands ran
 * @throws Error at the first difference, with the sequence that shows it
 */
export function runAgainstModel(machine: Machine, sequences: number, seed: number): number {
  let executed = 0;
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.commands(COMMANDS, { maxCommands: 60, size: "max" }),
      (activate, commands) => {
        const birth = { origin: "generated" as const, output: "s.1", publicKey: null, activate };
        const first = machine.createKey(
          {
            id: "k-1",
            name: null,
            type: "aes-256",
            purpose: "encryption",
            usages: ["encrypt", "decrypt"],
            algorithms: ["AES-256-GCM"],
            owner: "p-1",
            exportable: false,
            createdMilliseconds: 0,
          },
          { principals: [], policy: DEFAULT_POLICY },
          birth,
          author(0),
        );
        const system: System = { machine, record: first.record, leaves: [first.leaf], executed: 0 };
        const model: Model = {
          states: [activate ? "active" : "pre-activation"],
          everActive: [activate],
          processUntil: [],
          revision: 1,
          now: 0,
          processSuspended: true,
          expires: false,
        };
        fc.modelRun(() => ({ model, real: system }), commands);
        executed += system.executed;
        const { revision, primary, versions } = system.record;
        const replayed = machine.replay(system.leaves);
        if (!replayed.ok) throw new Error(`leaf ${replayed.index}: ${replayed.detail}`);
        same(
          replayed.keys.get("k-1"),
          { revision, primary, states: versions.map(({ state }) => state) },
          "the log replayed",
        );
        // A change without a leaf, or a leaf twice, has to be seen.
        if (system.leaves.length > 2) {
          const without = system.leaves.toSpliced(1, 1);
          if (machine.replay(without).ok) throw new Error("a leaf that is missing was not seen");
        }
      },
    ),
    { numRuns: sequences, seed },
  );
  return executed;
}
