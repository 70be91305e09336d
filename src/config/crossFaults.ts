import { healthConfigurationFaults } from "../health/monitor.ts";
import { parseWitnessKey } from "../log/cosignature.ts";
import { show } from "./faults.ts";
import type { Configuration } from "./schema.ts";
import {
  bitsPerSample,
  confirmsRaw,
  environmentFaults,
  framingFault,
  healthOptions,
  isPhysical,
  isWhitened,
  type SourceConfiguration,
} from "./sourceSchemas.ts";

/** A serial device is found by its path, by its family, or by vendorId and productId together. */
function selectorFaults(at: string, source: SourceConfiguration): string[] {
  const { path, vendorId, productId, serialNumber } = source as {
    readonly [K in "path" | "vendorId" | "productId" | "serialNumber"]?: string;
  };
  const identity = vendorId !== undefined && productId !== undefined;
  const faults: string[] = [];
  if ((vendorId === undefined) !== (productId === undefined))
    faults.push(`${at}: vendorId and productId go together`);
  if (path !== undefined && (identity || serialNumber !== undefined))
    faults.push(`${at}: give path, or the USB identity, not both`);
  if (serialNumber !== undefined && !identity)
    faults.push(`${at}.serialNumber: needs vendorId and productId`);
  if (source.kind === "serial-generic" && path === undefined && !identity)
    faults.push(`${at}: needs path, or vendorId and productId`);
  return faults;
}

/** A claim that would have no effect must not look as if it had one. */
function claimFaults(at: string, source: SourceConfiguration): string[] {
  const { assessed, compliant, testedEntropy } = source;
  const faults: string[] = [];
  const width = bitsPerSample(source);
  for (const [name, entropy] of [
    ["assessed.entropy", assessed?.entropy],
    ["compliant.entropy", compliant?.entropy],
    ["testedEntropy", testedEntropy],
  ] as const)
    if (entropy !== undefined && entropy > width)
      faults.push(`${at}.${name}: ${entropy} is more than the ${width} bits of a sample`);
  if (compliant && compliant.entropy > (assessed?.entropy ?? 0))
    faults.push(`${at}.compliant.entropy: ${compliant.entropy} is more than what is assessed`);
  if (assessed && testedEntropy !== undefined)
    faults.push(
      `${at}.testedEntropy: ${testedEntropy} has no effect, the tests run at assessed.entropy; leave it out`,
    );
  if (assessed && !source.raw && !confirmsRaw(source) && !isWhitened(source))
    faults.push(
      `${at}.assessed: has no effect without raw: nothing but your word can confirm that this kind of source sends raw noise`,
    );
  if (isWhitened(source))
    for (const name of ["assessed", "raw"] as const)
      if (source[name])
        faults.push(`${at}.${name}: this mode is whitened and never credited; choose a raw mode`);
  return faults;
}

/** What no schema can say of one source that is valid by its schema. */
export function sourceFaults(source: SourceConfiguration, at: string): string[] {
  const faults = claimFaults(at, source);
  faults.push(...environmentFaults(source).map((fault) => `${at}.${fault}`));
  if (source.kind.startsWith("serial-")) faults.push(...selectorFaults(at, source));
  const framing = framingFault(source);
  if (framing !== null) return [...faults, `${at}.${framing}`];
  // The tests would only tell again that H is above the width.
  if (faults.length > 0) return faults;
  return healthConfigurationFaults(healthOptions(source)).map((fault) => `${at}.health: ${fault}`);
}

function quorumFaults({ construction, quorum, sources }: Configuration): string[] {
  const assessed = sources.filter((source) => source.assessed);
  const counted = assessed.filter((source) => !construction.physicalOnly || isPhysical(source));
  const what = construction.physicalOnly ? "assessed and physical" : "assessed";
  const faults: string[] = [];
  if (construction.physicalOnly && counted.length === 0)
    faults.push(`construction.physicalOnly: true, but no source is ${what}: none could be counted`);
  if (assessed.length === 0) {
    if (quorum.sources > 1 || quorum.withoutBest > 0)
      faults.push("quorum: can never be met: no source is assessed");
    return faults;
  }
  for (const [name, value, most] of [
    ["sources", quorum.sources, counted.length],
    ["withoutBest", quorum.withoutBest, counted.length - 1],
  ] as const)
    if (counted.length > 0 && value > most)
      faults.push(
        `quorum.${name}: ${value} can never be met, at most ${most}: ${counted.length} sources are ${what}`,
      );
  return faults;
}

