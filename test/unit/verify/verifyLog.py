"""Checks a copy of a transparency log, sharing no line of code with springhouse: Python's standard library alone.

    python3 verifyLog.py DIR [VERIFIER KEY]

DIR is what `springhouse log export` wrote: C2SP tlog-tiles (entry bundles and hash tiles), tlog-checkpoint,
signed-note. Prints `ok SIZE ROOT`, or `leaf N: what is wrong` and exits with 1.
"""

import base64
import hashlib
import json
import os
import re
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


# RFC 8032 5.1, as section 6 of it writes it down: slow, and nobody else's.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = decompress(BASE_Y.to_bytes(32, "little"))


def verifies(public, message, signature):
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    one, other = multiply(s, BASE), add(r, multiply(h, a))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def fail(what):
    print(what)
    sys.exit(1)


def open_note(note, key):
    """The text of a note that this key has signed; None for one that it has not."""
    name, key_id, encoded = key.strip().split("+", 2)
    public = base64.b64decode(encoded)
    if sha256(name.encode() + b"\n" + public)[:4].hex() != key_id or public[0] != 1:
        fail("the key is no Ed25519 key of that name")
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, signed = line.split(" ")
        signed = base64.b64decode(signed)
        if dash == "\u2014" and signer == name and signed[:4].hex() == key_id:
            if not verifies(public[1:], text.encode(), signed[4:]):
                fail("the checkpoint's signature is not good")
            return text
    return None


HANDOVER = re.compile("springhouse log key v1\n([^\n]+)\n([^\n]+)\n\n\u2014 [^\n]+\n\u2014 [^\n]+\n")


def open_checkpoint(note, key, handovers):
    """By the key that is trusted, or one that it leads to: each has signed that the next goes on."""
    keys = [key.strip()]
    for handover in HANDOVER.finditer(handovers):
        one, other = handover.groups()
        if one == keys[-1] and other.split("+")[0] == one.split("+")[0]:
            if open_note(handover[0], one) and open_note(handover[0], other):
                keys.append(other)
    for signer in keys:
        text = open_note(note, signer)
        if text is not None:
            origin, size, root = text.split("\n")[:3]
            if origin != signer.split("+")[0]:
                fail("the checkpoint is of another log")
            return int(size), base64.b64decode(root)
    fail("the checkpoint is not signed by the key")


def path_of(level, index, width):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


def root_of(hashes):
    """RFC 6962 2.1 over the hashes of leaves, or of subtrees of one size."""
    if not hashes:
        return sha256(b"")
    while len(hashes) > 1:
        pairs = [sha256(b"\x01" + hashes[i] + hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        # A last one without a partner goes up as it is, which is what splitting at powers of two comes to.
        hashes = pairs + hashes[len(hashes) - len(hashes) % 2 :]
    return hashes[0]


def main(directory, key=None):
    def read(name):
        try:
            with open(os.path.join(directory, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    handovers = (read("handovers") or b"").decode()
    size, root = open_checkpoint(read("checkpoint").decode(), key or read("log.vkey").decode(), handovers)
    leaves = []
    for first in range(0, size, 256):
        width = min(256, size - first)
        bundle = read(path_of("entries", first // 256, width))
        hashes = read(path_of(0, first // 256, width))
        if bundle is None or hashes is None:
            fail(f"leaf {first}: its tile is missing")
        at = 0
        for leaf in range(first, first + width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            entry = bundle[at + 2 : at + 2 + length]
            if len(bundle) < at + 2 or len(entry) < length:
                fail(f"leaf {leaf}: it is missing")
            at += 2 + length
            leaves.append(sha256(b"\x00" + entry))
            if hashes[(leaf - first) * 32 :][:32] != leaves[leaf]:
                fail(f"leaf {leaf}: it is not what its hash says")
            # Canonical JSON sorts by UTF-16 and writes numbers as ECMAScript does; names here are ASCII.
            members = json.loads(entry, object_pairs_hook=list)
            if [name for name, _ in members] != sorted({name for name, _ in members}):
                fail(f"leaf {leaf}: it is not canonical JSON")
        if at != len(bundle):
            fail(f"leaf {first + width - 1}: its bundle goes on after it")
    level, below = 1, leaves
    while len(below) >= 256:
        above = [root_of(below[i : i + 256]) for i in range(0, len(below) - 255, 256)]
        for index in range(0, len(above), 256):
            run = above[index : index + 256]
            if read(path_of(level, index // 256, len(run))) != b"".join(run):
                fail(f"leaf {index * 256**level}: a tile above it is not the root of its leaves")
        level, below = level + 1, above
    if root_of(leaves) != root:
        fail("leaf 0: the leaves do not give the checkpoint's root")
    print(f"ok {size} {root.hex()}")


main(*sys.argv[1:])
