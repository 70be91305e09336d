import { describe, expect, test } from "vitest";
import { parseConfiguration } from "../../../src/config/parse.ts";
import { CONFIGURATION } from "../../../src/config/schema.ts";
import { SOURCE_SCHEMAS } from "../../../src/config/sourceSchemas.ts";
import { at, EVIDENCE, faults, LEAST, nested, source } from "./read.ts";

/** RFC 8032 7.1 test 1, as a witness names it. */
const WITNESS_KEY = "witness.example/w+bbabb70a+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

/** Default, values that are taken and values that are not: at the limits and one step beyond. */
interface Field {
  readonly default?: unknown;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
  /** What else has to stand beside it. */
  readonly beside?: object;
}

const FLAG = (value: boolean): Field => ({
  default: value,
  good: [true, false],
  bad: ["yes", 1, null],
});
const QUOTA: Field = { default: null, good: [null, 0.001, 1e9], bad: [0, -1, "1"] };
const PEOPLE: Field = { default: 2, good: [1, 16], bad: [0, 17, 1.5, "2"] };
const FILES = { certificate: "c.pem", key: "k.pem" };
const CLIENT = { name: "n", roles: ["client"], fingerprint: "ab".repeat(32) };
const text = (longest: number) => "x".repeat(longest);

const GLOBAL: Readonly<Record<string, Field>> = {
  listen: {
    default: "127.0.0.1:7450",
    good: ["localhost:0", "[::1]:65535"],
    bad: ["localhost", "::1:80", "localhost:65536", 7450],
  },
  outlets: { default: 1, good: [1, 16], bad: [0, 17, 1.5, "2"] },
  allowedHosts: { default: [], good: [["a.example"]], bad: [[""], "a.example"] },
  allowedOrigins: {
    default: [],
    good: [["https://a.example"]],
    bad: [["a.example"], ["https://a.example/"], ["ftp://a"]],
  },
  publicProbes: FLAG(true),
  discover: FLAG(true),
  "construction.physicalOnly": { default: false, good: [false], bad: ["yes", 0] },
  "construction.hash": { default: "sha256", good: ["sha384", "sha512"], bad: ["sha1", 256] },
  "construction.seedAgeSeconds": { default: 600, good: [1, 86_400], bad: [0.9, 86_401, "600"] },
  "construction.parentOutputBytes": {
    default: 2 ** 24,
    good: [16_384, 2 ** 24],
    bad: [16_383, 2 ** 24 + 1, 20_000.5],
  },
  "construction.parentRequests": {
    default: 65_536,
    good: [1, 2 ** 20],
    bad: [0, 2 ** 20 + 1, 1.5],
  },
  "construction.parentAgeSeconds": { default: 60, good: [1, 3600], bad: [0.9, 3601, null] },
  "construction.selfTestSeconds": { default: 600, good: [10, 86_400], bad: [9, 86_401, "x"] },
  "construction.generationFile": { good: ["/g"], bad: ["", 5] },
  "drill.intervalHours": { default: 24, good: [1, 8760, null], bad: [0.5, 8761, "24"] },
  "quorum.sources": { default: 1, good: [1], bad: [0, 17, 1.5, "1"] },
  "quorum.withoutBest": { default: 0, good: [0], bad: [-1, 16, 0.5, "0"] },
  "quota.requestsPerSecond": QUOTA,
  "quota.bytesPerSecond": QUOTA,
  "assess.live.enabled": FLAG(true),
  "assess.live.intervalSeconds": { default: 10, good: [1, 86_400], bad: [0.9, 86_401, "10"] },
  "keys.rsaSearches": { default: 2, good: [1, 16], bad: [0, 17, 1.5, "2"] },
  "assess.atOnce": { default: 1, good: [1, 16], bad: [0, 17, 1.5, "2"] },
  "assess.threads": { default: 2, good: [1, 64], bad: [0, 65, 1.5, "2"] },
  "assess.maximumSeconds": { default: 3600, good: [1, 86_400], bad: [0, 86_401, 1.5] },
  "assess.maximumSamples": {
    default: 4_000_000,
    good: [1000, 2 ** 24],
    bad: [999, 2 ** 24 + 1, "1"],
  },
  "transparency.origin": {
    good: ["log.example/springhouse", text(255)],
    bad: ["", "a b", "a+b", text(256)],
  },
  "approval.required.recover": PEOPLE,
  "approval.required.restore": PEOPLE,
  "approval.required.destroy": PEOPLE,
  "approval.required.process": PEOPLE,
  "approval.required.export": PEOPLE,
  "approval.required.custodians": PEOPLE,
  "approval.custodians": {
    default: [],
    good: [[{ person: "ada", keys: ["ssh-ed25519 AAAA"] }]],
    bad: [
      [{ person: "Ada", keys: ["ssh-ed25519 AAAA"] }],
      [{ person: "ada", keys: [] }],
      [{ person: "ada", keys: ["ssh-rsa AAAA"] }],
      [{ person: "ada", keys: ["ssh-ed25519 AAAA ada@home"] }],
    ],
  },
  "destruction.windowHours": { default: 168, good: [0, 8784], bad: [-1, 8785, "1"] },
  "backup.recipients": {
    default: [],
    good: [[`age1${"q".repeat(58)}`]],
    bad: [["age1"], [`AGE-SECRET-KEY-1${"Q".repeat(58)}`], "age1"],
  },
  "transparency.witnessSeconds": { default: 10, good: [1, 86_400], bad: [0.9, 86_401, "10"] },
  "transparency.witnesses": {
    default: [],
    good: [
      [
        { name: "elsewhere", file: "/mnt/other/notes" },
        { name: "w-2", url: "https://witness.example/w" },
        { name: "w-3", url: "https://witness.example/w", key: WITNESS_KEY },
      ],
    ],
    bad: [
      [{ name: "n" }],
      [{ name: "n", file: "/f", url: "https://w.example" }],
      [{ name: "N", file: "/f" }],
      [{ name: "", file: "/f" }],
      [{ name: "n", file: "" }],
      [{ name: "n", file: "/f", key: WITNESS_KEY }],
      [{ name: "n", url: "https://w.example", key: WITNESS_KEY.replace("/w", "/v") }],
      [{ name: "n", url: "ftp://w.example" }],
      [{ name: "n", url: "https://user@w.example" }],
      [
        { name: "n", file: "/f" },
        { name: "n", file: "/g" },
      ],
    ],
  },
  "seal.lockedMemory": { default: "required", good: ["preferred"], bad: ["no", true] },
  "seal.openAtStart": { default: true, good: [false], bad: ["yes", 1] },
  "seal.keyFiles": {
    default: [],
    good: [
      [
        { name: "machine", credential: "springhouse-seal" },
        { name: text(100), path: "/etc/springhouse/seal.key" },
      ],
    ],
    bad: [
      [{ name: "n" }],
      [{ name: "n", path: "relative" }],
      [{ name: "n", credential: "a/b" }],
      [{ name: "", path: "/p" }],
      [{ name: "n", path: "/p", credential: "c" }],
      [
        { name: "n", path: "/p" },
        { name: "n", path: "/q" },
      ],
    ],
  },
  "seal.tpms": {
    default: [],
    good: [
      [{ name: "tpm", tcti: "device:/dev/tpm0", pcrs: [0, 7, 23] }],
      [{ name: text(100), tcti: "swtpm:host=127.0.0.1,port=2321", pcrs: [] }],
    ],
    bad: [
      [{ name: "t", tcti: "device /dev/tpm0", pcrs: [] }],
      [{ name: "t", tcti: "device", pcrs: [24] }],
      [{ name: "t", tcti: "device", pcrs: [7, 7] }],
      [{ name: "t", tcti: "device", pcrs: "7" }],
      [
        { name: "t", tcti: "device", pcrs: [] },
        { name: "t", tcti: "device", pcrs: [] },
      ],
    ],
  },
  "seal.tokens": {
    default: [],
    good: [
      [
        {
          name: "hsm",
          library: "/usr/lib/softhsm/libsofthsm2.so",
          token: text(32),
          serial: "0123456789abcdef",
          pin: { credential: "pin" },
          environment: { SOFTHSM2_CONF: "/etc/softhsm2.conf" },
        },
        { name: "h", library: "/l.so", token: "t", pin: { path: "/etc/pin" }, environment: {} },
      ],
    ],
    bad: [
      [{ name: "h", library: "l.so", token: "t", pin: { path: "/p" } }],
      [{ name: "h", library: "/l.so", token: text(33), pin: { path: "/p" } }],
      [{ name: "h", library: "/l.so", token: "t", pin: {} }],
      [{ name: "h", library: "/l.so", token: "t", pin: "1234" }],
      [{ name: "h", library: "/l.so", token: "t", pin: { path: "/p", credential: "c" } }],
      [{ name: "h", library: "/l.so", token: "t", pin: { path: "/p" }, environment: { a: "b" } }],
    ],
  },
  "retention.lineageDays": { default: 30, good: [1 / 24, 1e6], bad: [0.04, "30"] },
  "retention.eventDays": { default: 365, good: [1 / 24, 1e6], bad: [0.04, "30"] },
  "retention.maximumMegabytes": { default: 2048, good: [16, 1e9], bad: [15, "2G"] },
  "log.level": { default: "info", good: ["fatal", "error", "warn", "debug"], bad: ["trace", 3] },
  "tls.certificate": { good: ["c.pem"], bad: ["", 1], beside: { tls: FILES } },
  "tls.key": { good: ["k.pem"], bad: ["", 1], beside: { tls: FILES } },
  "tls.clientAuthority": { good: ["a.pem"], bad: ["", 1], beside: { tls: FILES } },
  "tls.requireClientCertificate": {
    good: [true, false],
    bad: ["yes"],
    beside: { tls: { ...FILES, clientAuthority: "a.pem" } },
  },
  clientCertificates: {
    default: [],
    beside: { tls: { ...FILES, clientAuthority: "a.pem" } },
    good: [
      [CLIENT],
      [{ ...CLIENT, fingerprint: Array(32).fill("AB").join(":") }],
      [{ name: text(100), roles: ["admin"], subject: "client.example" }],
      [{ name: "n", roles: ["auditor", "client"], subjectAltName: "DNS:a.example" }],
      [{ ...CLIENT, quota: { bytesPerSecond: 1 } }],
    ],
    bad: [
      [{ name: "n", roles: ["client"] }],
      [{ ...CLIENT, subject: "two criteria" }],
      [{ ...CLIENT, fingerprint: "ab".repeat(31) }],
      [{ name: "n", roles: ["client"], subjectAltName: "a.example" }],
      [{ ...CLIENT, name: text(101) }],
      [{ ...CLIENT, name: "" }],
      [{ ...CLIENT, roles: [] }],
      [{ ...CLIENT, roles: ["root"] }],
      [{ ...CLIENT, quota: { bytesPerSecond: 0 } }],
      [CLIENT, CLIENT],
    ],
  },
  sources: { default: [], good: [[]], bad: [{}, null, "os", [null], [[]], ["tpm"]] },
};

