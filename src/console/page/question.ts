import { byId, element } from "./dom.ts";

interface Question {
  readonly title: string;
  readonly text: string;
  /** What it is to be kept under; null where no reason is asked for. */
  readonly reason: string | null;
  readonly act: string;
}

/** Asks before something is done. @returns the reason, empty where none was asked for; null when it was called off */
export function askFirst({ title, text, reason, act }: Question): Promise<string | null> {
  const dialog = byId("ask", HTMLDialogElement);
  const input = element("input", { id: "ask-reason", required: true, maxlength: "500" });
  const cancel = element("button", { type: "button" }, "Leave it");
  const form = element(
    "form",
    { class: "sheet" },
    element("h2", { id: "ask-title" }, title),
    element("p", {}, text),
    ...(reason === null ? [] : [element("label", { for: "ask-reason" }, reason), input]),
    element("div", { class: "acts" }, element("button", { class: "chief" }, act), cancel),
  );
  dialog.replaceChildren(form);
  return new Promise((resolve) => {
    let answer: string | null = null;
    cancel.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer = input.value.trim();
      dialog.close();
    });
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
  });
}
