import { LiveWatch } from "../assess/live/liveWatch.ts";
import type { Configuration } from "../config/schema.ts";
import type { SourceConfiguration } from "../config/sourceSchemas.ts";
import { EntropyRoom } from "../entropy/entropyRoom.ts";
import type { Observer } from "../port/event.ts";
import type { Shape } from "../port/lineage.ts";
import { openHealthMemory } from "../store/storedHealthMemory.ts";
import { sourceOption, sourceOptions } from "./plan.ts";
import type { ServicePorts } from "./ports.ts";

/** The sources behind their tests, with what is remembered and estimated of them. */
export interface Noise {
  readonly room: EntropyRoom;
  /** A device that was recognised; never credited. */
  add(source: SourceConfiguration): void;
  stop(): Promise<void>;
}

/** @throws SpringhouseError `store_failed` */
export async function openNoise(
  configuration: Configuration,
  ports: ServicePorts,
  observer: Observer,
  { at, shape }: { readonly at: number; readonly shape: Shape },
): Promise<Noise> {
  const { clock, store, log, boot, osRandom } = ports;
  const ids = configuration.sources.map(({ id }) => id);
  const memory = await openHealthMemory(store, ids, at);
  const live = openLive(configuration, ports, observer);
  const room = new EntropyRoom({
    memory,
    live,
    sources: sourceOptions(configuration, ports),
    shape,
    quorum: configuration.quorum,
    clock,
    observer,
    boot,
    osRandom,
    onFault: (source, error) =>
      log.error({ kind: "source_session_failed", source, error }, "a source's session failed"),
  });
  return {
    room,
    add(source) {
      const { assessed: _assessed, compliant: _compliant, ...uncredited } = source;
      room.add(sourceOption(uncredited, configuration.version, ports));
      log.info(
        { kind: "source_recognised", source: source.id, family: source.kind },
        "recognised a TRNG; it is not credited",
      );
    },
    async stop() {
      await room.stop();
      await live?.stop();
      // A source that stops may still have something to remember.
      memory.stop();
    },
  };
}

function openLive(
  { assess }: Configuration,
  { clock, startLiveThread: startThread }: ServicePorts,
  observer: Observer,
): LiveWatch | null {
  const { enabled, intervalSeconds } = assess.live;
  if (!enabled || !startThread) return null;
  return new LiveWatch({
    clock,
    observer,
    startThread,
    intervalMilliseconds: intervalSeconds * 1000,
  });
}
