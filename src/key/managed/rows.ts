import {
  KEY_ALGORITHMS,
  KEY_PURPOSES,
  KEY_STATES,
  KEY_USAGES,
  MANAGED_TYPES,
} from "../../port/key.ts";
import { Fields, isListOf, isObject, toFlag } from "../../lineage/fields.ts";
import { parseOutputId } from "../../lineage/ids.ts";
import type { Row, Value, Write } from "../../store/store.ts";
import { versionOf } from "../lifecycle/record.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";
import { dueMilliseconds } from "../policy/due.ts";
import type { KeyPolicy } from "../policy/policy.ts";

/* Record <-> row. A row that is not whole is a damaged database (`store_failed`), and never believed. */

const ORIGINS = ["generated", "imported"] as const;

/** A key's row without its versions: what a list shows. */
export type KeyHead = Omit<KeyRecord, "versions"> & {
  /** Of the primary version. */
  readonly state: KeyVersion["state"];
};

export function toHead(row: Row): KeyHead {
  const fields = new Fields(row, `key ${String(row["id"])}`);
  return {
    id: fields.text("id"),
    name: fields.textOrNull("name"),
    type: fields.oneOf("type", MANAGED_TYPES),
    purpose: fields.oneOf("purpose", KEY_PURPOSES),
    usages: fields.json("usages", isListOf(isOneOf(KEY_USAGES))),
    algorithms: fields.json("algorithms", isListOf(isOneOf(KEY_ALGORITHMS))),
    owner: fields.text("owner"),
    principals: fields.json("principals", isListOf(isText)),
    exportable: fields.flag("exportable"),
    policy: fields.json("policy", isPolicy),
    revision: fields.integer("revision"),
    primary: fields.integer("primary_version"),
    state: fields.oneOf("state", KEY_STATES),
    createdMilliseconds: fields.number("created_ms"),
  };
}

export function toVersion(row: Row): KeyVersion {
  const fields = new Fields(row, `version ${String(row["version"])} of key ${String(row["key"])}`);
  const numberOrNull = (column: string): number | null =>
    row[column] === null ? null : fields.number(column);
  const publicKey = row["public_key"];
  return {
    version: fields.integer("version"),
    state: fields.oneOf("state", KEY_STATES),
    origin: fields.oneOf("origin", ORIGINS),
    output:
      row["seed"] === null
        ? null
        : `${fields.text("seed")}.${fields.integer("counter").toString()}`,
    publicKey: publicKey instanceof Uint8Array ? publicKey : null,
    createdMilliseconds: fields.number("created_ms"),
    activatedMilliseconds: numberOrNull("activated_ms"),
    deactivateMilliseconds: numberOrNull("deactivate_ms"),
    changedMilliseconds: fields.number("changed_ms"),
    reason: fields.textOrNull("reason"),
    compromisedMilliseconds: numberOrNull("compromised_ms"),
    processUntilMilliseconds: numberOrNull("process_until_ms"),
  };
}

/** The first rows of a key, its versions aside. */
export function insertWrites(record: KeyRecord, atMilliseconds: number): Write[] {
  const { id, name, type, purpose, usages, algorithms, owner, exportable } = record;
  const [principals, policy, revision, primary, state, due] = variable(record, atMilliseconds);
  return [
    {
      statement: "managedKey.insert",
      parameters: [
        id,
        name,
        type,
        purpose,
        JSON.stringify(usages),
        JSON.stringify(algorithms),
        owner,
        principals!,
        toFlag(exportable),
        policy!,
        revision!,
        primary!,
        state!,
        record.createdMilliseconds,
        due!,
      ],
    },
    ...principalWrites(record),
  ];
}

/** The key's own row after a change; the database takes it only as the next revision. */
export function updateWrites(
  before: KeyRecord,
  record: KeyRecord,
  atMilliseconds: number,
): Write[] {
  const others = before.principals !== record.principals;
  return [
    {
      statement: "managedKey.update",
      parameters: [...variable(record, atMilliseconds), record.id],
    },
    ...(others
      ? [
          { statement: "keyPrincipal.clear", parameters: [record.id] } as const,
          ...principalWrites(record),
        ]
      : []),
  ];
}

export function versionWrite(key: string, version: KeyVersion): Write {
  const output = version.output === null ? null : parseOutputId(version.output);
  if (output === undefined) throw new Error(`${version.output} is no output`);
  return {
    statement: "keyVersion.put",
    parameters: [
      key,
      version.version,
      version.state,
      version.origin,
      output?.seed ?? null,
      output?.counter ?? null,
      version.publicKey,
      version.createdMilliseconds,
      version.activatedMilliseconds,
      version.deactivateMilliseconds,
      version.changedMilliseconds,
      version.reason,
      version.compromisedMilliseconds,
      version.processUntilMilliseconds,
    ],
  };
}

/** In the order of `managedKey.update`. */
function variable(record: KeyRecord, atMilliseconds: number): Value[] {
  return [
    JSON.stringify(record.principals),
    JSON.stringify(record.policy),
    record.revision,
    record.primary,
    versionOf(record, record.primary)!.state,
    dueMilliseconds(record, atMilliseconds),
  ];
}

function principalWrites({ id, owner, principals }: KeyRecord): Write[] {
  return [...new Set([owner, ...principals])].map((principal) => ({
    statement: "keyPrincipal.insert",
    parameters: [principal, id],
  }));
}

const isText = (value: unknown): value is string => typeof value === "string";

function isOneOf<T extends string>(allowed: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => allowed.some((one) => one === value);
}

const isNumberOrNull = (value: unknown): boolean => value === null || typeof value === "number";

function isPolicy(value: unknown): value is KeyPolicy {
  if (!isObject(value) || !isObject(value["rotation"])) return false;
  const { rotation, processSuspended, ...limits } = value;
  const { overlapDays, ...when } = rotation;
  return (
    typeof processSuspended === "boolean" &&
    typeof overlapDays === "number" &&
    ["notBeforeMilliseconds", "notAfterMilliseconds", "maximumOperations", "maximumBytes"].every(
      (name) => isNumberOrNull(limits[name]),
    ) &&
    ["everyDays", "maximumOperations", "maximumBytes", "keepVersions"].every((name) =>
      isNumberOrNull(when[name]),
    )
  );
}
