import type { Maker } from "../../log/birth.ts";
import type { LineageReader } from "../../port/service.ts";
import { KeyExporter } from "../distribution/keyExporter.ts";
import { Births } from "./births.ts";
import { KeyOperations } from "./keyOperations.ts";
import { KeyReader } from "./keyReader.ts";
import { KeyScheduler } from "./keyScheduler.ts";
import { KeyService } from "./keyService.ts";
import type { KeyServiceTerms } from "./keyService.ts";
import { KeyUser } from "./keyUser.ts";
import { Shelf } from "./shelf.ts";
import { KeyTally } from "./tally.ts";

export type KeyRoomTerms = Pick<
  KeyServiceTerms,
  "clock" | "store" | "random" | "generator" | "vault" | "log" | "record" | "boot"
> & {
  readonly lineage: Pick<LineageReader, "output">;
  readonly maker: Maker;
  /** An act of a policy that could not be done. */
  readonly failed: (key: string, act: string, detail: string) => void;
  /** Keys in memory; default 8,192. */
  readonly keysHeld?: number;
};

/** Managed keys, whole. */
export interface KeyRoom {
  readonly service: KeyService;
  readonly exporter: KeyExporter;
  readonly operations: KeyOperations;
  readonly reader: KeyReader;
  readonly tally: KeyTally;
  start(): void;
  /** Ends the schedule, and gives back what was reserved; before the store is closed. */
  stop(): Promise<void>;
}

/** @throws SpringhouseError `store_failed` */
export async function openKeyRoom(terms: KeyRoomTerms): Promise<KeyRoom> {
  const { store, random, vault, lineage, maker } = terms;
  const tally = new KeyTally();
  tally.load(await store.read("keyVersion.states", []));
  const shelf = new Shelf(store, terms.keysHeld);
  const service = new KeyService({
    ...terms,
    shelf,
    tally,
    births: new Births(lineage, maker),
    changed: (record) => scheduler.changed(record),
  });
  const scheduler = new KeyScheduler({
    ...terms,
    shelf,
    service,
    failed(key, act, detail) {
      tally.waited();
      terms.failed(key, act, detail);
    },
  });
  const user = new KeyUser({
    store,
    random,
    vault,
    shelf,
    tally,
    now: () => service.now(),
    due: (key) => scheduler.look(key),
  });
  const exporter = new KeyExporter({
    store,
    shelf,
    vault,
    random,
    now: () => service.now(),
    async record(event, writes, leaf) {
      await terms.log.append(leaf, writes, (batch) => terms.record(event, batch));
    },
  });
  return {
    service,
    exporter,
    operations: new KeyOperations(user, random),
    reader: new KeyReader(store, shelf),
    tally,
    start: () => scheduler.start(),
    async stop() {
      await scheduler.stop();
      await user.stop();
    },
  };
}
