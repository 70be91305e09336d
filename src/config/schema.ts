import Type, { type Static } from "typebox";
import { ROLES } from "../port/principal.ts";
import { APPROVAL, BACKUP, DESTRUCTION } from "./approvalSection.ts";
import { section, strict } from "./section.ts";
import type { SourceConfiguration } from "./sourceSchemas.ts";

const Quota = section(
  {
    requestsPerSecond: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
      default: null,
      description: "Requests a second for one principal, with a burst of one second.",
    }),
    bytesPerSecond: Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
      default: null,
      description: "Random bytes a second for one principal, with a burst of one second.",
    }),
  },
  "What a principal may take when its token does not say. null is unlimited: the DRBG, not the noise, is what most requests cost.",
);

/**
 * The configuration, a YAML file: every field with its default and its why. The documentation of it
 * (docs/configuration.md) is generated from these descriptions.
 */
/** A secret by its path, or by the name that systemd knows it under. */
function secretFile(description: string) {
  return {
    path: Type.Optional(Type.String({ pattern: "^/", description })),
    credential: Type.Optional(
      Type.String({
        pattern: "^[^/]{1,255}$",
        description:
          "Instead of a path: the name of systemd's LoadCredential= or LoadCredentialEncrypted=.",
      }),
    ),
  };
}