const ENTROPY = [0.01, 8];
const NO_ENTROPY = [0.009, 0, 8.01, "4"];
const EVERY: Readonly<Record<string, Field>> = {
  id: { good: ["a", "a-1", text(32)], bad: ["", "A", "a_b", text(33), "os", 1] },
  testedEntropy: { good: [0.1, 8], bad: NO_ENTROPY, beside: { health: { windowSamples: 65_536 } } },
  component: { default: "HMAC-SHA-512", good: ["HMAC-SHA-256"], bad: ["SHA-512", 512] },
  samplesPerSecond: { good: [0.1, 500_000], bad: [0, 50_000_001, "fast"] },
  "health.alphaIntermittentExponent": { default: 40, good: [40, 60], bad: [19, 61, 40.5] },
  "health.alphaPermanentExponent": { default: 60, good: [40, 80], bad: [39, 81, "60"] },
  "health.windowSamples": { good: [512, 2 ** 20], bad: [511, 2 ** 20 + 1, 600.5] },
  "health.startupSamples": { default: 1024, good: [1024, 1_000_000], bad: [1023, 1_000_001, "1"] },
  "health.silenceMilliseconds": { default: 2000, good: [100, 3_600_000], bad: [99, 3_600_001] },
  "health.lag": FLAG(true),
  "health.blockRepetition": FLAG(true),
  "health.band.statistic": {
    good: ["collision_entropy"],
    bad: ["mean", "ones_proportion"],
    beside: { health: { band: { lower: 1, upper: 8 } } },
  },
  "health.band.lower": {
    good: [0, 8],
    bad: [-1, 8.1, "1"],
    beside: { health: { band: { statistic: "collision_entropy", upper: 8 } } },
  },
  "health.band.upper": {
    good: [1, 8],
    bad: [0.9, 8.1, "8"],
    beside: { health: { band: { statistic: "collision_entropy", lower: 1 } } },
  },
  "health.band.windowSamples": {
    good: [1024, 1_000_000],
    bad: [1023, 1025, 1_000_001],
    beside: { health: { band: { statistic: "collision_entropy", lower: 1, upper: 8 } } },
  },
};

