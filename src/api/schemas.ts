import { Type, type TSchema } from "typebox";
import { COMMAND_OPERATIONS, INTENT_STATES } from "../port/approval.ts";
import { DESTRUCTION_ENDS, INTENT_ACTS } from "../port/custody.ts";
import { DESTRUCTION_STATES } from "../port/destruction.ts";
import { KEY_STATES, KEY_USAGES } from "../port/key.ts";
import { ROLES } from "../port/principal.ts";

/*
 * What is answered, for the OpenAPI document and for the tests that hold the answers to it. Answers
 * are not validated as they leave, nor filtered: what a room hands over is what is sent.
 */

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const choice = (values: readonly string[], description?: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    description === undefined ? {} : { description },
  );
const milliseconds = Type.Number({ description: "Unix milliseconds." });

export const ROLE = Type.Union(ROLES.map((role) => Type.Literal(role)));

export const PROBLEM = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String({
    description: "A code of the error catalogue; it never changes its meaning.",
  }),
  remedy: Type.String(),
  unmet: Type.Optional(Type.Array(Type.String())),
  request_id: Type.String(),
});

/** Raw bytes; JSON Schema has no type for them. */
export const OCTETS = Type.Unsafe<unknown>({
  type: "string",
  contentMediaType: "application/octet-stream",
});

export const OUTPUT_HEADERS = {
  "Springhouse-Output": Type.String({
    description: "Ids of the outputs, comma-separated when the request was split.",
  }),
  "Springhouse-Seed": Type.String({ description: "Id of the seed behind the last output." }),
};

const HEALTH_TEST = Type.Object({
  test: Type.String(),
  cutoffIntermittent: nullable(Type.Number()),
  cutoffPermanent: nullable(Type.Number()),
  watermark: Type.Number(),
  recentWatermark: Type.Number(),
  windowSamples: nullable(Type.Number()),
  expectedFalseAlarmsPerYear: Type.Number(),
});

export const DEVICE = Type.Object({
  location: Type.String(),
  vendorId: nullable(Type.String()),
  productId: nullable(Type.String()),
  serialNumber: nullable(Type.String()),
  firmware: nullable(Type.String()),
  mode: Type.String(),
  rawConfirmed: Type.Boolean(),
  caveats: Type.Array(Type.String()),
});

const LIVE = Type.Object({
  claimedEntropy: Type.Number(),
  atMilliseconds: nullable(milliseconds),
  samples: Type.Number(),
  figures: Type.Array(
    Type.Object({
      estimator: Type.String(),
      lower: Type.Number(),
      estimate: Type.Number(),
      upper: nullable(Type.Number()),
    }),
  ),
  low: Type.Boolean(),
  windows: Type.Object({
    estimated: Type.Number(),
    broken: Type.Number(),
    lost: Type.Number(),
  }),
});

export const SOURCE = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  physical: Type.Boolean(),
  bitsPerSample: Type.Integer(),
  state: Type.String(),
  cause: nullable(Type.String()),
  detail: Type.String(),
  remedy: nullable(Type.String()),
  sinceMilliseconds: milliseconds,
  device: nullable(DEVICE),
  testedEntropy: Type.Number(),
  assessedEntropy: Type.Number(),
  assessedEvidence: nullable(Type.String()),
  compliantEntropy: Type.Number(),
  credited: Type.Boolean(),
  tapped: Type.Boolean(),
  samplesTotal: Type.Number(),
  droppedSamplesTotal: Type.Number(),
  divertedSamplesTotal: Type.Number(),
  discardedSamplesTotal: Type.Number(),
  conditionedSamplesTotal: Type.Number(),
  gapsTotal: Type.Number(),
  creditedBitsTotal: Type.Number(),
  lastSampleMilliseconds: nullable(milliseconds),
  tests: Type.Array(HEALTH_TEST),
  alarms: Type.Array(
    Type.Object({ test: Type.String(), severity: Type.String(), total: Type.Number() }),
  ),
  expectedFalseAlarmsPerYear: Type.Number(),
  poolBlocks: Type.Number(),
  live: nullable(LIVE),
});

