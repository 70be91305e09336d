import { createHmac } from "node:crypto";

/** The random bit generator that C2SP det-keygen derives a key from. */
export interface SeededDrbg {
  /** One generate request of SP 800-90A 10.1.2.5, without additional input. */
  generate(bytes: number): Uint8Array;
  wipe(): void;
}

export function openSeededDrbg(seed: Uint8Array, personalization: Uint8Array): SeededDrbg {
  const hmac = (k: Uint8Array, ...d: Uint8Array[]) => {
    const h = createHmac("sha256", k);
    for (const x of d) h.update(x);
    return new Uint8Array(h.digest());
  };
  let K: Uint8Array = new Uint8Array(32),
    V: Uint8Array = new Uint8Array(32).fill(1);
  const update = (...d: Uint8Array[]) => {
    K = hmac(K, V, Uint8Array.of(0), ...d);
    V = hmac(K, V);
    if (d.length) {
      K = hmac(K, V, Uint8Array.of(1), ...d);
      V = hmac(K, V);
    }
  };
  update(seed, personalization);
  return {
    generate(bytes) {
      const out = new Uint8Array(bytes);
      for (let o = 0; o < bytes; o += 32) {
        V = hmac(K, V);
        out.set(V.subarray(0, Math.min(32, bytes - o)), o);
      }
      update();
      return out;
    },
    wipe() {
      K.fill(0);
      V.fill(0);
    },
  };
}
