import { orderForm } from "./orderForm.ts";
import type { OrderKernel } from "./orderKernel.ts";
import { PlainOrder } from "./plainOrder.ts";
import { WasmOrder } from "./wasmOrder.ts";

/**
 * The fastest kernel, by the measurement in README.md, unless the plain one was asked for.
 * @param octets what will be allocated in all
 */
export function createOrderKernel(octets: number): OrderKernel {
  return orderForm() === "plain" ? new PlainOrder() : new WasmOrder(octets);
}
