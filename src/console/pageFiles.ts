import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { extname, join } from "node:path";
import type { Page, PageFile } from "../api/page.ts";

/**
 * Files of the page, as they are in a clone or as tsc made them for the package. In a clone the modules
 * are TypeScript, and lose their types as those of the service do: by Node.js, and with nothing built.
 */
const FOLDER = join(import.meta.dirname, "page");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8",
};

/** Files of uPlot, under the names by which the page asks for them. */
const LIBRARIES: Readonly<Record<string, string>> = {
  "uPlot.js": "uplot/dist/uPlot.esm.js",
  "uPlot.css": "uplot/dist/uPlot.min.css",
};

/** The modules' ending in this installation: the page names its first by it. */
const MODULE = extname(import.meta.filename);

function textOf(name: string): string {
  const library = LIBRARIES[name];
  if (library !== undefined)
    return readFileSync(createRequire(import.meta.url).resolve(library), "utf8");
  const text = readFileSync(join(FOLDER, name), "utf8");
  if (name.endsWith(".ts")) return bareNames(stripTypeScriptTypes(text));
  if (name.endsWith(".js")) return bareNames(text);
  return name === "index.html" ? text.replace("/console/main.ts", `/console/main${MODULE}`) : text;
}

/** A browser knows no `node_modules`. */
function bareNames(module: string): string {
  return module.replace(/ from "uplot";/, ' from "./uPlot.js";');
}

/** The console's page. A file is read when it is first asked for, and kept. */
export function openPage(): Page {
  const names = new Set([...readdirSync(FOLDER), ...Object.keys(LIBRARIES)]);
  const read = new Map<string, PageFile>();
  return {
    find(name) {
      const type = TYPES[extname(name)];
      if (!names.has(name) || type === undefined) return undefined;
      let file = read.get(name);
      if (file === undefined) {
        const text = textOf(name);
        const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
        file = { type, text, etag };
        read.set(name, file);
      }
      return file;
    },
  };
}
