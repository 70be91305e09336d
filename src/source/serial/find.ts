import { realpath } from "node:fs/promises";
import { SerialPort } from "serialport";
import type { SessionEnd } from "../../port/source.ts";

export type SerialFamily = "truerng" | "truerngpro" | "onerng" | "generic";

/** One line of what the operating system lists. Of serialport's PortInfo, what is used here. */
export interface ListedPort {
  readonly path: string;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  readonly serialNumber?: string | undefined;
}

export type PortLister = () => Promise<readonly ListedPort[]>;

/** On Linux this runs `udevadm info -e` from PATH, and rejects where there is none (a container). */
export const listSerialPorts: PortLister = () => SerialPort.list();

/**
 * Which device to open. By USB identity it is found wherever it was plugged in; give the serial
 * number as soon as there are two of a kind.
 */
export type DeviceSelector =
  | { readonly path: string }
  | {
      /** Four hexadecimal digits, as `lsusb` prints them. */
      readonly vendorId: string;
      readonly productId: string;
      readonly serialNumber?: string;
    };

interface UsbIdentity {
  readonly family: SerialFamily;
  readonly model: string;
  readonly vendorId: string;
  readonly productId: string;
}

export const TRUERNGPRO_V2_PRODUCT = "ebb5";

/** From the vendors' own scripts and firmware; none of these ids is shared with other products' drivers. */
export const USB_IDENTITIES: readonly UsbIdentity[] = [
  { family: "truerng", model: "TrueRNG v1-v3", vendorId: "04d8", productId: "f5fe" },
  { family: "truerngpro", model: "TrueRNGpro", vendorId: "16d0", productId: "0aa0" },
  {
    family: "truerngpro",
    model: "TrueRNGpro V2",
    vendorId: "04d8",
    productId: TRUERNGPRO_V2_PRODUCT,
  },
  { family: "onerng", model: "OneRNG", vendorId: "1d50", productId: "6086" },
];

/** A port as found: identity in lower case, null where unknown. */
export interface LocatedPort {
  readonly path: string;
  readonly vendorId: string | null;
  readonly productId: string | null;
  readonly serialNumber: string | null;
}

export interface RecognisedDevice extends LocatedPort {
  readonly family: SerialFamily;
  readonly model: string;
}

/** The TRNGs among the listed ports, by USB identity, in the order of their paths. */
export function recognise(ports: readonly ListedPort[]): RecognisedDevice[] {
  return ports
    .map(normalise)
    .flatMap((port) => {
      const known = identityOf(port);
      return known ? [{ ...port, family: known.family, model: known.model }] : [];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Finds the port to open. A path is taken as it stands; its USB identity is looked up only to tell
 * when another device sits there, and a failing lookup does not matter.
 * @param selector undefined: the only device of the family
 */
export async function locate(
  family: SerialFamily,
  selector: DeviceSelector | undefined,
  list: PortLister,
): Promise<LocatedPort | SessionEnd> {
  if (selector && "path" in selector) return locateByPath(family, selector.path, list);
  let ports: LocatedPort[];
  try {
    ports = (await list()).map(normalise);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return absent(
      missing
        ? "serial ports cannot be listed: there is no udevadm in PATH; give the source a path"
        : `serial ports cannot be listed: ${(error as Error).message}`,
    );
  }
  const wanted = selector
    ? [{ vendorId: selector.vendorId.toLowerCase(), productId: selector.productId.toLowerCase() }]
    : USB_IDENTITIES.filter((identity) => identity.family === family);
  const serialNumber = selector?.serialNumber;
  const found = ports.filter(
    (port) =>
      wanted.some((id) => id.vendorId === port.vendorId && id.productId === port.productId) &&
      (serialNumber === undefined || serialNumber === port.serialNumber),
  );
  const ids = wanted.map((id) => `${id.vendorId}:${id.productId}`).join(" or ");
  const what = serialNumber === undefined ? ids : `${ids} with serial number ${serialNumber}`;
  if (found.length === 0) return absent(`no serial port belongs to a USB device ${what}`);
  // Whichever comes first may be another one after a replug, with another assessment: ask instead.
  if (found.length > 1) {
    const where = found.map((port) => `${port.path} (${port.serialNumber ?? "no serial number"})`);
    return absent(`${found.length} devices are ${what}: ${where.join(", ")}; name one`);
  }
  return wrongFamily(family, found[0]!) ?? found[0]!;
}

async function locateByPath(
  family: SerialFamily,
  path: string,
  list: PortLister,
): Promise<LocatedPort | SessionEnd> {
  const unknown = { path, vendorId: null, productId: null, serialNumber: null };
  // Where nothing is, the open says so; a list costs a process, and an absent device is looked for often.
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? null : path,
  );
  if (real === null) return unknown;
  const ports = await list().catch(() => []);
  const port = ports.map(normalise).find((known) => known.path === path || known.path === real);
  if (!port) return unknown;
  return wrongFamily(family, port) ?? { ...port, path };
}

function wrongFamily(family: SerialFamily, port: LocatedPort): SessionEnd | null {
  const known = identityOf(port);
  if (!known || family === "generic" || known.family === family) return null;
  return {
    reason: "protocol",
    detail: `${port.path} is a ${known.model} (${known.vendorId}:${known.productId}), the source is configured as ${family}`,
  };
}

function identityOf(port: LocatedPort): UsbIdentity | undefined {
  return USB_IDENTITIES.find(
    (known) => known.vendorId === port.vendorId && known.productId === port.productId,
  );
}

function normalise(port: ListedPort): LocatedPort {
  return {
    path: port.path,
    vendorId: port.vendorId?.toLowerCase() ?? null,
    productId: port.productId?.toLowerCase() ?? null,
    serialNumber: port.serialNumber ?? null,
  };
}

function absent(detail: string): SessionEnd {
  return { reason: "absent", detail };
}
