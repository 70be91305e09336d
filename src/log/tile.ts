import type { Subtree } from "./merkle.ts";

/*
 * C2SP tlog-tiles: a tile of level L and index N holds the roots of the 256 subtrees of 2^(8 L) leaves
 * from number 256 N on; the last of a level may be partial.
 */

/** Entries of a whole tile: its height is 8. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;
/** The specification's: 64-bit sizes need no more. */
export const HIGHEST_LEVEL = 63;

export interface Tile {
  readonly level: number | "entries";
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** Consecutive hashes of a tile level. */
export interface HashRange {
  readonly level: number;
  readonly from: number;
  readonly count: number;
}

/** The entries of a tile level that a subtree's root is made of; at most 128. */
export function rangeOf({ level, index }: Subtree): HashRange {
  const count = 2 ** (level % TILE_HEIGHT);
  return { level: Math.floor(level / TILE_HEIGHT), from: index * count, count };
}

/** Every tile of a log of that size: for each level the whole ones and the partial one. */
export function* tilesOf(size: number): Generator<Tile> {
  for (const level of ["entries", 0] as const) yield* tilesOfLevel(level, size);
  let width = Math.floor(size / TILE_WIDTH);
  for (let level = 1; width > 0; level++, width = Math.floor(width / TILE_WIDTH))
    yield* tilesOfLevel(level, width);
}

function* tilesOfLevel(level: Tile["level"], entries: number): Generator<Tile> {
  for (let index = 0; index * TILE_WIDTH < entries; index++)
    yield { level, index, width: Math.min(TILE_WIDTH, entries - index * TILE_WIDTH) };
}

/** `tile/0/x001/067`, partial `tile/0/x001/067.p/17`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index).padStart(3, "0");
  const whole = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = whole.match(/.{3}/g)!;
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ""}`;
}

/** @returns null for what is no path of a tile, or not the one way to write it */
export function parseTilePath(path: string): Tile | null {
  const match =
    /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (!match) return null;
  const level = match[1] === "entries" ? "entries" : Number(match[1]);
  const index = Number(match[2]!.replaceAll(/[x/]/g, ""));
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
  if (!Number.isSafeInteger(index) || width < 1 || (level !== "entries" && level > HIGHEST_LEVEL))
    return null;
  const tile = { level, index, width } as const;
  return tilePath(tile) === path ? tile : null;
}
