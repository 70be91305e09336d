import type { Clock } from "../../port/clock.ts";
import type { NoiseSource } from "../../port/source.ts";
import { listSerialPorts, type PortLister } from "./find.ts";
import { genericDriver, type GenericSerialOptions } from "./generic.ts";
import { oneRngDriver, type OneRngOptions } from "./onerng.ts";
import { SerialSource, type SerialDriver } from "./serialSession.ts";
import { trueRngDriver, type TrueRngOptions } from "./truerng.ts";
import { trueRngProDriver, type TrueRngProOptions } from "./truerngpro.ts";

export type SerialSourceOptions =
  | TrueRngOptions
  | TrueRngProOptions
  | OneRngOptions
  | GenericSerialOptions;

/**
 * A noise source over a serial port. Nothing is opened before `run`.
 * @param ports `list` defaults to the operating system's list
 * @throws RangeError when an option is out of range
 */
export function openSerialSource(
  options: SerialSourceOptions,
  ports: { readonly clock: Clock; readonly list?: PortLister },
): NoiseSource {
  const { clock, list = listSerialPorts } = ports;
  return new SerialSource(driverOf(options), options, { clock, list });
}

function driverOf(options: SerialSourceOptions): SerialDriver {
  if (options.family === "truerng") return trueRngDriver(options);
  if (options.family === "truerngpro") return trueRngProDriver(options);
  if (options.family === "onerng") return oneRngDriver(options);
  return genericDriver(options);
}
