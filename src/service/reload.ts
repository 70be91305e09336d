import type { Configuration } from "../config/schema.ts";

/** Fields that differ and are only read at the start. The contents of TLS files may change. */
export function needingRestart(before: Configuration, after: Configuration): string[] {
  const live = new Set(["clientCertificates", "tls", "log", "version"]);
  const differ = (one: unknown, other: unknown): boolean =>
    JSON.stringify(one) !== JSON.stringify(other);
  const fields: string[] = (Object.keys(after) as (keyof Configuration)[]).filter(
    (field) => !live.has(field) && differ(before[field], after[field]),
  );
  const [was, is] = [before.tls, after.tls];
  if (!was || !is) return differ(was, is) ? [...fields, "tls"] : fields;
  // Whether a certificate is asked for, and demanded, is fixed when the listener is made.
  if (was.requireClientCertificate !== is.requireClientCertificate)
    fields.push("tls.requireClientCertificate");
  if ((was.clientAuthority === undefined) !== (is.clientAuthority === undefined))
    fields.push("tls.clientAuthority");
  return fields;
}
