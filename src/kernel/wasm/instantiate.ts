/** As much of it as is used here: the types of Node.js do not have it. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What a module exports; its functions are compiled with their first call. @throws Error for a bad module */
export function instantiate(binary: Uint8Array<ArrayBuffer>): unknown {
  return new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
}