export const CONFIGURATION = Type.Object(
  {
    listen: Type.String({
      pattern: "^(\\[[0-9a-fA-F:]+\\]|[^:]+):[0-9]{1,5}$",
      default: "127.0.0.1:7450",
      description: "HOST:PORT. Beyond loopback only with tls.",
    }),
    outlets: Type.Integer({
      minimum: 1,
      maximum: 16,
      default: 1,
      description:
        "Threads that answer requests for random bytes, all on the one address: the main thread, and others with a DRBG instance of their own. More only pay with cores to spare; each takes about 25 MB.",
    }),
    allowedHosts: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: "Host names that clients may use besides the listening address and localhost.",
    }),
    allowedOrigins: Type.Array(Type.String({ pattern: "^https?://[^/]+$" }), {
      default: [],
      description: "Origins of web pages that may open a WebSocket. None by default.",
    }),
    publicProbes: Type.Boolean({
      default: true,
      description:
        "/healthz, /readyz, /metrics and /openapi.json answer without a token. /metrics names clients by their ids.",
    }),
    tls: Type.Optional(
      Type.Object(
        {
          certificate: Type.String({ minLength: 1, description: "PEM file." }),
          key: Type.String({ minLength: 1, description: "PEM file." }),
          clientAuthority: Type.Optional(
            Type.String({
              minLength: 1,
              description: "PEM file of the authority of client certificates.",
            }),
          ),
          requireClientCertificate: Type.Boolean({
            default: false,
            description: "Refuse connections without one; needs clientAuthority.",
          }),
        },
        { ...strict, description: "Re-read on SIGHUP." },
      ),
    ),
    clientCertificates: Type.Array(
      Type.Object(
        {
          fingerprint: Type.Optional(
            Type.String({
              pattern: "^([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$",
              description:
                "SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it: this one certificate, and no renewed one.",
            }),
          ),
          subject: Type.Optional(
            Type.String({
              minLength: 1,
              description:
                "The common name of its subject, whole: any certificate of clientAuthority that has it.",
            }),
          ),
          subjectAltName: Type.Optional(
            Type.String({
              pattern: "^(DNS|URI|email|IP Address):.+$",
              description: "One of its alternative names, such as DNS:host.example.",
            }),
          ),
          name: Type.String({
            minLength: 1,
            maxLength: 100,
            description: "The principal's name in records, one for each rule.",
          }),
          roles: Type.Array(Type.Union(ROLES.map((role) => Type.Literal(role))), {
            minItems: 1,
            description: "What it may do.",
          }),
          quota: Quota,
        },
        strict,
      ),
      {
        default: [],
        description:
          "Principals known by their TLS client certificate, each by one of fingerprint, subject and subjectAltName; the first that matches decides. Needs tls.clientAuthority.",
      },
    ),
    sources: Type.Array(Type.Any(), {
      default: [],
      description: "Noise sources besides the OS RNG, which is always there and never credited.",
    }),
    discover: Type.Boolean({
      default: true,
      description:
        "Adds every TRNG recognised on a serial port by USB identity, uncredited, when no source is configured.",
    }),
    construction: section(
      {
        physicalOnly: Type.Boolean({
          default: false,
          description: "Count only physical sources: RBG2(P) instead of RBG2(NP).",
        }),
        hash: Type.Union([Type.Literal("sha256"), Type.Literal("sha384"), Type.Literal("sha512")], {
          default: "sha256",
          description: "HMAC_DRBG's hash. All three give 256 bits of strength; SHA-256 is fastest.",
        }),
        seedAgeSeconds: Type.Number({
          minimum: 1,
          maximum: 86_400,
          default: 600,
          description: "An RBG2 instance that is drawn from is reseeded at this age at the latest.",
        }),
        parentOutputBytes: Type.Integer({
          minimum: 16_384,
          maximum: 2 ** 24,
          default: 2 ** 24,
          description: "RBGC: bytes until the next seed from the OS RNG (2^27 bits).",
        }),
        parentRequests: Type.Integer({
          minimum: 1,
          maximum: 2 ** 20,
          default: 2 ** 16,
          description: "RBGC: requests until the next seed from the OS RNG.",
        }),
        parentAgeSeconds: Type.Number({
          minimum: 1,
          maximum: 3600,
          default: 60,
          description: "RBGC: age of the seed at which the next one is taken.",
        }),
        selfTestSeconds: Type.Number({
          minimum: 10,
          maximum: 86_400,
          default: 600,
          description:
            "The cryptographic self-tests run again this often; output stops if one fails.",
        }),
        generationFile: Type.Optional(
          Type.String({
            minLength: 1,
            description:
              "A file whose content changes when the virtual machine is cloned or rolled back; it must be readable at the start. Without one a clone cannot be detected.",
          }),
        ),
      },
      "The DRBG instances.",
    ),
    quorum: section(
      {
        sources: Type.Integer({
          minimum: 1,
          maximum: 16,
          default: 1,
          description: "Independent credited sources that every seed must draw on.",
        }),
        withoutBest: Type.Integer({
          minimum: 0,
          maximum: 15,
          default: 0,
          description: "A seed's strength must hold after removing its best this many sources.",
        }),
      },
      "Only of meaning where a source is assessed.",
    ),
    quota: Quota,
    keys: section(
      {
        rsaSearches: Type.Integer({
          minimum: 1,
          maximum: 16,
          default: 2,
          description: "RSA key searches at once.",
        }),
      },
      "Key generation.",
    ),
    assess: section(
      {
        atOnce: Type.Integer({
          minimum: 1,
          maximum: 16,
          default: 1,
          description: "Assessments under way at once; more are refused.",
        }),
        threads: Type.Integer({
          minimum: 1,
          maximum: 64,
          default: 2,
          description: "Threads of each. They give way to those that answer clients.",
        }),
        maximumSeconds: Type.Integer({
          minimum: 1,
          maximum: 86_400,
          default: 3600,
          description: "One that takes longer is ended without a figure.",
        }),
        maximumSamples: Type.Integer({
          minimum: 1000,
          maximum: 2 ** 24,
          default: 4_000_000,
          description: "Of one source or upload; 8-bit samples need about 160 bytes each.",
        }),
        live: section(
          {
            enabled: Type.Boolean({
              default: true,
              description:
                "Estimate the min-entropy of windows of what is conditioned, and tell when it is below the claim.",
            }),
            intervalSeconds: Type.Number({
              minimum: 1,
              maximum: 86_400,
              default: 10,
              description:
                "The shortest pause between two windows of a source. It is longer where all estimates together would take more than 1 % of a core.",
            }),
          },
          "The live estimate. Its samples never leave the process.",
        ),
      },
      "Assessment: auditors' suites that the service runs, and the live estimate.",
    ),
    drill: section(
      {
        intervalHours: Type.Union([Type.Number({ minimum: 1, maximum: 8760 }), Type.Null()], {
          default: 24,
          description: "How often; null: only when somebody asks (`springhouse drill`).",
        }),
      },
      "Drills: every health test driven to failure in a shadow of the live ones, each source some tenths of a second.",
    ),
    transparency: section(
      {
        origin: Type.Optional(
          Type.String({
            pattern: "^[!-*,-~]{1,255}$",
            description:
              "The log's name, by custom a host and a path without a scheme (log.example/springhouse). It is fixed at the first start; without one it is made up then.",
          }),
        ),
        witnesses: Type.Array(
          Type.Object(
            {
              name: Type.String({
                pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
                description: "What it is called in status, metrics and events.",
              }),
              file: Type.Optional(
                Type.String({
                  minLength: 1,
                  description:
                    "A file, best on another host: each checkpoint is appended to it, and `springhouse log verify --checkpoint FILE` reads it.",
                }),
              ),
              url: Type.Optional(
                Type.String({
                  pattern: "^https?://[^\\s@?#]+$",
                  description: "Submission prefix of a witness (C2SP tlog-witness).",
                }),
              ),
              key: Type.Optional(
                Type.String({
                  minLength: 1,
                  description:
                    "The key that a witness by url cosigns with (C2SP tlog-cosignature, NAME+ID+KEY). With it, its cosignatures are checked, kept and handed on.",
                }),
              ),
            },
            strict,
          ),
          {
            default: [],
            maxItems: 16,
            description:
              "Where checkpoints are kept outside this host, each by one of file and url. Without any, nobody could tell if the log were written anew.",
          },
        ),
        witnessSeconds: Type.Number({
          minimum: 1,
          maximum: 86_400,
          default: 10,
          description: "The shortest time between two checkpoints to one witness.",
        }),
      },
      "The transparency log: what was done with keys, for whoever checks it offline.",
    ),
    seal: section(
      {
        lockedMemory: Type.Union([Type.Literal("required"), Type.Literal("preferred")], {
          default: "required",
          description:
            "Whether the vault opens where its keys cannot be locked in memory; preferred only tells.",
        }),
        openAtStart: Type.Boolean({
          default: true,
          description: "Try the slots that open by themselves at a start.",
        }),
        keyFiles: Type.Array(
          Type.Object(
            {
              name: Type.String({
                minLength: 1,
                maxLength: 100,
                description: "What slots call it.",
              }),
              ...secretFile("Readable by the service's user alone; 32 bytes to 64 KiB."),
            },
            strict,
          ),
          { default: [], description: "Key files that slots may be made with." },
        ),
        tokens: Type.Array(
          Type.Object(
            {
              name: Type.String({
                minLength: 1,
                maxLength: 100,
                description: "What slots call it.",
              }),
              library: Type.String({
                pattern: "^/",
                description: "The vendor's PKCS#11 module; it runs in a process of its own.",
              }),
              token: Type.String({
                minLength: 1,
                maxLength: 32,
                description: "The token's label.",
              }),
              serial: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 16,
                  description: "Where several tokens have the label.",
                }),
              ),
              pin: Type.Object(
                secretFile("A file with the user's PIN, for the service's user alone."),
                {
                  ...strict,
                  description: "The user's PIN.",
                },
              ),
              environment: Type.Record(
                Type.String({ pattern: "^[A-Z_][A-Z0-9_]*$" }),
                Type.String(),
                {
                  default: {},
                  description: "What the module reads, such as SOFTHSM2_CONF.",
                },
              ),
            },
            strict,
          ),
          { default: [], description: "PKCS#11 tokens that slots may be made on." },
        ),
        tpms: Type.Array(
          Type.Object(
            {
              name: Type.String({
                minLength: 1,
                maxLength: 100,
                description: "What slots call it.",
              }),
              tcti: Type.String({
                pattern: "^[a-z]+(:[!-~]+)?$",
                default: "device:/dev/tpmrm0",
                description: "How tpm2-tools reach it.",
              }),
              pcrs: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), {
                maxItems: 24,
                uniqueItems: true,
                default: [7],
                description:
                  "Platform registers (SHA-256) that must be as they were when the slot was made; 7 is Secure Boot's state. After a change add the slot anew.",
              }),
            },
            strict,
          ),
          { default: [], description: "TPMs 2.0 that slots may be made on; needs tpm2-tools." },
        ),
      },
      "The vault of kept keys.",
    ),
    approval: APPROVAL,
    destruction: DESTRUCTION,
    backup: BACKUP,
    retention: section(
      {
        lineageDays: Type.Number({
          minimum: 1 / 24,
          default: 30,
          description: "Seeds, blocks and windows that no kept key needs.",
        }),
        eventDays: Type.Number({ minimum: 1 / 24, default: 365, description: "Events." }),
        maximumMegabytes: Type.Number({
          minimum: 16,
          default: 2048,
          description: "The oldest lineage goes first when the database grows beyond this.",
        }),
      },
      "What the database keeps.",
    ),
    log: section(
      {
        level: Type.Union(
          ["fatal", "error", "warn", "info", "debug"].map((level) => Type.Literal(level)),
          { default: "info", description: "The least severe level that is written." },
        ),
      },
      "Logging, as JSON lines on stderr.",
    ),
  },
  strict,
);

export type Configuration = Omit<Static<typeof CONFIGURATION>, "sources"> & {
  readonly sources: readonly SourceConfiguration[];
  /** First 16 hex digits of the SHA-256 of the canonical configuration: windows carry it. */
  readonly version: string;
};
