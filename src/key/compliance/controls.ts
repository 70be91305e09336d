import type { ControlMapping } from "../../port/compliance.ts";

const control = (
  { standard, source }: { readonly standard: string; readonly source: string | null },
  clause: string,
  about: string,
  feature: string,
  ...tests: readonly string[]
): ControlMapping => ({ standard, clause, about, source, feature, tests });

/*
 * Where a clause's number and subject were read, for no standard's own text comes with this project: what
 * was read nowhere says so in the report.
 */
const KEY_MANAGEMENT = "SP 800-57 part 1 r5";
const SP_800_57 = { standard: KEY_MANAGEMENT, source: "a public copy of revision 4's text" };
const SP_800_57_UNREAD = { standard: KEY_MANAGEMENT, source: null };
const SP_800_90A = { standard: "SP 800-90A r1", source: "NIST's CAVS and ACVP sources" };
const SP_800_90B = { standard: "SP 800-90B", source: "secondary texts that cite it" };
const SP_800_90C = { standard: "SP 800-90C", source: "secondary texts that cite it" };
const SP_800_53 = { standard: "SP 800-53 r5", source: "public copies of NIST's catalogue" };
const PCI_DSS = { standard: "PCI DSS 4.0.1", source: "public lists of the requirements of 4.0" };
const ISO_27002 = { standard: "ISO/IEC 27002:2022", source: "public summaries of control 8.24" };

/**
 * Where each control is met half-way or more. A mapping is a reading aid for an assessor: whether a
 * control is met depends on how the service is run, and is nobody's to say but theirs.
 */
export const CONTROLS: readonly ControlMapping[] = [
  control(
    SP_800_57,
    "5.3",
    "cryptoperiods",
    "policies with rotation by time, operations and bytes; the report's past_cryptoperiod",
    "test/unit/key/managed/keyScheduler.test.ts",
    "test/unit/key/compliance/findings.test.ts",
  ),
  control(
    SP_800_57_UNREAD,
    "5.2",
    "one use for a key",
    "purpose and usage mask of a managed key",
    "test/unit/key/policy/decide.test.ts",
  ),
  control(
    SP_800_57,
    "7",
    "key states and transitions",
    "lifecycle/: one table, replayed from the log",
    "test/unit/key/lifecycle/transition.test.ts",
    "test/unit/key/lifecycle/model.slow.test.ts",
  ),
  control(
    SP_800_57_UNREAD,
    "8.3.5",
    "revocation",
    "signed status list, CRL and OCSP",
    "test/unit/key/revocation/statusList.test.ts",
    "test/unit/key/certificate/openssl.slow.test.ts",
  ),
  control(
    SP_800_90A,
    "10.1.2",
    "HMAC_DRBG",
    "drbg/: known answers at start and on demand",
    "test/unit/drbg/hmacDrbg.vectors.test.ts",
    "test/unit/drbg/selfTest.test.ts",
  ),
  control(
    SP_800_90B,
    "4.4",
    "repetition count and adaptive proportion tests",
    "health/: on every raw sample",
    "test/unit/health/inducedFailure.test.ts",
  ),
  control(
    SP_800_90C,
    "5, 7",
    "RBG2 and RBGC constructions, seed life",
    "drbg/ and entropy/: limits of a seed, quorum",
    "test/unit/drbg/limits.test.ts",
    "test/unit/drbg/quorum.test.ts",
  ),
  control(
    SP_800_53,
    "SC-12",
    "key establishment and management",
    "managed keys: made, kept sealed, rotated, distributed",
    "test/unit/key/managed/keyService.test.ts",
    "test/unit/key/distribution/keyExporter.test.ts",
  ),
  control(
    SP_800_53,
    "SC-12(2), SC-12(3)",
    "symmetric and asymmetric keys",
    "keys of the DRBG, by each type's standard",
    "test/unit/key/derive.test.ts",
  ),
  control(
    SP_800_53,
    "AU-10",
    "non-repudiation: evidence that an individual did something",
    "custodians' signatures and the transparency log, verified offline",
    "test/end-to-end/approval.slow.test.ts",
    "test/unit/log/transparencyLog.test.ts",
    "test/unit/verify/verifyLog.test.ts",
  ),
  control(
    SP_800_53,
    "SC-12(1)",
    "availability in the event of the loss of keys",
    "backups for recovery recipients with a drill; recovery slots",
    "test/unit/key/backup/backups.slow.test.ts",
    "test/end-to-end/recovery.slow.test.ts",
  ),
  control(
    PCI_DSS,
    "3.6.1.2",
    "stored keys under a key-encrypting key or in a device",
    "vault: epoch key, a key-encryption key for each version",
    "test/unit/key/seal/envelope.test.ts",
    "test/unit/key/seal/sealKeeper.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.1",
    "strong keys",
    "strength of the draw, lineage to the noise",
    "test/unit/key/keyGenerator.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.2",
    "secure distribution",
    "HPKE, JWE and age to a recipient's key; pairs of pre-shared keys",
    "test/unit/key/distribution/distribution.test.ts",
    "test/unit/key/distribution/pairedKeys.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.3",
    "secure storage",
    "vault with slots of hardware; locked memory",
    "test/unit/key/seal/pkcs11Slot.slow.test.ts",
    "test/unit/key/seal/tpmSlot.slow.test.ts",
    "test/unit/key/seal/lockedMemory.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.4",
    "change at the end of the cryptoperiod",
    "rotation by policy; the report's past_cryptoperiod",
    "test/unit/key/managed/keyScheduler.test.ts",
    "test/unit/key/compliance/findings.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.5",
    "retirement, replacement, destruction",
    "suspend, deactivate, compromise; destruction with a receipt",
    "test/unit/key/lifecycle/transition.test.ts",
    "test/unit/key/destruction/copies.slow.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.6",
    "split knowledge and dual control, where people handle keys in the clear",
    "nobody does here; what cannot be taken back needs intents signed by different custodians",
    "test/unit/key/approval/intent.test.ts",
    "test/unit/key/approval/approvals.test.ts",
  ),
  control(
    PCI_DSS,
    "3.7.7",
    "no unauthorised substitution of keys",
    "material bound to key, version, algorithm and usage; slots with a tag of the epoch",
    "test/unit/key/seal/envelope.test.ts",
    "test/unit/key/seal/recovery.test.ts",
  ),
  control(
    ISO_27002,
    "8.24",
    "use of cryptography, key management",
    "lifecycle, access by role, log, revocation",
    "test/unit/api/managedKeys.test.ts",
    "test/unit/access/permissions.test.ts",
  ),
];
