import { expect, test } from "vitest";
import { openCheckpoint, parseCheckpoint, signCheckpoint } from "../../../src/log/checkpoint.ts";
import { emptyRoot } from "../../../src/log/merkle.ts";
import { openNote, parseNote, signNote } from "../../../src/log/signedNote.ts";
import {
  formatSignerKey,
  parseSignerKey,
  parseVerifierKey,
  signerOf,
} from "../../../src/log/signer.ts";

/** The example of golang.org/x/mod/sumdb/note, the specification's first implementation. */
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

test("signs and opens what Go's implementation does, bit for bit", () => {
  const signer = parseSignerKey(SIGNER)!;
  expect(signer.verifier.verifierKey).toBe(VERIFIER);
  expect(signNote(TEXT, [signer])).toBe(NOTE);
  expect(openNote(NOTE, parseVerifierKey(VERIFIER)!)).toBe(TEXT);
});

test("a key's text is read as it was written", () => {
  const seed = new Uint8Array(32).fill(251);
  const text = formatSignerKey("log.example/one", seed);
  expect(parseSignerKey(text)?.verifier).toMatchObject({ name: "log.example/one" });
});

test.each([
  ["another id", VERIFIER.replace("c74f20a3", "c74f20a4")],
  ["another algorithm", VERIFIER.replace("+ARpc", "+Ahpc")],
  ["a key cut short", VERIFIER.slice(0, -4)],
  ["no name", VERIFIER.replace("PeterNeumann", "")],
  ["a blank in the name", VERIFIER.replace("PeterNeumann", "Peter Neumann")],
  ["nothing", ""],
])("a verifier key with %s is refused", (_what, text) => expect(parseVerifierKey(text)).toBeNull());

const one = signerOf("one", new Uint8Array(32).fill(1));
const two = signerOf("two", new Uint8Array(32).fill(2));

test("signatures of others are passed over; a bad one of this key spoils the note", () => {
  const note = signNote("text\n", [one, two]);
  expect(openNote(note, one.verifier)).toBe("text\n");
  expect(openNote(note, two.verifier)).toBe("text\n");
  const other = signNote("other\n", [one]).split("\n\n")[1]!;
  expect(openNote(note + other, one.verifier)).toBeNull();
  expect(openNote(note + other, two.verifier)).toBe("text\n");
  // The same name with another key is another key.
  expect(openNote(note, signerOf("one", new Uint8Array(32).fill(3)).verifier)).toBeNull();
});

test("any byte that is changed is noticed", () => {
  const note = Buffer.from(signNote("one line\nand another\n", [one]));
  for (const at of note.keys()) {
    const bent = Buffer.from(note);
    bent[at]! ^= 1;
    expect(openNote(bent.toString(), one.verifier), `byte ${at}`).toBeNull();
  }
});

test.each([
  ["no signature", "text\n\n"],
  ["no empty line", "text\n— one AAAAAAAA\n"],
  ["no line feed at the end", "text\n\n— one AAAAAAAA"],
  ["a hyphen for the dash", "text\n\n- one AAAAAAAA\n"],
  ["a control character", "te\u0001xt\n\n— one AAAAAAAA\n"],
  ["base64 that is not the one way", "text\n\n— one AAAAAAB=\n"],
  ["too long a text", `${"x".repeat(1_000_001)}\n\n— one AAAAAAAA\n`],
])("%s is no note", (_what, note) => expect(parseNote(note)).toBeNull());

test("a checkpoint says origin, size and root, and is signed under the origin's name", () => {
  const checkpoint = signCheckpoint(0, emptyRoot(), one);
  expect(checkpoint.note.split("\n\n")[0]).toBe(
    "one\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
  );
  expect(openCheckpoint(checkpoint.note, one.verifier)).toEqual(checkpoint);
  expect(openCheckpoint(checkpoint.note, two.verifier)).toBeNull();
  const foreign = signNote(`three\n0\n${emptyRoot().toString("base64")}\n`, [one]);
  expect(openCheckpoint(foreign, one.verifier)).toBeNull();
});

const ROOT = emptyRoot().toString("base64");
test.each([
  `one\n00\n${ROOT}\n`,
  `one\n-1\n${ROOT}\n`,
  `one\n9007199254740992\n${ROOT}\n`,
  `one\n1e3\n${ROOT}\n`,
  `one\n1\n${ROOT.slice(4)}\n`,
  `\n1\n${ROOT}\n`,
  `one\n1\n${ROOT}`,
  "one\n1\n",
])("%j is no checkpoint", (text) => expect(parseCheckpoint(text)).toBeNull());

test("extension lines are passed over", () =>
  expect(parseCheckpoint(`one\n1\n${ROOT}\nmore\n`)).toMatchObject({ size: 1 }));
