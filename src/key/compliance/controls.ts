import type { ControlMapping } from "../../port/compliance.ts";

const control = (
  standard: string,
  clause: string,
  about: string,
  feature: string,
  ...tests: readonly string[]
): ControlMapping => ({ standard, clause, about, feature, tests });

/**
 * Where each control is met half-way or more. A mapping is a reading aid for an assessor: whether a
 * control is met depends on how the service is run, and is nobody's to say but theirs.
 */
export const CONTROLS: readonly ControlMapping[] = [
  control(
    "SP 800-57 part 1 r5",
    "5.3",
    "cryptoperiods",
    "policies with rotation by time, operations and bytes; the report's past_cryptoperiod",
    "test/unit/key/managed/keyScheduler.test.ts",
    "test/unit/key/compliance/findings.test.ts",
  ),
  control(
    "SP 800-57 part 1 r5",
    "5.2",
    "one use for a key",
    "purpose and usage mask of a managed key",
    "test/unit/key/policy/decide.test.ts",
  ),
  control(
    "SP 800-57 part 1 r5",
    "7",
    "key states and transitions",
    "lifecycle/: one table, replayed from the log",
    "test/unit/key/lifecycle/transition.test.ts",
    "test/unit/key/lifecycle/model.slow.test.ts",
  ),
  control(
    "SP 800-57 part 1 r5",
    "8.3.5",
    "revocation",
    "signed status list, CRL and OCSP",
    "test/unit/key/revocation/statusList.test.ts",
    "test/unit/key/certificate/openssl.slow.test.ts",
  ),
  control(
    "SP 800-90A r1",
    "10.1.2",
    "HMAC_DRBG",
    "drbg/: known answers at start and on demand",
    "test/unit/drbg/hmacDrbg.vectors.test.ts",
    "test/unit/drbg/selfTest.test.ts",
  ),
  control(
    "SP 800-90B",
    "4.4",
    "repetition count and adaptive proportion tests",
    "health/: on every raw sample",
    "test/unit/health/inducedFailure.test.ts",
  ),
  control(
    "SP 800-90C",
    "4",
    "RBG constructions, seed life",
    "drbg/ and entropy/: limits of a seed, quorum",
    "test/unit/drbg/limits.test.ts",
    "test/unit/drbg/quorum.test.ts",
  ),
  control(
    "SP 800-53 r5",
    "SC-12",
    "key establishment and management",
    "managed keys: made, kept sealed, rotated, distributed",
    "test/unit/key/managed/keyService.test.ts",
    "test/unit/key/distribution/keyExporter.test.ts",
  ),
  control(
    "SP 800-53 r5",
    "SC-12(2), SC-12(3)",
    "symmetric and asymmetric keys",
    "keys of the DRBG, by each type's standard",
    "test/unit/key/derive.test.ts",
  ),
  control(
    "SP 800-53 r5",
    "AU-10",
    "non-repudiation",
    "the transparency log, verified offline",
    "test/unit/log/transparencyLog.test.ts",
    "test/unit/verify/verifyLog.test.ts",
  ),
  control(
    "PCI DSS 4.0.1",
    "3.6.1.2",
    "stored keys under a key-encrypting key or in a device",
    "vault: epoch key, a key-encryption key for each version",
    "test/unit/key/seal/envelope.test.ts",
    "test/unit/key/seal/sealKeeper.test.ts",
  ),
  control(
    "PCI DSS 4.0.1",
    "3.7.1",
    "strong keys",
    "strength of the draw, lineage to the noise",
    "test/unit/key/keyGenerator.test.ts",
  ),
  control(
    "PCI DSS 4.0.1",
    "3.7.2",
    "secure distribution",
    "HPKE, JWE and age to a recipient's key; pairs of pre-shared keys",
    "test/unit/key/distribution/distribution.test.ts",
    "test/unit/key/distribution/pairedKeys.test.ts",
  ),
  control(
    "PCI DSS 4.0.1",
    "3.7.4, 3.7.5",
    "rotation; retirement of weakened keys",
    "rotation by policy; suspend, deactivate, compromise",
    "test/unit/key/managed/keyScheduler.test.ts",
    "test/unit/key/lifecycle/transition.test.ts",
  ),
  control(
    "PCI DSS 4.0.1",
    "3.7.6",
    "split knowledge and dual control",
    "intents signed by different custodians",
    "test/unit/key/approval/intent.test.ts",
    "test/unit/key/approval/approvals.test.ts",
  ),
  control(
    "ISO/IEC 27002:2022",
    "8.24",
    "use of cryptography, key management",
    "lifecycle, access by role, log, revocation",
    "test/unit/api/managedKeys.test.ts",
    "test/unit/access/permissions.test.ts",
  ),
];
