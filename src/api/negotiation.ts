/**
 * The type of `offered` that an Accept header likes best (RFC 9110 12.5.1); null when none will do.
 * The first is the default; of equals the earlier one wins.
 * @param offered `type/subtype` in lower case, best first
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | null {
  const first = offered[0] ?? null;
  if (accept === undefined || accept === "*/*") return first;
  const ranges = accept.split(",").map(parseRange);
  let best: string | null = null;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > bestQuality) {
      best = type;
      bestQuality = quality;
    }
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range that matches decides, not the most generous. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const wildcard = `${type.slice(0, type.indexOf("/"))}/*`;
  for (const pattern of [type, wildcard, "*/*"]) {
    const range = ranges.find((candidate) => candidate.type === pattern);
    if (range) return range.quality;
  }
  return 0;
}
