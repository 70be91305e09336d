import { SHA256_WASM } from "./sha256Wasm.ts";
import * as Layout from "./wasm/layout.ts";

/** What `wasm/sha256Module.ts` exports. Addresses and counts are not checked there. */
interface Sha256Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  absorb(state: number, bytes: number): void;
  finish(context: number): void;
  next(context: number): void;
  chain(context: number, out: number, count: number): void;
  updateWithNull(context: number): void;
  chainFour(out: number, count: number): void;
}

const MODULE = new WebAssembly.Module(Buffer.from(SHA256_WASM, "base64"));

/**
 * One memory of the kernel with the states of four HMAC_DRBGs, the lanes. It lies outside V8's heap,
 * so that the collector never moves (copies) it.
 */
export class Sha256Lanes {
  readonly kernel: Sha256Exports;
  readonly bytes: Uint8Array;

  constructor() {
    this.kernel = new WebAssembly.Instance(MODULE).exports as Sha256Exports;
    this.bytes = new Uint8Array(this.kernel.memory.buffer);
  }

  /** @returns the address of a lane's context */
  context(lane: number): number {
    return Layout.CONTEXTS + lane * Layout.CONTEXT_BYTES;
  }

  /** Moves bytes out of the memory: there they are overwritten. */
  take(address: number, out: Uint8Array): void {
    const { bytes } = this;
    const end = address + out.length;
    // For a few dozen bytes `set` of a `subarray` costs more than it copies.
    if (out.length <= 64) for (let i = 0; i < out.length; i++) out[i] = bytes[address + i]!;
    else out.set(bytes.subarray(address, end));
    bytes.fill(0, address, end);
  }

  wipeScratch(): void {
    this.bytes.fill(0, Layout.SCRATCH, Layout.SCRATCH_END);
  }
}
