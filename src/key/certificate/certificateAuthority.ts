import { createPublicKey, hash } from "node:crypto";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { EventKind, KeptEvent, ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { KeyRoom } from "../managed/keyRoom.ts";
import type { Asker } from "../managed/asker.ts";
import { certificateOf } from "./certificate.ts";
import type { CertificatePurpose, Issuer } from "./certificate.ts";
import { isFresh, type Signed, validity } from "./freshness.ts";
import { SERIAL_BYTES, serialOf } from "./names.ts";
import { OcspResponder } from "./ocspResponder.ts";
import { publicKeyOfRequest } from "./request.ts";
import { changesStanding } from "./revocation.ts";
import type { Revocation, RevocationReason } from "./revocation.ts";
import { revocationListOf } from "./revocationList.ts";
import { certificateWrite, publicKeyOf, toCertificate, toRevocation } from "./rows.ts";
import type { IssuedCertificate } from "./rows.ts";
import type { Unsigned } from "./signed.ts";

export interface CertificateAuthorityTerms {
  readonly store: Store;
  readonly random: RandomSupply;
  readonly keys: Pick<KeyRoom, "service" | "operations" | "reader">;
  /** Keeps an act, what it tells of and its leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
}

/** What somebody wants certified: a request of theirs, or a key of this service. */
export interface CertificateOrder {
  readonly subject: string;
  readonly purpose: CertificatePurpose;
  readonly days: number;
  readonly hosts: readonly string[];
  /** PKCS#10 in PEM. */
  readonly request: string | null;
  readonly key: string | null;
  readonly version: number | null;
}

export interface CertificateDescription extends Omit<IssuedCertificate, "der"> {
  readonly pem: string;
  readonly revoked: Omit<Revocation, "serial"> | null;
}

/** Signs for itself: nobody owns its key, so that only admins reach it, and they are in the log. */
const ITSELF: Asker = { id: "springhouse:authority", anyKey: true };
const DAY_MILLISECONDS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** A clock that is behind ours by less than this takes a certificate that was issued just now. */
const BACKDATED_MILLISECONDS = 60_000;

/**
 * A small authority for certificates of keys and clients. Its key is a managed key in the vault, P-256.
 * A certificate over a managed key follows that key's state: suspended is on hold, compromised is
 * revoked.
 */
export class CertificateAuthority {
  readonly #terms: CertificateAuthorityTerms;
  #authority: IssuedCertificate | null = null;
  #list: Signed | null = null;
  readonly #ocsp: OcspResponder;
  #changes = 0;
  #number = 0;

  constructor(terms: CertificateAuthorityTerms) {
    this.#terms = terms;
    this.#ocsp = new OcspResponder({ store: terms.store, now: () => this.#now() });
  }

  /** For the journal: a key's state, or a certificate, changed; nothing that was signed before is given. */
  readonly observe = (event: Pick<KeptEvent, "kind" | "data">): void => {
    if (!changesStanding(event)) return;
    this.#changes++;
    this.#list = null;
    this.#ocsp.forget();
  };

  /**
   * Makes the authority, or its successor: a new key and a certificate that it signs itself.
   * @param url where clients reach this service, without a path; it is written into certificates
   */
  async establish(
    order: { readonly name: string; readonly url: string | null },
    { id: actor }: Asker,
  ): Promise<CertificateDescription | Refusal> {
    const { service, reader } = this.#terms.keys;
    const key = { type: "p-256", purpose: "signature", name: `authority ${order.name}` } as const;
    const made = await service.create(key, {}, ITSELF);
    if ("ok" in made) return made;
    const { id } = made.record;
    const described = await reader.get(id, ITSELF);
    if ("ok" in described) return described;
    const publicKey = derOf(described.versions[0]!.publicKeyPem!);
    const serial = await this.#serial();
    if (typeof serial !== "string") return serial;
    const issuer: Issuer = { name: order.name, publicKey, url: order.url };
    const shape = { serial, authority: serial, name: order.name, purpose: "authority" } as const;
    const certified = {
      ...shape,
      key: id,
      version: 1,
      url: order.url,
      ...this.#span(AUTHORITY_DAYS),
    };
    const issued = await this.#issue(
      certified,
      { publicKey, agreement: false, hosts: [] },
      issuer,
      {
        key: id,
        version: 1,
      },
    );
    if ("ok" in issued) return issued;
    await this.#keep("certificate_issued", "authority", issued, actor, certificateWrite(issued));
    this.#authority = issued;
    this.#list = null;
    this.#ocsp.forget();
    return describe(issued, null);
  }

  async issue(order: CertificateOrder, asker: Asker): Promise<CertificateDescription | Refusal> {
    const subject = await this.#subjectKey(order, asker);
    if ("ok" in subject) return subject;
    const authority = await this.#current();
    if ("ok" in authority) return authority;
    const serial = await this.#serial();
    if (typeof serial !== "string") return serial;
    const span = this.#span(order.days);
    if (span.toMilliseconds > authority.toMilliseconds)
      return refuse("conflict", "It would outlive the authority's own certificate.", {
        remedy: "Ask for fewer days, or establish the authority's successor.",
      });
    const { key, version, ...how } = subject;
    const { purpose, hosts } = order;
    const shape = {
      serial,
      authority: authority.serial,
      name: order.subject,
      purpose,
      key,
      version,
    };
    const issued = await this.#issue(
      { ...shape, url: null, ...span },
      { ...how, hosts },
      issuerOf(authority),
      authority,
    );
    if ("ok" in issued) return issued;
    await this.#keep("certificate_issued", "issue", issued, asker.id, certificateWrite(issued));
    return describe(issued, null);
  }

  /** For good: one that is to come back is held by suspending its key. */
  async revoke(
    serial: string,
    reason: RevocationReason,
    { id: actor }: Asker,
  ): Promise<CertificateDescription | Refusal> {
    const [row] = await this.#terms.store.read("certificate.one", [serial]);
    if (!row) return NO_CERTIFICATE;
    const issued = toCertificate(row);
    if (row["revoked_ms"] !== null)
      return refuse("conflict", "The certificate is revoked, and that is final.");
    const atMilliseconds = this.#now();
    const write = {
      statement: "certificate.revoke",
      parameters: [atMilliseconds, reason, serial],
    } as const;
    await this.#keep("certificate_revoked", "revoke", issued, actor, write, reason);
    return describe(issued, { reason, atMilliseconds });
  }

  async get(serial: string): Promise<CertificateDescription | Refusal> {
    const [row] = await this.#terms.store.read("certificate.one", [serial]);
    return row ? describe(toCertificate(row), toRevocation(row)) : NO_CERTIFICATE;
  }

  /** By serial number, after one of them. */
  async list(after: string, limit: number): Promise<readonly CertificateDescription[]> {
    const rows = await this.#terms.store.read("certificate.page", [after, limit]);
    return rows.map((row) => describe(toCertificate(row), toRevocation(row)));
  }

  /** The authority's certificate. */
  async certificate(): Promise<CertificateDescription | Refusal> {
    const authority = await this.#current();
    return "ok" in authority ? authority : describe(authority, null);
  }

  /** The CRL in DER. */
  async revocationList(): Promise<Uint8Array | Refusal> {
    const known = this.#list;
    if (isFresh(known, this.#now())) return known.der;
    const authority = await this.#current();
    if ("ok" in authority) return authority;
    const changes = this.#changes;
    const now = this.#now();
    const rows = await this.#terms.store.read("certificate.perhapsRevoked", [
      authority.serial,
      now,
    ]);
    this.#number = Math.max(this.#number + 1, Math.floor(now));
    const list = revocationListOf(
      rows.map(toRevocation).filter((one) => one !== null),
      issuerOf(authority),
      { number: this.#number, ...validity(now) },
    );
    const der = await this.#sign(list, authority);
    if (der instanceof Uint8Array && changes === this.#changes)
      this.#list = { der, fromMilliseconds: now };
    return der;
  }

  /** An OCSP response in DER to a request in DER: see `OcspResponder.answer`. */
  async ocsp(request: Uint8Array): Promise<Uint8Array | Refusal> {
    const authority = await this.#current();
    if ("ok" in authority) return authority;
    return this.#ocsp.answer(request, {
      serial: authority.serial,
      issuer: issuerOf(authority),
      sign: (answer) => this.#sign(answer, authority),
    });
  }

  #now(): number {
    return this.#terms.keys.service.now();
  }

  #span(days: number) {
    const fromMilliseconds = this.#now() - BACKDATED_MILLISECONDS;
    return { fromMilliseconds, toMilliseconds: this.#now() + days * DAY_MILLISECONDS };
  }

  async #current(): Promise<IssuedCertificate | Refusal> {
    if (this.#authority) return this.#authority;
    const [row] = await this.#terms.store.read("certificate.authority", []);
    if (!row)
      return refuse("conflict", "There is no certificate authority yet.", {
        remedy: "`POST /v1/certificates/authority` makes one.",
      });
    this.#authority = toCertificate(row);
    return this.#authority;
  }

  async #serial(): Promise<string | Refusal> {
    const drawn = await this.#terms.random.draw({
      bytes: SERIAL_BYTES,
      door: "internal",
      principal: "springhouse",
      purpose: "serial",
      requirement: {},
    });
    return drawn.ok ? serialOf(drawn.bytes) : drawn;
  }

  /** What a certificate is over. Of a key of this service, whoever may use it needs no request. */
  async #subjectKey({ request, key, version }: CertificateOrder, asker: Asker) {
    if ((request === null) === (key === null)) return ONE_OF_TWO;
    if (request !== null) {
      const publicKey = await publicKeyOfRequest(request);
      if (!publicKey) return BAD_REQUEST;
      return { publicKey, agreement: false, key: null, version: null };
    }
    const found = await this.#terms.keys.reader.get(key!, asker);
    if ("ok" in found) return found;
    const which = found.versions.find((one) => one.version === (version ?? found.primary));
    if (!which?.publicKeyPem || !CERTIFIABLE.includes(found.type)) return NOT_CERTIFIABLE;
    if (which.state !== "active")
      return refuse("conflict", `The version is ${which.state}; only an active one is certified.`);
    const agreement = found.purpose === "agreement";
    return { publicKey: derOf(which.publicKeyPem), agreement, key, version: which.version };
  }

  async #issue(
    one: Omit<IssuedCertificate, "der">,
    how: {
      readonly publicKey: Uint8Array;
      readonly agreement: boolean;
      readonly hosts: readonly string[];
    },
    issuer: Issuer,
    by: { readonly key: string | null; readonly version: number | null },
  ): Promise<IssuedCertificate | Refusal> {
    const { serial, name: subject, purpose } = one;
    const { fromMilliseconds: notBeforeMilliseconds, toMilliseconds: notAfterMilliseconds } = one;
    const certificate = certificateOf(
      { serial, subject, purpose, ...how, notBeforeMilliseconds, notAfterMilliseconds },
      issuer,
    );
    const der = await this.#sign(certificate, by);
    return der instanceof Uint8Array ? { ...one, der } : der;
  }

  async #sign(
    { toBeSigned, complete }: Unsigned,
    { key, version }: { readonly key: string | null; readonly version: number | null },
  ): Promise<Uint8Array | Refusal> {
    const signed = await this.#terms.keys.operations.sign(key!, ITSELF, toBeSigned);
    if ("ok" in signed) return signed;
    if (signed.version === version) return complete(signed.signature);
    return refuse(
      "conflict",
      "The authority's key was rotated, and its certificate is of another version.",
      {
        remedy: "Establish the authority's successor.",
      },
    );
  }

  async #keep(
    kind: EventKind,
    op: LeafOf<"certificate">["op"],
    { serial, key, version, der }: IssuedCertificate,
    actor: string,
    write: Write,
    reason?: RevocationReason,
  ): Promise<void> {
    const at = this.#now();
    const certificate = hash("sha256", der, "hex");
    const event: ServiceEvent = {
      kind,
      atMilliseconds: at,
      source: null,
      severity: op === "revoke" ? "warning" : "info",
      actor,
      reason: reason ?? null,
      detail: `${op}: certificate ${serial}`,
      data: { op, serial, certificate },
    };
    await this.#terms.record(event, [write], {
      v: 1,
      kind: "certificate",
      at,
      actor,
      op,
      serial,
      certificate,
      ...(key === null || version === null ? {} : { key, version }),
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

const CERTIFIABLE: readonly string[] = ["ed25519", "x25519", "p-256"];
const NO_CERTIFICATE = refuse("not_found", "No such certificate.", {
  remedy: "See `GET /v1/certificates`.",
});
const ONE_OF_TWO = refuse("invalid_parameter", "Give a request, or a key: one of them.", {
  remedy: "A request is for a key that is kept elsewhere.",
});
const BAD_REQUEST = refuse(
  "invalid_parameter",
  "request: it is no PKCS#10 request in PEM, or its own key did not sign it.",
  { remedy: "Make one with `openssl req -new`." },
);
const NOT_CERTIFIABLE = refuse(
  "invalid_parameter",
  "key: only versions of ed25519, x25519 and p-256 keys are certified.",
  { remedy: "Name such a key." },
);

const derOf = (pem: string): Uint8Array =>
  createPublicKey(pem).export({ format: "der", type: "spki" });

function issuerOf(authority: IssuedCertificate): Issuer {
  return { name: authority.name, publicKey: publicKeyOf(authority), url: authority.url };
}

function describe(
  { der, ...rest }: IssuedCertificate,
  revocation: Omit<Revocation, "serial"> | null,
): CertificateDescription {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  const revoked = revocation && {
    reason: revocation.reason,
    atMilliseconds: revocation.atMilliseconds,
  };
  return { ...rest, pem, revoked };
}
