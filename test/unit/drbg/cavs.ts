import type { HashName } from "../../../src/kernel/hmac.ts";

const HASHES: Readonly<Record<string, HashName>> = {
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

export interface CavsCase {
  readonly name: string;
  readonly hash: HashName;
  readonly predictionResistance: boolean;
  readonly entropyInput: Uint8Array;
  readonly nonce: Uint8Array;
  readonly personalization: Uint8Array;
  readonly reseed: { readonly entropyInput: Uint8Array; readonly additional: Uint8Array } | null;
  readonly generates: readonly {
    readonly additional: Uint8Array;
    readonly fresh: Uint8Array | null;
  }[];
  readonly returned: string;
}

export interface CavsFile {
  readonly cases: readonly CavsCase[];
  /** Cases of hashes that this service does not offer, by the name of the hash. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** Reads NIST's CAVS response files for HMAC_DRBG, with and without prediction resistance. */
export function parseCavs(text: string): CavsFile {
  const cases: CavsCase[] = [];
  const skipped = new Map<string, number>();
  let label = "";
  let predictionResistance = false;
  let group = 0;
  for (const paragraph of text.split(/\r?\n\r?\n/)) {
    const lines = paragraph.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
    if (lines[0]?.startsWith("[") === true) {
      group++;
      for (const line of lines) {
        if (/^\[SHA-[\d/]+\]$/.test(line)) label = line.slice(1, -1);
        const found = /^\[PredictionResistance = (True|False)\]$/.exec(line);
        if (found) predictionResistance = found[1] === "True";
      }
    } else if (lines.length > 0) {
      const hash = HASHES[label];
      if (hash) cases.push(parseCase(lines, hash, predictionResistance, `${label} group ${group}`));
      else skipped.set(label, (skipped.get(label) ?? 0) + 1);
    }
  }
  return { cases, skipped };
}

function parseCase(
  lines: readonly string[],
  hash: HashName,
  predictionResistance: boolean,
  group: string,
): CavsCase {
  const values = new Map<string, string[]>();
  for (const line of lines) {
    const found = /^(\w+) = ?([0-9a-f]*)$/.exec(line);
    if (!found) throw new Error(`not understood: ${line.slice(0, 60)}`);
    const list = values.get(found[1]!) ?? [];
    list.push(found[2]!);
    values.set(found[1]!, list);
  }
  const one = (name: string): Uint8Array => {
    const list = values.get(name);
    if (list?.length !== 1) throw new Error(`${group}: one ${name} was expected`);
    return Buffer.from(list[0]!, "hex");
  };
  const additional = values.get("AdditionalInput") ?? [];
  const fresh = values.get("EntropyInputPR") ?? [];
  if (additional.length !== 2 || fresh.length !== (predictionResistance ? 2 : 0)) {
    throw new Error(`${group}: two generates were expected`);
  }
  return {
    name: `${group} count ${values.get("COUNT")?.[0]}`,
    hash,
    predictionResistance,
    entropyInput: one("EntropyInput"),
    nonce: one("Nonce"),
    personalization: one("PersonalizationString"),
    reseed: values.has("EntropyInputReseed")
      ? { entropyInput: one("EntropyInputReseed"), additional: one("AdditionalInputReseed") }
      : null,
    generates: additional.map((hex, i) => ({
      additional: Buffer.from(hex, "hex"),
      fresh: predictionResistance ? Buffer.from(fresh[i]!, "hex") : null,
    })),
    returned: Buffer.from(one("ReturnedBits")).toString("hex"),
  };
}
