import type { OrderKernel } from "./orderKernel.ts";
import { WasmOrder } from "./wasmOrder.ts";

/** The fastest kernel, by the measurement in README.md. @param octets what will be allocated in all */
export function createOrderKernel(octets: number): OrderKernel {
  return new WasmOrder(octets);
}