const CLAIMED = { raw: EVIDENCE, assessed: { entropy: 4, ...EVIDENCE } };
const CLAIMS: Readonly<Record<string, Field>> = {
  "assessed.entropy": {
    good: ENTROPY,
    bad: NO_ENTROPY,
    beside: { raw: EVIDENCE, assessed: EVIDENCE, health: { windowSamples: 2 ** 20 } },
  },
  "assessed.evidence": {
    good: [text(8), text(500)],
    bad: [text(7), text(501), 8],
    beside: { raw: EVIDENCE, assessed: { entropy: 4 } },
  },
  "compliant.entropy": {
    good: [0.01, 4],
    bad: [0.009, 4.01, "4"],
    beside: { ...CLAIMED, compliant: { certificate: "E1" } },
  },
  "compliant.certificate": {
    good: ["E1", text(100)],
    bad: ["E", text(101), 1],
    beside: { ...CLAIMED, compliant: { entropy: 1 } },
  },
  "raw.evidence": { good: [text(8), text(500)], bad: [text(7), text(501), true] },
};

const IDENTITY = { path: undefined, vendorId: "04d8", productId: "f5fe" };
const SERIAL: Readonly<Record<string, Field>> = {
  path: { good: ["/dev/ttyACM0"], bad: ["", 0] },
  vendorId: { good: ["04D8"], bad: ["4d8", "0x04d8", 1240], beside: IDENTITY },
  productId: { good: ["f5fe"], bad: ["f5feb", "xxxx", 1], beside: IDENTITY },
  serialNumber: { good: ["A1"], bad: ["", 1], beside: IDENTITY },
  physical: { good: [true], bad: [false, 1] },
  settleBytes: { good: [0, 10_000_000], bad: [-1, 10_000_001, 0.5] },
  openTimeoutMilliseconds: { good: [100, 3_600_000], bad: [99, 3_600_001, "5 s"] },
};

