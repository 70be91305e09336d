import { seconds, type CatalogueEntry } from "./entry.ts";

/** Whether it serves, what it is, and the machine under it. */
export const SERVICE = [
  {
    name: "ready",
    type: "gauge",
    help: "1 while random bytes are served: self-tests passed and an instance is seeded.",
    labels: [],
    read: (snapshot) => [[[], snapshot.ready ? 1 : 0]],
  },
  {
    name: "build_info",
    type: "gauge",
    help: "Always 1; the version and the configuration's version as labels.",
    labels: ["version", "configuration"],
    read: (snapshot) => [[[snapshot.version, snapshot.configurationVersion], 1]],
  },
  {
    name: "construction_info",
    type: "gauge",
    help: "Always 1; the construction in SP 800-90C's words, and whether it is validated.",
    labels: ["shape", "validated"],
    read: (snapshot) => [[[snapshot.shape, String(snapshot.validated)], 1]],
  },
  {
    name: "start_timestamp_seconds",
    type: "gauge",
    help: "When the service started.",
    labels: [],
    read: (snapshot) => [[[], seconds(snapshot.startedMilliseconds)]],
  },
  {
    name: "quorum_met",
    type: "gauge",
    help: "1 while enough credited sources are healthy for the configured quorum.",
    labels: [],
    read: (snapshot) => [[[], snapshot.quorum.met ? 1 : 0]],
  },
  {
    name: "quorum_sources",
    type: "gauge",
    help: "Sources that are healthy and credited now.",
    labels: [],
    read: (snapshot) => [[[], snapshot.quorum.available]],
  },
  {
    name: "quorum_required_sources",
    type: "gauge",
    help: "Sources that the quorum asks for, those removed as the best included.",
    labels: [],
    read: ({ quorum: { sources, withoutBest } }) => [
      [[], Math.max(sources, withoutBest > 0 ? withoutBest + 1 : 0)],
    ],
  },
  {
    name: "self_test_passed",
    type: "gauge",
    help: "1 if the self-test passed when it last ran. A 0 stops every output.",
    labels: ["test"],
    read: (snapshot) =>
      snapshot.selfTests.map((test) => [[test.name], test.passed ? 1 : 0] as const),
  },
  {
    name: "self_test_timestamp_seconds",
    type: "gauge",
    help: "When the self-test last ran.",
    labels: ["test"],
    read: (snapshot) =>
      snapshot.selfTests.map((test) => [[test.name], seconds(test.atMilliseconds)] as const),
  },
  {
    name: "outlets",
    type: "gauge",
    help: "Threads that answer requests for bytes now, the main one included.",
    labels: [],
    read: ({ outlets }) => [[[], outlets.answering]],
  },
  {
    name: "outlets_configured",
    type: "gauge",
    help: "Threads that are to answer.",
    labels: [],
    read: ({ outlets }) => [[[], outlets.configured]],
  },
  {
    name: "outlets_lost_total",
    type: "counter",
    help: "Outlets that ended by themselves, each replaced by another.",
    labels: [],
    read: ({ outlets }) => [[[], outlets.lostTotal]],
  },
  {
    name: "store_up",
    type: "gauge",
    help: "1 while the database takes records.",
    labels: [],
    read: (snapshot) => [[[], snapshot.store.ok ? 1 : 0]],
  },
  {
    name: "disk_free_bytes",
    type: "gauge",
    help: "What may still be written on the state directory's file system; missing where it cannot be asked.",
    labels: [],
    read: ({ disk }) => (disk === null ? [] : [[[], disk.freeBytes]]),
  },
  {
    name: "disk_size_bytes",
    type: "gauge",
    help: "Size of the state directory's file system.",
    labels: [],
    read: ({ disk }) => (disk === null ? [] : [[[], disk.totalBytes]]),
  },
  {
    name: "database_size_bytes",
    type: "gauge",
    help: "The database's files, with the write-ahead log.",
    labels: [],
    read: ({ disk }) => (disk === null ? [] : [[[], disk.databaseBytes]]),
  },
  {
    name: "tls_certificate_not_after_timestamp_seconds",
    type: "gauge",
    help: "When the TLS certificate file in use ceases to hold; of a chain, when its first certificate does. Missing without tls.",
    labels: ["file"],
    read: ({ tlsCertificates }) =>
      tlsCertificates.map(
        ({ file, notAfterMilliseconds }) => [[file], seconds(notAfterMilliseconds)] as const,
      ),
  },
] as const satisfies readonly CatalogueEntry[];
