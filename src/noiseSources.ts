import type { TSchema } from "typebox";
import Value from "typebox/value";
import {
  bitsPerSample,
  samplesPerSecond,
  SOURCE_SCHEMAS,
  type SourceConfiguration,
} from "./config/sourceSchemas.ts";
import type { Clock } from "./port/clock.ts";
import type { NoiseSource } from "./port/source.ts";
import { CharacterDeviceSource } from "./source/characterDevice.ts";
import { ProgramSource } from "./source/program.ts";
import { RecordingSource } from "./source/recording.ts";
import {
  type DeviceSelector,
  listSerialPorts,
  type PortLister,
  recognise,
  type RecognisedDevice,
} from "./source/serial/find.ts";
import { openSerialSource } from "./source/serial/openSerialSource.ts";
import { TpmSource } from "./source/tpm.ts";

/*
 * From a source's configuration to the adapter that speaks to its device: the only place that knows
 * both. A simulation passes its own function instead.
 */

/** Nobody plugs in more; what invents identities must not fill the memory with sources. */
const MOST_DISCOVERED = 16;

type SerialConfiguration = Extract<SourceConfiguration, { readonly kind: `serial-${string}` }>;

export function selectorOf(source: SerialConfiguration): { device?: DeviceSelector } {
  const { path, vendorId, productId, serialNumber } = source;
  if (path !== undefined) return { device: { path } };
  if (vendorId === undefined || productId === undefined) return {};
  const identity = { vendorId, productId };
  return { device: serialNumber === undefined ? identity : { ...identity, serialNumber } };
}

function framingOf(source: SourceConfiguration) {
  return "framing" in source && source.framing !== undefined ? { framing: source.framing } : {};
}

function settleOf(source: { readonly settleBytes?: number }) {
  return source.settleBytes === undefined ? {} : { settleBytes: source.settleBytes };
}

function openSerial(source: SerialConfiguration, clock: Clock): NoiseSource {
  const common = {
    id: source.id,
    ...selectorOf(source),
    ...settleOf(source),
    ...(source.openTimeoutMilliseconds === undefined
      ? {}
      : { openTimeoutMilliseconds: source.openTimeoutMilliseconds }),
  };
  const vouched = source.raw?.evidence ?? null;
  const framing = framingOf(source);
  switch (source.kind) {
    case "serial-truerng":
      return openSerialSource({ family: "truerng", ...common }, { clock });
    case "serial-onerng":
      return openSerialSource(
        { family: "onerng", ...common, noise: source.noise, vouched },
        { clock },
      );
    case "serial-truerngpro":
      return openSerialSource(
        { family: "truerngpro", ...common, ...framing, mode: source.mode, vouched },
        { clock },
      );
    default: {
      const { device } = selectorOf(source);
      if (!device) throw new TypeError("a generic serial source without a device");
      const { baudRate } = source;
      return openSerialSource(
        { family: "generic", ...common, ...framing, device, baudRate, vouched },
        { clock },
      );
    }
  }
}

/** @returns the source, closed: nothing is opened before `run` */
export function openNoiseSource(source: SourceConfiguration, clock: Clock): NoiseSource {
  const common = {
    id: source.id,
    clock,
    ...(source.physical === undefined ? {} : { physical: source.physical }),
    ...(source.raw ? { vouched: source.raw } : {}),
  };
  const framing = framingOf(source);
  switch (source.kind) {
    case "character-device":
      return new CharacterDeviceSource({
        ...common,
        ...framing,
        ...settleOf(source),
        path: source.path,
        reader: source.reader,
        samplesPerSecond: samplesPerSecond(source),
      });
    case "tpm":
      return new TpmSource({
        ...common,
        address: source.address,
        samplesPerSecond: samplesPerSecond(source),
      });
    case "program":
      return new ProgramSource({
        ...common,
        ...framing,
        ...settleOf(source),
        command: source.command,
        ...(source.environment === undefined ? {} : { environment: source.environment }),
        // Twice, because a configured rate is a nominal one.
        maximumSamplesPerSecond: 2 * samplesPerSecond(source),
      });
    case "recording":
      return new RecordingSource({
        ...common,
        path: source.path,
        bitsPerSample: bitsPerSample(source),
        samplesPerSecond: samplesPerSecond(source),
      });
    default:
      return openSerial(source, clock);
  }
}

/**
 * Names what is recognised on the serial ports, look after look: a device that was named keeps its
 * name. One with a serial number is that device wherever it is plugged in; one without, or with a
 * number that another shares, is whatever sits at its path.
 */
export class Discovery {
  readonly #list: PortLister;
  readonly #known = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(list: PortLister = listSerialPorts) {
    this.#list = list;
  }

  /**
   * @returns sources for every TRNG that was not there in an earlier look, uncredited; none where ports
   *   cannot be listed (no `udevadm`, as in most containers)
   */
  async look(): Promise<SourceConfiguration[]> {
    let found: RecognisedDevice[];
    try {
      found = recognise(await this.#list());
    } catch {
      return [];
    }
    return found.flatMap((device) => {
      const alike = found.filter((other) => identity(other) === identity(device));
      const byIdentity = device.serialNumber !== null && alike.length === 1;
      const key = byIdentity ? identity(device) : device.path;
      if (this.#known.has(key) || this.#known.size >= MOST_DISCOVERED) return [];
      this.#known.add(key);
      return [this.#configuration(device, byIdentity)];
    });
  }

  #configuration(device: RecognisedDevice, byIdentity: boolean): SourceConfiguration {
    const { family, path, vendorId, productId, serialNumber } = device;
    const number = (this.#counts.get(family) ?? 0) + 1;
    this.#counts.set(family, number);
    const kind: keyof typeof SOURCE_SCHEMAS = `serial-${family}`;
    const schema: TSchema = SOURCE_SCHEMAS[kind];
    const selector = byIdentity ? { vendorId, productId, serialNumber } : { path };
    return Value.Default(schema, {
      kind,
      id: `${family}-${number}`,
      ...selector,
    }) as SourceConfiguration;
  }
}

function identity({ vendorId, productId, serialNumber }: RecognisedDevice): string {
  return `${vendorId}:${productId}:${serialNumber}`;
}
