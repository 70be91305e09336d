import { randomBytes, randomFill } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile as readFileBytes } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { ADMIN_TOKEN_FILE } from "./access/adminToken.ts";
import { listen } from "./api/listen.ts";
import { startLiveThread } from "./assess/live/thread.ts";
import type { ServeOptions } from "./cli/program.ts";
import { parseConfiguration } from "./config/parse.ts";
import type { Configuration } from "./config/schema.ts";
import { checkTlsTexts, endsOf } from "./config/tlsFiles.ts";
import { Discovery, openNoiseSource } from "./noiseSources.ts";
import { PairThreads } from "./key/pair/pairThreads.ts";
import { openSigningKey } from "./log/keyFile.ts";
import { startOutletThread } from "./outlet/thread.ts";
import { clockOrigin } from "./platform/clock.ts";
import { kernelForm } from "./kernel/kernelForm.ts";
import { orderForm } from "./kernel/order/orderForm.ts";
import { buildHash } from "./platform/build.ts";
import { contentOf } from "./platform/contentOf.ts";
import { measureDisk } from "./platform/disk.ts";
import { logDestination } from "./platform/logDestination.ts";
import { createLogger } from "./platform/logger.ts";
import { watchSerialPorts } from "./platform/portWatch.ts";
import { serviceManager } from "./platform/serviceManager.ts";
import type { Clock } from "./port/clock.ts";
import { SpringhouseError } from "./port/errors.ts";
import { addressOf, assertListenable } from "./service/address.ts";
import { createService } from "./service/service.ts";
import { removeSnapshots, snapshotDatabase } from "./store/snapshotDatabase.ts";
import { openWorkerStore } from "./store/workerStore.ts";

export interface ServeContext {
  readonly clock: Clock;
  readonly version: string;
  readonly stopping: AbortSignal;
  /** The store's thread waits for a disk, or for another program, and would keep the process alive. */
  readonly hanging: () => void;
}

function readFile(path: string, field: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new SpringhouseError(
      "configuration_invalid",
      `  ${field}: cannot read ${path} (${code})`,
    );
  }
}

/**
 * Runs every check and throws what all of them found.
 * @throws SpringhouseError `configuration_invalid`
 */
function collectFaults(checks: readonly (() => void)[]): void {
  const faults: string[] = [];
  for (const check of checks)
    try {
      check();
    } catch (error) {
      if (!(error instanceof SpringhouseError) || error.code !== "configuration_invalid")
        throw error;
      faults.push(error.message);
    }
  if (faults.length > 0) throw new SpringhouseError("configuration_invalid", faults.join("\n"));
}

/** Reads and checks the configuration, before anything opens. */
function load(options: ServeOptions): Configuration {
  let parsed: Configuration | undefined;
  collectFaults([
    () => {
      const text = options.config === undefined ? "" : readFile(options.config, "--config");
      parsed = parseConfiguration(text);
    },
    () => {
      if (
        options.listen !== undefined &&
        !/^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$/.test(options.listen)
      )
        throw new SpringhouseError(
          "configuration_invalid",
          `  --listen: ${options.listen} is not HOST:PORT`,
        );
    },
  ]);
  const configuration = { ...parsed!, ...(options.listen ? { listen: options.listen } : {}) };
  const { generationFile } = configuration.construction;
  collectFaults([
    () => {
      // A clone would go unnoticed, and nobody would know.
      if (generationFile !== undefined) readFile(generationFile, "construction.generationFile");
    },
    () => assertListenable(configuration),
    ...[kernelForm, orderForm].map((form) => () => {
      try {
        form();
      } catch (error) {
        throw new SpringhouseError("configuration_invalid", `  ${(error as Error).message}`);
      }
    }),
  ]);
  return configuration;
}

function readTls(configuration: Configuration) {
  const { tls } = configuration;
  if (!tls) return {};
  const { requireClientCertificate } = tls;
  const files = { certificate: "", key: "", requireClientCertificate };
  collectFaults(
    (["certificate", "key", "clientAuthority"] as const).map((field) => () => {
      const path = tls[field];
      if (path !== undefined) Object.assign(files, { [field]: readFile(path, `tls.${field}`) });
    }),
  );
  checkTlsTexts(files);
  return { tls: files };
}

