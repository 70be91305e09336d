"""HMAC_DRBG of SP 800-90A r1 10.1.2 in Python's hmac module, written apart from src/drbg.

It made `independent.rsp` (this folder) and `src/drbg/selfTestVectors.ts`; inputs are counted up
from the name of the case with SHA-256, so nothing in them is chosen. Run it in this folder:
    python3 independentHmacDrbg.py
"""

import hashlib
import hmac


class Drbg:
    def __init__(self, name, seed):
        self.hash = getattr(hashlib, name)
        size = self.hash().digest_size
        self.k, self.v = b"\0" * size, b"\1" * size
        self.update(seed)

    def mac(self, data):
        return hmac.new(self.k, data, self.hash).digest()

    def update(self, data):
        for separator in (b"\0", b"\1") if data else (b"\0",):
            self.k = self.mac(self.v + separator + data)
            self.v = self.mac(self.v)

    def generate(self, count, additional=b"", fresh=None):
        if fresh is not None:
            self.update(fresh + additional)
            additional = b""
        if additional:
            self.update(additional)
        out = b""
        while len(out) < count:
            self.v = self.mac(self.v)
            out += self.v
        self.update(additional)
        return out[:count]


def take(name, count):
    return hashlib.shake_256(name.encode()).digest(count)


def rsp():
    lines = ["# Made by independentHmacDrbg.py, in the format of NIST's CAVS files"]
    for name, label in (("sha256", "SHA-256"), ("sha384", "SHA-384"), ("sha512", "SHA-512")):
        for form in ("no_reseed", "reseed", "pr"):
            for pers in (0, 32):
                for extra in (0, 32):
                    lines += ["", f"[{label}]", f"[PredictionResistance = {form == 'pr'}]",
                              "[EntropyInputLen = 256]", "[NonceLen = 128]",
                              f"[PersonalizationStringLen = {8 * pers}]",
                              f"[AdditionalInputLen = {8 * extra}]", "[ReturnedBitsLen = 1064]"]
                    for count in range(2):
                        def part(what, size):
                            return take(f"{name}/{form}/{pers}/{extra}/{count}/{what}", size)
                        entropy, nonce, string = part("entropy", 32), part("nonce", 16), part("pers", pers)
                        drbg = Drbg(name, entropy + nonce + string)
                        lines += ["", f"COUNT = {count}", f"EntropyInput = {entropy.hex()}",
                                  f"Nonce = {nonce.hex()}", f"PersonalizationString = {string.hex()}"]
                        if form == "reseed":
                            fresh, additional = part("reseed", 32), part("reseed-additional", extra)
                            drbg.update(fresh + additional)
                            lines += [f"EntropyInputReseed = {fresh.hex()}",
                                      f"AdditionalInputReseed = {additional.hex()}"]
                        for turn in range(2):
                            additional = part(f"additional-{turn}", extra)
                            fresh = part(f"pr-{turn}", 32) if form == "pr" else None
                            lines.append(f"AdditionalInput = {additional.hex()}")
                            if fresh is not None:
                                lines.append(f"EntropyInputPR = {fresh.hex()}")
                            out = drbg.generate(133, additional, fresh)
                        lines.append(f"ReturnedBits = {out.hex()}")
    return "\n".join(lines) + "\n"


def self_test_vectors():
    lines = ['import type { SelfTestVector } from "./selfTest.ts";', "",
             "/** Made by test/unit/drbg/independentHmacDrbg.py; none of our own code had a part in it. */",
             "export const SELF_TEST_VECTORS: readonly SelfTestVector[] = ["]
    for name in ("sha256", "sha384", "sha512"):
        def part(what, size):
            return take(f"self-test/{name}/{what}", size)
        values = {"entropyInput": part("entropy", 32), "nonce": part("nonce", 16),
                  "personalization": part("personalization", 16),
                  "additionalInput": part("additional", 16),
                  "reseedEntropy": part("reseed", 32), "reseedAdditional": part("reseed-additional", 16),
                  "freshEntropy": part("fresh", 32), "freshAdditional": part("fresh-additional", 16)}
        drbg = Drbg(name, values["entropyInput"] + values["nonce"] + values["personalization"])
        values["generated"] = drbg.generate(80)
        values["generatedWithAdditional"] = drbg.generate(80, values["additionalInput"])
        drbg.update(values["reseedEntropy"] + values["reseedAdditional"])
        values["generatedAfterReseed"] = drbg.generate(80)
        values["generatedFresh"] = drbg.generate(80, values["freshAdditional"], values["freshEntropy"])
        values["hmacKey"], values["hmacMessage"] = part("hmac-key", 40), part("hmac-message", 200)
        values["hmac"] = hmac.new(values["hmacKey"], values["hmacMessage"], name).digest()
        lines += ["  {", f'    hash: "{name}",'] + [f'    {k}: "{v.hex()}",' for k, v in values.items()] + ["  },"]
    return "\n".join(lines + ["];", ""])


if __name__ == "__main__":
    with open("independent.rsp", "w") as file:
        file.write(rsp())
    with open("../../../src/drbg/selfTestVectors.ts", "w") as file:
        file.write(self_test_vectors())
