import type { StoredEvents } from "../lineage/eventJournal.ts";
import type { Leaf } from "../log/leaf.ts";
import type { TransparencyLog } from "../log/transparencyLog.ts";
import type { Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { EventKind, KeptEvent, Observer, ServiceEvent } from "../port/event.ts";
import type { SeedRecorder } from "../port/seed.ts";
import type { EventJournal } from "../port/service.ts";
import type { Write } from "../store/store.ts";
import type { ServicePorts } from "./ports.ts";

/** Keeps every event and logs it as well; neither holds a secret. */
export function loggedTo(journal: StoredEvents, { log }: ServicePorts) {
  const write = ({ kind, severity, detail, source, actor, reason, data }: ServiceEvent): void => {
    const level = severity === "info" ? "info" : severity === "warning" ? "warn" : "error";
    // Reseeds come with every 16 KiB in an RBG2: kept, but not worth a line each.
    log[kind === "reseed" ? "debug" : level]({ kind, source, actor, reason, data }, detail);
  };
  return {
    since: (since: number, limit: number) => journal.since(since, limit),
    subscribe: (listener: (event: KeptEvent) => void) => journal.subscribe(listener),
    event(event: ServiceEvent): void {
      write(event);
      journal.event(event);
    },
    /** An act is logged when it is kept, so that the log tells of none that was refused. */
    async record(event: ServiceEvent, together?: readonly Write[]): Promise<void> {
      await journal.record(event, together);
      write(event);
    },
  } satisfies Observer & EventJournal;
}

export type LoggedEvents = ReturnType<typeof loggedTo>;

/** Acts that the transparency log tells of as well. */
export interface Acts {
  /** Event, rows and leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
  /** Tells of what another room has kept. */
  readonly tell: (event: ServiceEvent) => void;
}

export function actsOf(log: TransparencyLog, events: LoggedEvents): Acts {
  return {
    async record(event, writes, leaf) {
      await log.append(leaf, writes, (batch) => events.record(event, batch));
    },
    tell: (event) => events.event(event),
  };
}

/** What happens to the service as a whole. */
export type Tell = (kind: EventKind, severity: ServiceEvent["severity"], detail: string) => void;

export function tellTo(events: Observer, clock: Clock): Tell {
  return (kind, severity, detail) =>
    events.event({
      kind,
      atMilliseconds: clock.wallMilliseconds(),
      source: null,
      severity,
      actor: null,
      reason: null,
      detail,
      data: {},
    });
}

/** A store that fails is told by the store; anything else would only show as seeds that never come. */
export function tellingDefects(recorder: SeedRecorder, { log }: ServicePorts): SeedRecorder {
  return {
    async record(...records) {
      try {
        await recorder.record(...records);
      } catch (error) {
        const expected = error instanceof SpringhouseError && error.code !== "internal";
        if (!expected)
          log.error(
            { kind: "seed_not_kept", error },
            "a seed's record is not what the store takes",
          );
        throw error;
      }
    },
  };
}
