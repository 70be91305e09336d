import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../port/clock.ts";
import type { Principal, Quota, Role } from "../port/principal.ts";

/** Which client certificate is which principal. One of `fingerprint`, `subject`, `subjectAltName`. */
export interface CertificateRule {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly quota: Quota;
  /** SHA-256 of the certificate in hex, with or without colons. */
  readonly fingerprint?: string;
  /** The common name of its subject, whole. */
  readonly subject?: string;
  /** One of its alternative names, as `DNS:host.example` or `URI:spiffe://example/client`. */
  readonly subjectAltName?: string;
}

/** What is asked of a certificate that the TLS stack has verified. */
export interface PeerCertificate {
  readonly fingerprint256: string;
  readonly commonName: string | null;
  /** OpenSSL's text: entries separated by `, `; a value with odd characters is quoted as JSON. */
  readonly subjectAltName: string | null;
  readonly validToMilliseconds: number;
}

const bareHex = (fingerprint: string): string => fingerprint.replaceAll(":", "").toUpperCase();

/** The entries of `subjectaltname`. Splitting at every comma would let a quoted value forge one. */
export function splitAltNames(text: string): string[] {
  return (text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((entry) => entry.trim());
}

interface Known {
  readonly principal: Principal | null;
  readonly validToMilliseconds: number;
}

/** A TLS socket whose client's certificate was verified, or what stands for one of another thread. */
function isAuthorized(
  socket: Socket | Pick<TLSSocket, "authorized" | "getPeerX509Certificate">,
): socket is Pick<TLSSocket, "authorized" | "getPeerX509Certificate"> & Socket {
  return "authorized" in socket && socket.authorized;
}

/**
 * Principals by client certificate. Only a certificate that chains to the configured authority and
 * is within its time counts, whichever way it is matched; the first rule that matches decides.
 */
export class Certificates {
  readonly #clock: Clock;
  #rules: readonly { readonly rule: CertificateRule; readonly principal: Principal }[] = [];
  #known = new WeakMap<Socket, Known>();

  constructor(clock: Clock, rules: readonly CertificateRule[]) {
    this.#clock = clock;
    this.replace(rules);
  }

  /**
   * Takes a new configuration; connections that are open are judged anew. A rule that stands as it
   * stood keeps its principal, and so what that principal has open.
   */
  replace(rules: readonly CertificateRule[]): void {
    const before = new Map(this.#rules.map((entry) => [JSON.stringify(entry.rule), entry]));
    this.#rules = rules.map((rule) => {
      const known = before.get(JSON.stringify(rule));
      if (known) return known;
      const { name, roles, quota } = rule;
      return { rule, principal: { id: `certificate:${name}`, name, roles, quota } };
    });
    this.#known = new WeakMap();
  }

  authenticate(socket: Socket): Principal | null {
    let known = this.#known.get(socket);
    if (!known) {
      known = this.#judge(socket);
      this.#known.set(socket, known);
    }
    return this.#clock.wallMilliseconds() < known.validToMilliseconds ? known.principal : null;
  }

  isActive(principal: Principal): boolean {
    return this.#rules.some((entry) => entry.principal === principal);
  }

  match(certificate: PeerCertificate): Principal | null {
    const fingerprint = bareHex(certificate.fingerprint256);
    const names = certificate.subjectAltName ? splitAltNames(certificate.subjectAltName) : [];
    const found = this.#rules.find(({ rule }) => {
      if (rule.fingerprint !== undefined) return bareHex(rule.fingerprint) === fingerprint;
      if (rule.subject !== undefined) return rule.subject === certificate.commonName;
      return rule.subjectAltName !== undefined && names.includes(rule.subjectAltName);
    });
    return found?.principal ?? null;
  }

  #judge(socket: Socket): Known {
    const nobody = { principal: null, validToMilliseconds: Infinity };
    const peer = isAuthorized(socket) ? socket.getPeerX509Certificate() : undefined;
    if (!peer) return nobody;
    const legacy = peer.toLegacyObject();
    // Several common names come as an array: ambiguous, so none.
    const commonName = legacy.subject?.CN;
    const validToMilliseconds = Date.parse(peer.validTo);
    if (Number.isNaN(validToMilliseconds)) return nobody;
    const principal = this.match({
      fingerprint256: peer.fingerprint256,
      commonName: typeof commonName === "string" ? commonName : null,
      subjectAltName: peer.subjectAltName ?? null,
      validToMilliseconds,
    });
    return { principal, validToMilliseconds };
  }
}