const INSTANCE = Type.Object({
  id: Type.String(),
  mechanism: Type.String(),
  securityStrength: Type.Number(),
  state: Type.String(),
  seed: nullable(Type.String()),
  seedMilliseconds: nullable(milliseconds),
  seedSources: Type.Number(),
  seedCreditedBits: Type.Number(),
  outputBytesSinceSeed: Type.Number(),
  outputBytesLimit: Type.Number(),
  seedAgeLimitMilliseconds: Type.Number(),
  requestsSinceSeed: Type.Number(),
  preparedSeeds: Type.Number(),
  reseeds: Type.Array(Type.Object({ reason: Type.String(), total: Type.Number() })),
});

export const SELF_TEST = Type.Object({
  name: Type.String(),
  passed: Type.Boolean(),
  atMilliseconds: milliseconds,
});

export const SLOT = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  place: nullable(Type.String()),
  epoch: Type.Number(),
  createdMilliseconds: milliseconds,
  recovery: Type.Boolean({ description: "It opens with the leave of custodians alone." }),
});

export const INTENT = Type.Object({
  id: Type.String(),
  state: choice(INTENT_STATES),
  document: Type.String({ description: "The very bytes to sign." }),
  digest: Type.String({ description: "SHA-256 of the document." }),
  namespace: Type.String({ description: "What to sign it under." }),
  required: Type.Number({ description: "Different people who have to approve it." }),
  approvals: Type.Array(
    Type.Object({
      person: Type.String(),
      fingerprint: Type.String(),
      publicKey: Type.String(),
      signature: Type.String(),
      atMilliseconds: milliseconds,
    }),
  ),
  changedMilliseconds: milliseconds,
});

export const DESTRUCTION = Type.Object({
  id: Type.String({ description: "That of the intent." }),
  key: Type.String(),
  version: Type.Number(),
  state: choice(DESTRUCTION_STATES),
  requester: Type.String(),
  approvers: Type.Array(Type.String()),
  scheduledMilliseconds: milliseconds,
  dueMilliseconds: Type.Number({ description: "Until then it can be called off." }),
  changedMilliseconds: milliseconds,
});

export const DESTRUCTION_RECEIPT = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal("destruction-receipt"),
  note: Type.String({ description: "C2SP signed note: the statement." }),
  entry: Type.String({ description: "The leaf." }),
  position: Type.Number(),
  proof: Type.Array(Type.String({ contentEncoding: "base64" })),
  checkpoint: Type.String({ description: "C2SP checkpoint that covers the leaf." }),
});

export const BACKUP = Type.Object({
  id: Type.String(),
  createdMilliseconds: milliseconds,
  epoch: Type.Number({ description: "The epoch whose key is in it; 0 for one without." }),
  recipients: Type.Number(),
  takenMilliseconds: nullable(milliseconds),
  drilledMilliseconds: nullable(milliseconds),
  discardedMilliseconds: nullable(milliseconds),
});

export const CUSTODIAN = Type.Object({
  person: Type.String(),
  fingerprint: Type.String(),
  publicKey: Type.String(),
  principals: Type.Array(Type.String()),
  enrolledMilliseconds: milliseconds,
  removedMilliseconds: nullable(milliseconds),
});

export const ROTATION = Type.Object({
  epoch: Type.Number(),
  from: Type.Number(),
  materials: Type.Number(),
  retired: Type.Array(
    Type.Object({
      slot: Type.String(),
      name: Type.String(),
      kind: Type.String(),
      epoch: Type.Number(),
      assurance: Type.String(),
      detail: Type.String(),
    }),
  ),
  writeAheadLogEmptied: Type.Boolean(),
});

export const VAULT = Type.Object({
  initialised: Type.Boolean(),
  sealed: Type.Boolean(),
  cause: nullable(Type.String()),
  epoch: nullable(Type.Number()),
  slots: Type.Array(SLOT),
  refusedTotal: Type.Number(),
  lockedMemory: Type.Object({
    ok: Type.Boolean(),
    bytes: Type.Number(),
    detail: Type.String(),
  }),
});

const counts = (names: readonly string[]) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, Type.Integer()])));

const KEY_FIGURES = Type.Object({
  versions: counts(KEY_STATES),
  operations: counts(KEY_USAGES),
  rotations: Type.Integer(),
  overdue: Type.Integer(),
});

