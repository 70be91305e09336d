/** The forms of the order kernel: WebAssembly, sixteen symbols at a time, and the plain twin. */
export const ORDER_FORMS = ["sixteen-lanes", "plain"] as const;
export type OrderForm = (typeof ORDER_FORMS)[number];

/**
 * `SPRINGHOUSE_ORDER_KERNEL`, so that the tests run through each form and a figure can be looked into
 * without WebAssembly; `sixteen-lanes` when it is not set.
 * @throws RangeError when it names no form
 */
export function orderForm(): OrderForm {
  const asked = process.env["SPRINGHOUSE_ORDER_KERNEL"] || "sixteen-lanes";
  const form = ORDER_FORMS.find((name) => name === asked);
  if (form === undefined)
    throw new RangeError(`SPRINGHOUSE_ORDER_KERNEL is ${ORDER_FORMS.join(" or ")}, not ${asked}`);
  return form;
}
