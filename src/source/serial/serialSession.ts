import type { Clock } from "../../port/clock.ts";
import type { NoiseSource, SampleSink, SessionEnd, SourceKind } from "../../port/source.ts";
import { Settle } from "../settle.ts";
import { checkFraming, createSymbolMapper, type Framing } from "../symbols.ts";
import {
  locate,
  type DeviceSelector,
  type LocatedPort,
  type PortLister,
  type SerialFamily,
} from "./find.ts";
import { Scope, SessionEnded } from "./scope.ts";
import { LARGEST_READ_BYTES, SerialLine } from "./serialLine.ts";

/** What a serial source needs of the world. */
export interface SerialPorts {
  readonly clock: Clock;
  readonly list: PortLister;
}

/** What every family can be told. */
export interface SerialOptions {
  /** `[a-z0-9-]{1,32}`; the source's name in the configuration. */
  readonly id: string;
  /** Default: the only device of the family, by its USB identity. */
  readonly device?: DeviceSelector;
  /** Bytes thrown away after every open and change of mode. */
  readonly settleBytes?: number;
  /** How long an open device may send nothing before the session ends as `silent`. Default 5 s. */
  readonly openTimeoutMilliseconds?: number;
}

/** What a family's handshake found out. */
export interface Started {
  readonly mode: string;
  readonly firmware: string | null;
  readonly rawConfirmed: boolean;
  readonly caveats: readonly string[];
}

/** What differs between the families. */
export interface SerialDriver {
  readonly family: SerialFamily;
  readonly kind: SourceKind;
  readonly baudRate: number;
  readonly framing: Framing;
  readonly settleBytes: number;
  /** Before the port is opened for reading: a knock. */
  prepare?(port: LocatedPort, scope: Scope): Promise<void>;
  /** On the open port. The samples come after it, never before. */
  start(line: SerialLine, port: LocatedPort, scope: Scope): Promise<Started>;
  /** On the way out, also of a session that failed. Never throws. */
  stop?(line: SerialLine): Promise<void>;
}

export const UNTESTED = "This driver was tested against an emulator only, never on the device.";

const OPEN_TIMEOUT_MILLISECONDS = 5_000;
const LIST_TIMEOUT_MILLISECONDS = 5_000;

/** A noise source over a serial port; see `NoiseSource` for what it promises. */
export class SerialSource implements NoiseSource {
  readonly id: string;
  readonly kind: SourceKind;
  /** Every family digitises an analogue effect inside the device (SP 800-90C 2.3). */
  readonly physical = true;
  readonly bitsPerSample: number;
  readonly settleBytes: number;
  readonly #driver: SerialDriver;
  readonly #options: SerialOptions;
  readonly #ports: SerialPorts;

  /** @throws RangeError when an option is out of range */
  constructor(driver: SerialDriver, options: SerialOptions, ports: SerialPorts) {
    checkFraming(driver.framing);
    void new Settle(driver.settleBytes);
    this.id = options.id;
    this.kind = driver.kind;
    this.bitsPerSample = driver.framing.bitsPerSample;
    this.settleBytes = driver.settleBytes;
    this.#driver = driver;
    this.#options = options;
    this.#ports = ports;
  }

  async run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const scope = new Scope(this.#ports.clock, signal);
    let line: SerialLine | null = null;
    try {
      const port = await this.#locate(scope);
      await this.#driver.prepare?.(port, scope);
      line = await SerialLine.open(port.path, this.#driver.baudRate, scope);
      await line.raiseLines();
      const started = await this.#driver.start(line, port, scope);
      return await this.#stream(line, port, started, sink, scope);
    } catch (error) {
      if (error instanceof SessionEnded) return error.end;
      throw error;
    } finally {
      if (line) {
        line.listen(() => {});
        await this.#driver.stop?.(line);
        await line.close();
      }
      scope.dispose();
    }
  }

  async #locate(scope: Scope): Promise<LocatedPort> {
    const { device } = this.#options;
    const found = await scope.wait(locate(this.#driver.family, device, this.#ports.list), {
      milliseconds: LIST_TIMEOUT_MILLISECONDS,
      end: { reason: "absent", detail: "listing the serial ports did not end in time" },
    });
    if ("reason" in found) throw new SessionEnded(found.reason, found.detail);
    return found;
  }

  /** Never returns: a stream ends by what `scope` is failed with. */
  async #stream(
    line: SerialLine,
    port: LocatedPort,
    started: Started,
    sink: SampleSink,
    scope: Scope,
  ): Promise<never> {
    const mapper = createSymbolMapper(this.#driver.framing, LARGEST_READ_BYTES);
    const settle = new Settle(this.settleBytes);
    const first = Promise.withResolvers<void>();
    let opened = false;
    line.listen((bytes) => {
      if (scope.signal.aborted) return;
      if (!opened) {
        opened = true;
        const { vendorId, productId, serialNumber } = port;
        sink.opened({ location: port.path, vendorId, productId, serialNumber, ...started });
        first.resolve();
      }
      const settled = settle.take(bytes);
      if (settled.length > 0) mapper.push(settled, sink);
    });
    const milliseconds = this.#options.openTimeoutMilliseconds ?? OPEN_TIMEOUT_MILLISECONDS;
    try {
      await scope.wait(first.promise, {
        milliseconds,
        end: {
          reason: "silent",
          detail: `${port.path} is open and sent nothing for ${milliseconds} ms`,
        },
      });
      return await scope.wait(new Promise<never>(() => {}));
    } finally {
      mapper.wipe();
    }
  }
}
