/** PEM texts. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Authority of client certificates; without it none is asked for. */
  readonly clientAuthority?: string;
  readonly requireClientCertificate?: boolean;
}

export function secureContextOf(tls: TlsFiles) {
  return {
    cert: tls.certificate,
    key: tls.key,
    minVersion: "TLSv1.2" as const,
    ...(tls.clientAuthority === undefined ? {} : { ca: tls.clientAuthority }),
  };
}
