/** Printable ASCII but the quotation mark and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** RFC 8785 takes strings of Unicode; half a surrogate pair has no bytes in UTF-8. */
function quoted(text: string): string {
  // Most of what is written has nothing to escape, and this is half of a verification's time.
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError("a string with half a surrogate pair has no JSON");
  return JSON.stringify(text);
}

/**
 * The one text of a JSON value (RFC 8785): no blanks, members in the order of their names' UTF-16 code
 * units, numbers as ECMAScript writes them. Members that are undefined are left out.
 * @throws TypeError for what is no JSON: NaN, Infinity, a BigInt, a function, bytes
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      return canonicalObject(value);
    default:
      throw new TypeError(`a ${typeof value} has no JSON`);
  }
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError("only plain objects have JSON");
  let text = "";
  // Without a comparison function, sort() compares UTF-16 code units, as section 3.2.3 asks.
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${quoted(name)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
