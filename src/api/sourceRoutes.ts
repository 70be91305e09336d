import { Type, type Static } from "typebox";
import type { EventKind } from "../port/event.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import type { Context } from "./context.ts";
import { LINE } from "./text.ts";

/** What the routes of one source have in common. */
export const SOURCE_ID = Type.Object(
  { id: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }) },
  { additionalProperties: false },
);
export type SourceId = Static<typeof SOURCE_ID>;

/** A reason goes into the event journal, so it is one line of printable text. */
export const REASON = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: LINE,
});

export const absentSource = (id: string): Refusal =>
  refuse("not_found", `There is no source ${id}.`);

export function findSource({ ports }: Context, id: string): SourceSnapshot | undefined {
  return ports.introspection.snapshot().sources.find((source) => source.id === id);
}

/** Keeps an act on a source before it is done. */
export function keepAct(
  context: Context,
  kind: EventKind,
  source: string,
  actor: string,
  reason: string | null,
  detail: string,
): Promise<void> {
  const { events, clock } = context.ports;
  return context.durable(
    events.record({
      kind,
      atMilliseconds: clock.wallMilliseconds(),
      source,
      severity: "info",
      actor,
      reason,
      detail,
      data: {},
    }),
  );
}