/** `springhouse serve`: resolves when `stopping` has come and the service has stopped. */
export async function serve(
  options: ServeOptions,
  { clock, version, stopping, hanging }: ServeContext,
): Promise<void> {
  // From the first moment to the last: without a listener the signal would end the process.
  let reload = (): void => {};
  process.on("SIGHUP", () => reload());
  const state = options.state ?? (process.env["SPRINGHOUSE_STATE"] || "./state");
  const configuration = load(options);
  const tls = readTls(configuration);
  let tlsCertificates = tls.tls ? endsOf(tls.tls) : [];
  const log = createLogger(configuration.log.level, logDestination(2));
  const manager = serviceManager(process.env, clock, (detail) =>
    log.warn({ kind: "service_manager_not_told" }, detail),
  );
  const store = await openWorkerStore({ directory: state, maximumBytes: null }, clock);
  // The main thread has a core for itself; each of them keeps memory once it was needed.
  const pairs = new PairThreads(Math.min(4, Math.max(1, availableParallelism() - 1)));
  const { generationFile } = configuration.construction;
  const osRandom = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  const service = await removeSnapshots(state)
    .then(() => openSigningKey(state, configuration.transparency.origin ?? null, osRandom))
    .then((signer) =>
      createService(configuration, {
        clock,
        store,
        log,
        version,
        build: buildHash(import.meta.dirname),
        signer,
        boot: randomBytes(8).toString("hex"),
        words: wordlist,
        pairs,
        osRandom,
        osFill: (buffer, done) => randomFill(buffer, (error) => done(error)),
        openSource: openNoiseSource,
        startLiveThread,
        outlets: { startThread: startOutletThread, clockOrigin: clockOrigin() },
        host: async (current, watched) => {
          // Only with the first question: it brings what looks at processes and serial ports.
          const { hostFacts } = await import("./service/hostFacts.ts");
          const nowMilliseconds = clock.wallMilliseconds();
          return hostFacts({ configuration: current, state, nowMilliseconds, watched });
        },
        generation: () => (generationFile === undefined ? null : contentOf(generationFile)),
        credentialsDirectory: process.env["CREDENTIALS_DIRECTORY"] || null,
        state: {
          directory: state,
          snapshot: (path) => snapshotDatabase(state, path),
          read: async (name) => new Uint8Array(await readFileBytes(join(state, name))),
        },
        disk: () => measureDisk(state),
        tlsCertificates: () => tlsCertificates,
        adminTokenPath: join(state, ADMIN_TOKEN_FILE),
      }),
    )
    .catch(async (error: unknown) => {
      // Its worker would keep the process alive.
      await store.close();
      throw error;
    });
  const address = addressOf(configuration.listen);
  const discovery = new Discovery();
  const stopDiscovery =
    configuration.discover && configuration.sources.length === 0
      ? watchSerialPorts(clock, async () => {
          for (const source of await discovery.look())
            if (!stopping.aborted) service.addSource(source);
        })
      : () => {};
  try {
    const listening = await listen(service.api, {
      clock,
      address,
      ...tls,
      revoked: service.revoked,
      socketPath: join(state, "springhouse.sock"),
      isShared: configuration.outlets > 1,
    });
    service.outlets.open({
      address: { host: listening.address!.host, port: listening.address!.port },
      tls: tls.tls ?? null,
      accept: (connection) => listening.accept(connection),
      notes: service.api.hotNotes,
    });
    const scheme = configuration.tls ? "https" : "http";
    const url = `${scheme}://${address.host}:${listening.address?.port}`;
    log.info({ kind: "listening", url, state }, "listening");
    // Not when a quorum is met: a service that is restarted for want of a device could not say so.
    manager.ready(`Listening on ${url}`);
    reload = (): void => {
      manager.reloading();
      try {
        const next = load(options);
        // Everything that can fail comes first, so that a bad file changes nothing at all.
        if (next.tls && configuration.tls) {
          const texts = readTls(next).tls!;
          listening.reloadTls(texts);
          service.outlets.reloadTls(texts);
          tlsCertificates = endsOf(texts);
        }
        log.level = next.log.level;
        service.reload(next);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        const faults = detail.split("\n").map((line) => line.trim());
        log.error({ kind: "configuration_refused", faults }, "the configuration stays as it was");
      }
      manager.ready(`Listening on ${url}`);
    };
    await new Promise<void>((resolve) => {
      if (stopping.aborted) resolve();
      else stopping.addEventListener("abort", () => resolve(), { once: true });
    });
    reload = (): void => {};
    manager.stopping();
    service.outlets.close();
    await listening.close();
  } finally {
    stopDiscovery();
    await service.outlets.stop();
    // First: a rotation may wait behind the pairs of clients that have gone, longer than a stop may take.
    // Without draws it could not be kept; it is due at the next start.
    await pairs.stop();
    if (!(await service.stop())) hanging();
  }
}