function certificateFaults({ clientCertificates, tls }: Configuration): string[] {
  const faults: string[] = [];
  if (tls?.requireClientCertificate && tls.clientAuthority === undefined)
    faults.push("tls.requireClientCertificate: true needs tls.clientAuthority");
  if (clientCertificates.length > 0 && tls?.clientAuthority === undefined)
    faults.push("clientCertificates: need tls.clientAuthority, or no certificate is asked for");
  const names = new Set<string>();
  for (const [index, rule] of clientCertificates.entries()) {
    const at = `clientCertificates.${index}`;
    const given = [rule.fingerprint, rule.subject, rule.subjectAltName].filter(
      (criterion) => criterion !== undefined,
    );
    if (given.length !== 1)
      faults.push(
        `${at}: has ${given.length} of fingerprint, subject and subjectAltName; needs exactly one`,
      );
    if (names.has(rule.name)) faults.push(`${at}.name: ${show(rule.name)} is taken`);
    names.add(rule.name);
  }
  return faults;
}

/** What slots are made with: each by a name of its own, each secret in one place. */
function sealFaults({ seal }: Configuration): string[] {
  const named = [
    ...seal.keyFiles.map(({ name }, at) => [`seal.keyFiles[${at}]`, name] as const),
    ...seal.tokens.map(({ name }, at) => [`seal.tokens[${at}]`, name] as const),
    ...seal.tpms.map(({ name }, at) => [`seal.tpms[${at}]`, name] as const),
  ];
  const names = named.map(([, name]) => name);
  const secrets = [
    ...seal.keyFiles.map((file, at) => [`seal.keyFiles[${at}]`, file] as const),
    ...seal.tokens.map(({ pin }, at) => [`seal.tokens[${at}].pin`, pin] as const),
  ];
  const variables = seal.tokens.flatMap(({ environment }, at) =>
    Object.keys(environment).map((variable) => [`seal.tokens[${at}]`, variable] as const),
  );
  return [
    ...named
      .filter(([, name], index) => names.indexOf(name) < index)
      .map(([at, name]) => `${at}.name: ${show(name)} is given twice`),
    ...secrets
      .filter(([, { path, credential }]) => (path === undefined) === (credential === undefined))
      .map(([at]) => `${at}: give one of path and credential`),
    ...variables
      .filter(([, variable]) => !/^[A-Z_][A-Z0-9_]*$/.test(variable))
      .map(([at, variable]) => `${at}.environment: ${show(variable)} is no name of a variable`),
  ];
}

function witnessFaults({ transparency }: Configuration): string[] {
  const names = new Set<string>();
  return transparency.witnesses.flatMap(({ name, file, url, key }, index) => {
    const at = `transparency.witnesses.${index}`;
    const taken = names.has(name) ? [`${at}.name: ${show(name)} is taken`] : [];
    names.add(name);
    const whole = (file === undefined) !== (url === undefined);
    const badKey = key !== undefined && (url === undefined || parseWitnessKey(key) === null);
    return [
      ...taken,
      ...(whole ? [] : [`${at}: needs exactly one of file and url`]),
      ...(badKey ? [`${at}.key: is no key of a witness by url (NAME+ID+KEY, type 0x04)`] : []),
    ];
  });
}

/** What concerns several fields of a configuration that is valid by its schemas. */
export function crossFaults(configuration: Configuration): string[] {
  const { listen } = configuration;
  const port = Number(listen.slice(listen.lastIndexOf(":") + 1));
  return [
    ...(port > 65_535 ? [`listen: port ${port} is not allowed; needs 0 to 65535`] : []),
    ...quorumFaults(configuration),
    ...certificateFaults(configuration),
    ...sealFaults(configuration),
    ...witnessFaults(configuration),
  ];
}
