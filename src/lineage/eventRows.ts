import { EVENT_KINDS } from "../port/event.ts";
import type { KeptEvent, ServiceEvent } from "../port/event.ts";
import type { Row, Write } from "../store/store.ts";
import { Fields, isObject } from "./fields.ts";

const EVENT_SEVERITIES = ["info", "warning", "critical"] as const;

type Data = ServiceEvent["data"];

function isScalar(value: unknown): value is Data[string] {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  );
}

function isData(value: unknown): value is Data {
  return isObject(value) && Object.values(value).every(isScalar);
}

/**
 * An alarm is worth more than its decoration: a member of `data` that cannot be kept (NaN, an object)
 * becomes null, and the event stays.
 */
export function withKeepableData(data: Data): Data {
  const kept = Object.entries(data).map(([name, value]) => [name, isScalar(value) ? value : null]);
  return Object.fromEntries(kept) as Data;
}

export function eventWrite(event: KeptEvent): Write {
  return {
    statement: "event.insert",
    parameters: [
      event.sequence,
      event.kind,
      event.atMilliseconds,
      event.source,
      event.severity,
      event.actor,
      event.reason,
      event.detail,
      JSON.stringify(event.data),
    ],
  };
}

export function toEvent(row: Row): KeptEvent {
  const fields = new Fields(row, `event ${String(row["sequence"])}`);
  return {
    sequence: fields.integer("sequence"),
    kind: fields.oneOf("kind", EVENT_KINDS),
    atMilliseconds: fields.number("at_ms"),
    source: fields.textOrNull("source"),
    severity: fields.oneOf("severity", EVENT_SEVERITIES),
    actor: fields.textOrNull("actor"),
    reason: fields.textOrNull("reason"),
    detail: fields.text("detail"),
    data: fields.json("data", isData),
  };
}
