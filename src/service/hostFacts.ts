import { join } from "node:path";
import { ADMIN_TOKEN_FILE } from "../access/adminToken.ts";
import type { Configuration } from "../config/schema.ts";
import { isWhitened, type SourceConfiguration } from "../config/sourceSchemas.ts";
import { checkTlsTexts } from "../config/tlsFiles.ts";
import { selectorOf } from "../noiseSources.ts";
import { clockState } from "../platform/host/clockState.ts";
import { deviceFacts, userName } from "../platform/host/deviceFile.ts";
import { diskFacts, fileFacts } from "../platform/host/files.ts";
import { findProcess } from "../platform/host/holders.ts";
import { isDumpable, mayLockAnyMemory, readProc, softLimit } from "../platform/host/process.ts";
import { tlsFacts } from "../platform/host/tlsFacts.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { DeviceFacts, HostFacts, TlsFacts, WhitenedFacts } from "../port/host.ts";
import type { Watched } from "./watch.ts";
import { listSerialPorts, locate, type SerialFamily } from "../source/serial/find.ts";

const MEGABYTE = 2 ** 20;

export interface HostQuestion {
  readonly configuration: Configuration;
  readonly state: string;
  readonly nowMilliseconds: number;
  /** Null: nobody runs, and the limits are those of whoever asks. */
  readonly watched: Watched | null;
}

/** Where a source's device is, without opening it; undefined for a source that has none. */
async function deviceOf(source: SourceConfiguration): Promise<DeviceFacts | undefined> {
  const { id, kind } = source;
  if (kind === "character-device") return deviceFacts(id, source.path, source.path, false);
  if (kind === "tpm" && source.address.startsWith("/"))
    return deviceFacts(id, source.address, source.address, true);
  if (!("vendorId" in source) && !kind.startsWith("serial-")) return undefined;
  const serial = source as Extract<SourceConfiguration, { kind: `serial-${string}` }>;
  const { device } = selectorOf(serial);
  if (device !== undefined && "path" in device)
    return deviceFacts(id, device.path, device.path, true);
  const family = kind.slice("serial-".length) as SerialFamily;
  const found = await locate(family, device, listSerialPorts);
  const wanted =
    device === undefined ? `a ${family}` : `USB ${device.vendorId}:${device.productId}`;
  if ("path" in found) return deviceFacts(id, wanted, found.path, true);
  return { ...(await deviceFacts(id, `${wanted} (${found.detail})`, null, true)) };
}

/** A mode that whitens where another one would not. */
function whitenedFacts(source: SourceConfiguration): readonly WhitenedFacts[] {
  const { id, kind } = source;
  if (kind === "serial-truerng") return [{ source: id, mode: "its only one", rawMode: null }];
  if (!isWhitened(source)) return [];
  if (kind === "serial-truerngpro") return [{ source: id, mode: source.mode, rawMode: "RAW_BIN" }];
  if (kind === "serial-onerng") return [{ source: id, mode: source.noise, rawMode: "cmd1" }];
  return [];
}

function tlsOf({ tls, allowedHosts }: Configuration): TlsFacts | null {
  if (!tls) return null;
  return tlsFacts(tls, allowedHosts, (texts) => {
    try {
      checkTlsTexts(texts);
      return [];
    } catch (error) {
      if (!(error instanceof SpringhouseError)) throw error;
      return error.message.split("\n").map((line) => line.trim());
    }
  });
}

/** Looks at the machine for everything that this configuration needs of it. Opens no device. */
export async function hostFacts(question: HostQuestion): Promise<HostFacts> {
  const { configuration, state, nowMilliseconds, watched } = question;
  const { sources, retention, seal } = configuration;
  const devices: DeviceFacts[] = [];
  for (const source of sources) {
    const device = await deviceOf(source);
    if (device) devices.push(device);
  }
  const { lastWriteMilliseconds, ...disk } = diskFacts(state);
  return {
    atMilliseconds: nowMilliseconds,
    of: watched === null ? "this shell" : "service",
    user: userName(),
    userId: process.getuid?.() ?? -1,
    nodeVersion: process.versions.node,
    lockedMemory: {
      limitBytes: softLimit("Max locked memory"),
      isExempt: mayLockAnyMemory(),
      isRequired: seal.lockedMemory === "required",
    },
    coreDumps: {
      limitBytes: softLimit("Max core file size"),
      pattern: readProc("/proc/sys/kernel/core_pattern")?.trim() ?? null,
      isDumpable: isDumpable(),
    },
    clock: {
      ...(await clockState()),
      lastWriteMilliseconds,
      jumps: watched?.jumps ?? null,
      lastJump: watched?.lastJump ?? null,
    },
    state: {
      directory: state,
      ...disk,
      maximumBytes: retention.maximumMegabytes * MEGABYTE,
      token: fileFacts(join(state, ADMIN_TOKEN_FILE)),
    },
    modemManager: await findProcess("ModemManager"),
    devices,
    whitened: sources.flatMap(whitenedFacts),
    tls: tlsOf(configuration),
  };
}
