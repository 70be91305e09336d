import type { CertificateFacts, FileFacts, HostFacts, TlsFacts } from "../../port/host.ts";
import type { Finding } from "../../port/finding.ts";
import { finding } from "../finding.ts";

const DAY_MILLISECONDS = 86_400_000;
const SOON_DAYS = 30;
const GROUP_READS = 0o040;
const OTHERS_READ = 0o004;

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`;

/** A file that holds a secret: who else may read it? */
export function secretFile(check: string, { path, error, mode }: FileFacts): Finding[] {
  if (error !== null || mode === null) return [];
  const evidence = `${path}: mode ${octal(mode)}`;
  const remedy = `\`chmod 600 ${path}\`; who could read it may have a copy, so make another.`;
  if (mode & OTHERS_READ)
    return [finding(check, "fault", "every user of this machine may read it", evidence, remedy)];
  if (mode & GROUP_READS)
    return [finding(check, "warning", "its group may read it", evidence, remedy)];
  return [finding(check, "ok", "its owner's alone", evidence)];
}

function unreadable(field: string, { path, error }: FileFacts): Finding {
  return finding(
    `tls.${field}`,
    "fault",
    "cannot be read",
    `${path}: ${error}`,
    "The service's user has to be able to read it.",
  );
}

const day = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

function validity(check: string, one: CertificateFacts, now: number): Finding {
  const { subject, fromMilliseconds: from, toMilliseconds: to } = one;
  const evidence = `${subject}: from ${day(from)} to ${day(to)}`;
  const renew = "Renew it and send the service SIGHUP.";
  if (to <= now) return finding(check, "fault", "expired", evidence, renew);
  if (from > now)
    return finding(check, "fault", "not valid yet", evidence, "Is the clock right? Else wait.");
  const days = Math.floor((to - now) / DAY_MILLISECONDS);
  if (days < SOON_DAYS)
    return finding(check, "warning", `expires in ${days} days`, evidence, renew);
  return finding(check, "ok", `valid for ${days} days`, evidence);
}

function chain({ chain: certificates, isChained, certificate }: TlsFacts): Finding[] {
  const [leaf] = certificates;
  if (leaf === undefined) return [];
  const names = certificates.map(({ subject }) => subject).join(" < ");
  if (!isChained)
    return [
      finding(
        "tls chain",
        "fault",
        "a certificate in the file was not issued by the one behind it",
        `${certificate.path}: ${names}`,
        "The leaf comes first, then each issuer in turn.",
      ),
    ];
  const last = certificates.at(-1)!;
  if (last.issuer === last.subject && certificates.length === 1)
    return [
      finding(
        "tls chain",
        "note",
        "it signed itself: clients have to be given it",
        leaf.subject,
        "A certificate of an authority that clients know spares that.",
      ),
    ];
  return [finding("tls chain", "ok", `leads to ${last.issuer}`, names)];
}

function tls(facts: TlsFacts, now: number): Finding[] {
  const { certificate, key, clientAuthority, faults, authority, unnamedHosts } = facts;
  const findings: Finding[] = [];
  for (const [field, file] of Object.entries({ certificate, key, clientAuthority }))
    if (file !== null && file.error !== null) findings.push(unreadable(field, file));
  for (const fault of faults)
    findings.push(
      finding(
        fault.split(":")[0]!,
        "fault",
        fault.slice(fault.indexOf(":") + 1).trim(),
        `${certificate.path}, ${key.path}`,
        "Put the leaf and its issuers into tls.certificate, and the leaf's key into tls.key, as PEM.",
      ),
    );
  findings.push(...secretFile("tls.key", key));
  for (const [index, one] of facts.chain.entries())
    findings.push(validity(index === 0 ? "tls certificate" : "tls issuer", one, now));
  findings.push(...chain(facts));
  for (const one of authority) findings.push(validity("tls client authority", one, now));
  if (unnamedHosts.length > 0)
    findings.push(
      finding(
        "tls names",
        "warning",
        "the certificate does not name every allowed host",
        unnamedHosts.join(", "),
        "Have them among its subject alternative names, or take them out of allowedHosts.",
      ),
    );
  return findings;
}

/** Files that hold secrets, and those of TLS. */
export function fileFindings({ state, tls: files, atMilliseconds }: HostFacts): Finding[] {
  return [
    ...secretFile("admin token", state.token),
    ...(files === null ? [] : tls(files, atMilliseconds)),
  ];
}
