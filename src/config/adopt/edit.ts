import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";

/** What takes the place of the characters from `from` to `to`. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Claim {
  readonly entropy: number;
  readonly evidence: string;
}

/**
 * Writes a claim into a source's `assessed` and takes out a `testedEntropy` that it replaces. Only the
 * characters of these fields change: comments, order and layout stay, which printing the document anew
 * would not leave so.
 * @param text YAML that holds as a configuration
 * @param index of the source in `sources`
 * @returns null where the source is written in a way that cannot be changed in its place
 */
export function writeClaim(text: string, index: number, claim: Claim): string | null {
  const document = parseDocument(text, { resolveKnownTags: false, stringKeys: true });
  const source = sourceAt(document, index);
  if (source === null) return null;
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const splices = pairOf(source, "assessed")
    ? replacement(text, source, claim, eol)
    : insertion(text, source, claim, eol);
  if (splices === null) return null;
  const tested = removal(text, source, "testedEntropy");
  if (tested !== null) splices.push(tested);
  // From the back, so that what is in front stays where it was.
  return splices
    .toSorted((one, other) => other.from - one.from)
    .reduce((whole, { from, to, text: by }) => whole.slice(0, from) + by + whole.slice(to), text);
}

function sourceAt(document: Document, index: number): YAMLMap | null {
  const sources = document.get("sources");
  const source = isSeq(sources) ? sources.items[index] : null;
  return isMap(source) ? source : null;
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function rangeOf(node: unknown): readonly [number, number] | null {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
}

/** JSON, which is YAML as well. */
const inline = ({ entropy, evidence }: Claim): string =>
  `{ "entropy": ${entropy}, "evidence": ${JSON.stringify(evidence)} }`;

function replacement(text: string, source: YAMLMap, claim: Claim, eol: string): Splice[] | null {
  const value = pairOf(source, "assessed")?.value;
  const instead = (node: unknown, by: string): Splice | null => {
    const range = rangeOf(node);
    if (range === null) return null;
    const [from, to] = range;
    // A block scalar ends with its line.
    return { from, to, text: text.slice(from, to).endsWith("\n") ? by + eol : by };
  };
  // Shared by an alias, it is another source's too.
  const splices =
    isMap(value) && value.anchor === undefined
      ? [
          instead(pairOf(value, "entropy")?.value, String(claim.entropy)),
          instead(pairOf(value, "evidence")?.value, JSON.stringify(claim.evidence)),
        ]
      : [isAlias(value) ? instead(value, inline(claim)) : null];
  return splices.every((splice) => splice !== null) ? splices : null;
}

function insertion(text: string, source: YAMLMap, claim: Claim, eol: string): Splice[] | null {
  if (source.flow) {
    const range = rangeOf(source);
    if (range === null) return null;
    const before = text.slice(0, range[1] - 1).trimEnd();
    return [{ from: before.length, to: before.length, text: `, "assessed": ${inline(claim)}` }];
  }
  // After a field that ends with its line, so that no nested one is cut in two.
  const last = source.items.findLast(({ value }) => isOneLine(text, value));
  const [first] = source.items;
  const [key, value] = [rangeOf(first?.key), rangeOf(last?.value)];
  if (key === null || value === null) return null;
  const column = key[0] - (text.lastIndexOf("\n", key[0] - 1) + 1);
  const indent = " ".repeat(column);
  const lineEnd = text.indexOf("\n", value[1]);
  const block = [
    `${indent}assessed:`,
    `${indent}  entropy: ${claim.entropy}`,
    `${indent}  evidence: ${JSON.stringify(claim.evidence)}`,
  ].join(eol);
  return lineEnd < 0
    ? [{ from: text.length, to: text.length, text: `${eol}${block}${eol}` }]
    : [{ from: lineEnd + 1, to: lineEnd + 1, text: `${block}${eol}` }];
}

/** A scalar or a flow collection that begins and ends on one line. */
function isOneLine(text: string, value: unknown): boolean {
  const range = rangeOf(value);
  return range !== null && range[1] > range[0] && !text.slice(...range).includes("\n");
}

/** The whole line of a field that has one to itself. */
function removal(text: string, source: YAMLMap, name: string): Splice | null {
  const pair = pairOf(source, name);
  const [key, value] = [rangeOf(pair?.key), rangeOf(pair?.value)];
  if (source.flow || key === null || value === null || !isOneLine(text, pair?.value)) return null;
  const from = text.lastIndexOf("\n", key[0] - 1) + 1;
  if (text.slice(from, key[0]).trim() !== "") return null;
  const end = text.indexOf("\n", value[1]);
  return { from, to: end < 0 ? text.length : end + 1, text: "" };
}
