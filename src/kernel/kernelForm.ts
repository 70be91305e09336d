/**
 * The forms of the SHA-256 kernel: WebAssembly with a bank's four instances in lock-step, WebAssembly
 * with one after another, and the plain twin.
 */
export const KERNEL_FORMS = ["four-lanes", "one-lane", "noble"] as const;
export type KernelForm = (typeof KERNEL_FORMS)[number];

/**
 * `SPRINGHOUSE_KERNEL`, so that the tests run through each form and a fault can be looked for without
 * one; `four-lanes` when it is not set.
 * @throws RangeError when it names no form
 */
export function kernelForm(): KernelForm {
  const asked = process.env["SPRINGHOUSE_KERNEL"] || "four-lanes";
  const form = KERNEL_FORMS.find((name) => name === asked);
  if (form === undefined)
    throw new RangeError(`SPRINGHOUSE_KERNEL is ${KERNEL_FORMS.join(", ")}, not ${asked}`);
  return form;
}
