/** A figure as reports print it. The JSON has all digits. */
export function decimals(value: number): string {
  return value.toFixed(6);
}

/** With thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString("en-US");
}
