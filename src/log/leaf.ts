import type { Static } from "typebox";
import { Compile } from "typebox/compile";
import { canonicalJson } from "./canonicalJson.ts";
import { CERTIFICATE } from "./leaves/certificate.ts";
import { BACKUP } from "./leaves/backup.ts";
import { CUSTODIAN } from "./leaves/custodian.ts";
import { DESTRUCTION } from "./leaves/destruction.ts";
import { OUTPUT } from "./leaves/output.ts";
import { RECALL } from "./leaves/recall.ts";
import { EPOCH } from "./leaves/epoch.ts";
import { EXPORT } from "./leaves/export.ts";
import { INTENT } from "./leaves/intent.ts";
import { KEY } from "./leaves/key.ts";
import { LOG_KEY } from "./leaves/logKey.ts";
import { SERVICE_START } from "./leaves/serviceStart.ts";
import { SLOT } from "./leaves/slot.ts";

/** Every kind of leaf, each with its allow-list in a file of its own. What is not in here is no leaf. */
export const LEAVES = {
  service_start: SERVICE_START,
  output: OUTPUT,
  recall: RECALL,
  key: KEY,
  slot: SLOT,
  epoch: EPOCH,
  intent: INTENT,
  custodian: CUSTODIAN,
  export: EXPORT,
  certificate: CERTIFICATE,
  destruction: DESTRUCTION,
  backup: BACKUP,
  log_key: LOG_KEY,
} as const;

export type LeafKind = keyof typeof LEAVES;
export type LeafOf<Kind extends LeafKind> = Static<(typeof LEAVES)[Kind]>;
export type Leaf = { [Kind in LeafKind]: LeafOf<Kind> }[LeafKind];

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** C2SP tlog-tiles gives an entry's length 16 bits. */
const MAXIMUM_ENTRY_BYTES = 65_535;

/** Compiled with the first leaf of their kind: most runs of a service have leaves of two or three. */
const CHECKS = new Map<string, ReturnType<typeof Compile>>();

function checkOf(kind: string): ReturnType<typeof Compile> | null {
  if (!Object.hasOwn(LEAVES, kind)) return null;
  let check = CHECKS.get(kind);
  if (!check) CHECKS.set(kind, (check = Compile(LEAVES[kind as LeafKind])));
  return check;
}

/**
 * The bytes that are hashed: canonical JSON.
 * @throws TypeError for what its kind's allow-list does not have, without quoting it
 */
export function encodeLeaf(leaf: Leaf): Buffer {
  const fault = faultOf(leaf);
  if (fault !== null) throw new TypeError(fault);
  const entry = Buffer.from(canonicalJson(leaf));
  if (entry.length > MAXIMUM_ENTRY_BYTES) throw new TypeError(`a leaf of ${entry.length} bytes`);
  return entry;
}

/** Why it is no leaf of a known kind; null when it is. Quotes no value. */
function faultOf(leaf: { readonly kind: string }): string | null {
  const { kind } = leaf;
  const check = checkOf(kind);
  if (!check) return "a leaf of no known kind";
  if (check.Check(leaf)) return null;
  const { instancePath = "", message = "" } = check.Errors(leaf)[0] ?? {};
  return `a leaf of kind ${kind} that is not allowed: ${instancePath} ${message}`;
}

export type DecodedLeaf =
  | { readonly leaf: Leaf; readonly fault: null }
  /** Well formed, of a kind that this version does not know. */
  | { readonly leaf: null; readonly kind: string; readonly fault: null }
  | { readonly leaf: null; readonly fault: string };

/** Reads an entry of a log strictly: there is one way to write a leaf. Never throws. */
export function decodeLeaf(entry: Uint8Array): DecodedLeaf {
  let value: unknown;
  let text: string;
  try {
    text = UTF_8.decode(entry);
    value = JSON.parse(text);
  } catch {
    return { leaf: null, fault: "no JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { leaf: null, fault: "no JSON object" };
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== "string") return { leaf: null, fault: "no kind" };
  if (canonicalJson(value) !== text) return { leaf: null, fault: "not canonical JSON" };
  if (!Object.hasOwn(LEAVES, kind)) return { leaf: null, kind, fault: null };
  const fault = faultOf(value as Leaf);
  return fault === null ? { leaf: value as Leaf, fault } : { leaf: null, fault };
}
