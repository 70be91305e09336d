import {
  bootstrap,
  enrol,
  liveKey,
  type CustodianKey,
  type Enrolment,
} from "../../key/approval/custodian.ts";
import {
  approve,
  countApprovals,
  digestOf,
  executed,
  type Intent,
  isOpen,
  newIntent,
  withdraw,
} from "../../key/approval/intent.ts";
import { armorSshSignature } from "../../key/approval/sshSignature.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { Command } from "../../port/approval.ts";
import type { Refusal } from "../../port/errors.ts";
import { executes, intentSpentBy } from "./execution.ts";
import type { ReplayedKeys } from "./keys.ts";
import type { ReplayedSeal } from "./seal.ts";

/** What was decided in time may have waited for its turn before it became a leaf. */
const WAITED_MILLISECONDS = 60_000;

/**
 * Dual control as a log tells of it: who could approve, what was asked for, and that whatever names an
 * intent was approved by as many different people as it says, once, in time, for what it acts on as it
 * was. Signatures are checked anew.
 */
export class ReplayedApprovals {
  readonly #origin: string;
  readonly #keys: ReplayedKeys;
  readonly #seal: ReplayedSeal;
  readonly #intents = new Map<string, Intent>();
  #custodians: readonly CustodianKey[] = [];

  /** @param origin of the log: what was approved for another deployment counts for nothing */
  constructor(origin: string, keys: ReplayedKeys, seal: ReplayedSeal) {
    this.#origin = origin;
    this.#keys = keys;
    this.#seal = seal;
  }

  get custodians(): readonly CustodianKey[] {
    return this.#custodians;
  }

  /** By the digest of their document. */
  get intents(): ReadonlyMap<string, Intent> {
    return this.#intents;
  }

  /** To be told of a leaf before the keys are. */
  apply(leaf: Leaf): string | null {
    if (leaf.kind === "intent") return this.#step(leaf);
    return this.#spend(leaf) ?? (leaf.kind === "custodian" ? this.#register(leaf) : null);
  }

  #step(leaf: LeafOf<"intent">): string | null {
    if (leaf.op === "create") return this.#create(leaf);
    const intent = this.#intents.get(leaf.intent);
    if (!intent) return "nobody asked for what it is about";
    const next = this.#next(intent, leaf);
    if (typeof next === "string") return next;
    if ("ok" in next) return next.detail;
    this.#intents.set(leaf.intent, next);
    return null;
  }

  #create({ intent, document, at, actor }: LeafOf<"intent">): string | null {
    if (!document) return "it does not say what is asked for";
    if (digestOf(document) !== intent) return "its digest is not that of its document";
    if (this.#intents.has(intent)) return `${document.id} is asked for twice`;
    if (document.deployment !== this.#origin) return `${document.id} is of another deployment`;
    if (document.requester !== actor) return `${document.id} says that somebody else asked`;
    if (document.created !== at || document.expires <= at) return `${document.id} has other times`;
    this.#intents.set(intent, newIntent(document));
    return null;
  }

  #next(intent: Intent, leaf: LeafOf<"intent">): Intent | Refusal | string {
    const { at, actor } = leaf;
    const { id, expires } = intent.document;
    if (leaf.op === "withdraw") return withdraw(intent, at);
    if (leaf.op === "expire") {
      if (!isOpen(intent.state) || at < expires) return `${id} is ${intent.state} and not expired`;
      return { ...intent, state: "expired", changedMilliseconds: at };
    }
    const armored = armorSshSignature(Buffer.from(leaf.signature ?? "", "base64"));
    const next = approve(intent, armored, this.#custodians, { poster: actor, atMilliseconds: at });
    if ("ok" in next) return next;
    const { person, fingerprint } = next.approvals.at(-1)!;
    const isTheirs = person === leaf.person && fingerprint === leaf.key;
    return isTheirs ? next : `${id} was signed by ${person}, whom the leaf does not name`;
  }

  /** What a leaf says was approved, was; and is used up by it. */
  #spend(leaf: Leaf): string | null {
    const digest = intentSpentBy(leaf);
    if (digest === undefined) return null;
    if (digest === null) return "nobody approved it";
    const intent = this.#intents.get(digest);
    if (!intent) return "the intent that it names is not in the log before it";
    const { document } = intent;
    const { command } = document;
    if (!executes(leaf, command))
      return `${document.id} was approved for another act: ${command.op}`;
    const people = countApprovals(intent, {
      atMilliseconds: leaf.at - WAITED_MILLISECONDS,
      custodians: this.#custodians,
      required: document.required,
      revision: this.#revision(command),
    });
    if ("ok" in people) return people.detail;
    this.#intents.set(digest, executed(intent, leaf.at));
    return null;
  }

  /** Of what a command acts on, as the log before it tells. */
  #revision(command: Command): number | null {
    if ("key" in command) return this.#keys.revision(command.key);
    return "slot" in command ? this.#seal.epoch : null;
  }

  #register(leaf: LeafOf<"custodian">): string | null {
    const { op, at } = leaf;
    const known = this.#custodians;
    if (op === "remove") {
      const [named] = leaf.keys;
      const key = liveKey(known, named!.key);
      if (!key || !isSame(key, named!)) return `${named!.key} is no custodian's key`;
      this.#custodians = known.map((one) =>
        one === key ? { ...key, removedMilliseconds: at } : one,
      );
      return null;
    }
    const enrolments = leaf.keys.map((one): Enrolment => one);
    const keys =
      op === "bootstrap" ? bootstrap(known, enrolments, 1, at) : enrol(known, enrolments[0]!, at);
    if ("ok" in keys) return keys.detail;
    const made = Array.isArray(keys) ? (keys as readonly CustodianKey[]) : [keys as CustodianKey];
    if (!made.every((key, index) => isSame(key, leaf.keys[index]!)))
      return "a fingerprint in it is not that of its key";
    this.#custodians = [...known, ...made];
    return null;
  }
}

function isSame(key: CustodianKey, named: LeafOf<"custodian">["keys"][number]): boolean {
  return (
    key.person === named.person &&
    key.fingerprint === named.key &&
    key.line === named.publicKey &&
    key.principals.join() === named.principals.join()
  );
}
