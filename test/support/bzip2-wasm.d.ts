declare module "bzip2-wasm" {
  /** The C library as emscripten exports it; memory can grow, which detaches views taken before. */
  interface Bzip2Module {
    readonly HEAPU8: Uint8Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    setValue(pointer: number, value: number, type: "i32"): void;
    getValue(pointer: number, type: "i32"): number;
    _BZ2_bzBuffToBuffCompress(
      destination: number,
      destinationLength: number,
      source: number,
      sourceLength: number,
      blockSize: number,
      verbosity: number,
      workFactor: number,
    ): number;
  }
  export default class BZip2 {
    wasmModule: Bzip2Module;
    init(): Promise<void>;
  }
}
