/** A figure as reports print it. The JSON has all digits. */
export function decimals(value: number): string {
  return value.toFixed(6);
}

/** An integer with thousands apart. By hand: the platform's way first loads its locales, for 20 ms. */
export function whole(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Three digits that say something, without an exponent where it can be. */
export function figure(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(size >= 1e6 ? 0 : 1);
  return size >= 1000 ? whole(Number(value.toPrecision(3))) : String(Number(value.toPrecision(3)));
}

/** Text for HTML and SVG, in an element or in quotes. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