const WORD = { bitsPerSample: 8, mapping: "low-bits", bytesPerSample: 2, zeroBits: 4 };
const FRAMING: Readonly<Record<string, Field>> = {
  "framing.bitsPerSample": {
    good: [1, 2, 8],
    bad: [0, 9, 1.5],
    beside: { framing: { mapping: "low-bits" } },
  },
  "framing.mapping": {
    good: ["bits-msb-first", "bits-lsb-first", "low-bits"],
    bad: ["byte", "bits", 1],
    beside: { framing: { bitsPerSample: 4 } },
  },
  "framing.bytesPerSample": { good: [1, 2], bad: [0, 3, "2"], beside: { framing: WORD } },
  "framing.byteOrder": { good: ["little", "big"], bad: ["LE", 1], beside: { framing: WORD } },
  "framing.zeroBits": { good: [1, 8], bad: [0, 9, undefined], beside: { framing: WORD } },
};
const STREAM = {
  ...CLAIMS,
  ...FRAMING,
  settleBytes: SERIAL["settleBytes"]!,
  physical: { good: [true, false], bad: [1] },
};

const KINDS: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  "serial-truerng": SERIAL,
  "serial-truerngpro": {
    ...SERIAL,
    ...CLAIMS,
    ...FRAMING,
    mode: {
      default: "RAW_BIN",
      good: ["UNWHITENED", "NORMAL", "RNG1WHITE", "RNG2WHITE"],
      bad: ["RAW", 19_200],
    },
  },
  "serial-onerng": {
    ...SERIAL,
    ...CLAIMS,
    noise: { default: "cmd1", good: ["cmd0", "cmd2", "cmd3", "cmd6", "cmd7"], bad: ["cmd4", 1] },
  },
  "serial-generic": {
    ...SERIAL,
    ...CLAIMS,
    ...FRAMING,
    baudRate: { default: 115_200, good: [50, 20_000_000], bad: [49, 20_000_001, "9600"] },
  },
  "character-device": {
    ...STREAM,
    path: { good: ["/dev/hwrng"], bad: ["", 1] },
    reader: { default: "nonblocking", good: ["process"], bad: ["dd", true] },
  },
  tpm: {
    address: {
      default: "/dev/tpmrm0",
      good: ["/dev/tpm0", "tcp://127.0.0.1:2321"],
      bad: ["tpmrm0", "tcp://127.0.0.1", "", 1],
    },
  },
  program: {
    ...STREAM,
    command: {
      good: [["a"], Array(100).fill("a")],
      bad: [[], [""], ["a\0b"], Array(101).fill("a"), "a b"],
    },
    environment: {
      good: [{}, { A_1: "", b: text(10_000) }],
      bad: [{ "1A": "x" }, { "a b": "x" }, { A: 1 }, { A: "x\0" }, { A: text(10_001) }, []],
    },
  },
  recording: {
    path: { good: ["noise.bin"], bad: ["", 1] },
    bitsPerSample: { good: [1, 8], bad: [0, 9, 1.5] },
  },
};