const CUSTODY_FIGURES = Type.Object({
  intents: Type.Object(
    Object.fromEntries(COMMAND_OPERATIONS.map((operation) => [operation, counts(INTENT_ACTS)])),
  ),
  destructions: Type.Object({
    pending: Type.Integer(),
    ended: counts(DESTRUCTION_ENDS),
    batches: Type.Integer(),
    delays: Type.Integer(),
  }),
  backups: Type.Object({
    takenMilliseconds: nullable(milliseconds),
    drilledMilliseconds: nullable(milliseconds),
  }),
});

export const STATUS = Type.Object({
  version: Type.String(),
  startedMilliseconds: milliseconds,
  atMilliseconds: milliseconds,
  shape: Type.String(),
  validated: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  ready: Type.Boolean(),
  unready: Type.Array(
    Type.Object({
      code: Type.String(),
      source: nullable(Type.String()),
      detail: Type.String(),
      remedy: Type.String(),
    }),
  ),
  configurationVersion: Type.String(),
  quorum: Type.Object({
    sources: Type.Number(),
    withoutBest: Type.Number(),
    met: Type.Boolean(),
    available: Type.Number(),
  }),
  sources: Type.Array(SOURCE),
  instances: Type.Array(INSTANCE),
  outlets: Type.Object({
    configured: Type.Number(),
    answering: Type.Number(),
    lostTotal: Type.Number(),
  }),
  selfTests: Type.Array(SELF_TEST),
  drills: Type.Array(
    Type.Object({
      source: Type.String(),
      atMilliseconds: milliseconds,
      passed: Type.Boolean(),
      lastPassedMilliseconds: nullable(milliseconds),
    }),
  ),
  store: Type.Object({ ok: Type.Boolean(), detail: Type.String() }),
  vault: VAULT,
  keys: KEY_FIGURES,
  custody: CUSTODY_FIGURES,
  log: Type.Object({
    origin: Type.String(),
    verifierKey: Type.String(),
    leaves: Type.Number(),
    checkpointMilliseconds: nullable(milliseconds),
    behindMilliseconds: Type.Number(),
    failuresTotal: Type.Number(),
    witnesses: Type.Array(
      Type.Object({
        name: Type.String(),
        size: Type.Number(),
        lagMilliseconds: Type.Number(),
        failuresTotal: Type.Number(),
      }),
    ),
  }),
  disk: nullable(
    Type.Object({
      freeBytes: Type.Number(),
      totalBytes: Type.Number(),
      databaseBytes: Type.Number(),
    }),
  ),
  tlsCertificates: Type.Array(
    Type.Object({ file: Type.String(), notAfterMilliseconds: milliseconds }),
  ),
});

export const SOURCE_TEST_REPORT = Type.Object({
  source: Type.String(),
  passed: Type.Boolean(),
  samples: Type.Number(),
  state: Type.String(),
  tests: Type.Array(HEALTH_TEST),
  detail: Type.String(),
});

export const EVENT = Type.Object({
  sequence: Type.Number(),
  kind: Type.String(),
  atMilliseconds: milliseconds,
  source: nullable(Type.String()),
  severity: Type.String(),
  actor: nullable(Type.String()),
  reason: nullable(Type.String()),
  detail: Type.String(),
  data: Type.Record(
    Type.String(),
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
  ),
});

export const TOKEN = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(ROLE),
  quota: Type.Object({
    requestsPerSecond: nullable(Type.Number()),
    bytesPerSecond: nullable(Type.Number()),
  }),
  createdMilliseconds: milliseconds,
  createdBy: Type.String(),
  expiresMilliseconds: nullable(milliseconds),
  lastUsedDay: nullable(Type.String()),
  revokedMilliseconds: nullable(milliseconds),
});

/** Records of the lineage carry their own documentation in `port/lineage.ts`. */
const RECORD = Type.Object({ id: Type.String() }, { additionalProperties: true });

export const OUTPUT_STORY = Type.Object({
  id: Type.String(),
  seed: RECORD,
  counter: Type.Number(),
  blocks: Type.Array(RECORD),
  windows: Type.Array(RECORD),
  output: nullable(RECORD),
});

export const LINEAGE_LINE = Type.Object(
  { record: choice(["seed", "block", "window", "output", "count"]) },
  { additionalProperties: true },
);