/** One over the other, down to the innermost mapping. */
function over(
  below: Record<string, unknown>,
  above: Record<string, unknown>,
): Record<string, unknown> {
  const whole = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const old = whole[name];
    const both = [old, value].every(
      (one) => one !== null && typeof one === "object" && !Array.isArray(one),
    );
    const mix = both && Object.keys(value as object).length > 0;
    whole[name] = mix
      ? over(old as Record<string, unknown>, value as Record<string, unknown>)
      : value;
  }
  return whole;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}
const leaves = (schema: Schema, prefix = ""): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    field.properties ? leaves(field, `${prefix}${name}.`) : [`${prefix}${name}`],
  );

function holds(
  path: string,
  field: Field,
  wrap: (part: Record<string, unknown>) => unknown,
  prefix: string,
): void {
  const build = (value: unknown) =>
    wrap(over((field.beside ?? {}) as Record<string, unknown>, nested(path, value)));
  for (const value of field.good)
    expect(faults(build(value)), `${path} = ${JSON.stringify(value)}`).toEqual([]);
  const top = path.split(".")[0]!;
  for (const value of field.bad) {
    const found = faults(build(value));
    expect(found.length, `${path} = ${JSON.stringify(value)}`).toBeGreaterThan(0);
    expect(found.join("\n")).toContain(prefix);
    expect(
      found.some((fault) => fault.includes(top)),
      found.join("\n"),
    ).toBe(true);
  }
}

describe("every field of the whole", () => {
  test("is in the table", () => {
    expect(Object.keys(GLOBAL).sort()).toEqual(leaves(CONFIGURATION as Schema).sort());
  });

  test.each(Object.entries(GLOBAL))("%s", (path, field) => {
    if ("default" in field) expect(at(parseConfiguration(""), path)).toEqual(field.default);
    holds(path, field, (part) => part, "");
  });
});

describe.each(Object.entries(KINDS))("every field of kind %s", (kind, own) => {
  const table = { ...EVERY, ...own };
  test("is in the table", () => {
    const schema = SOURCE_SCHEMAS[kind as keyof typeof SOURCE_SCHEMAS] as Schema;
    expect(["kind", ...Object.keys(table)].sort()).toEqual(leaves(schema).sort());
  });

  test.each(Object.entries(table))("%s", (path, field) => {
    const least = { kind, id: "noise", ...LEAST[kind] };
    const parsed = parseConfiguration(JSON.stringify({ sources: [source(kind)] }));
    if ("default" in field) expect(at(parsed.sources[0], path)).toEqual(field.default);
    holds(path, field, (part) => ({ sources: [over(least, part)] }), "sources.0");
  });

  test("what is needed is missed, and what is unknown is named", () => {
    for (const name of ["id", ...Object.keys(LEAST[kind]!)]) {
      const found = faults({ sources: [source(kind, { [name]: undefined })] });
      expect(found.join(), name).toMatch(new RegExp(`sources\\.0.*${name}`));
    }
    expect(faults({ sources: [source(kind, { helth: {} })] }).join()).toMatch(
      /^sources\.0\.helth: no such field; did you mean health\?/,
    );
  });
});
