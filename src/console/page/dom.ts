type Attributes = Readonly<Record<string, string | boolean | null>>;

/** An element with attributes and children. Text is text: nothing is ever parsed as markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** Null and false take an attribute away, true gives it without a value. */
export function setAttributes(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const wanted = value === true ? "" : value === false ? null : value;
    if (node.getAttribute(name) === wanted) continue;
    if (wanted === null) node.removeAttribute(name);
    else node.setAttribute(name, wanted);
  }
}

/** Only where it differs: what a reader has selected, or a screen reader has read, stays as it is. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

const proseOf = new WeakMap<Element, string>();

/** Text in which what stands between backticks is code, as the catalogue of errors writes it. */
export function setProse(node: Element, text: string): void {
  if (proseOf.get(node) === text) return;
  proseOf.set(node, text);
  node.replaceChildren(
    ...text.split("`").map((part, index) => (index % 2 === 0 ? part : element("code", {}, part))),
  );
}

/** @param kind what it is; default any element of HTML */
export function byId<Kind extends HTMLElement = HTMLElement>(
  id: string,
  kind: (new () => Kind) | typeof HTMLElement = HTMLElement,
): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no #${id}`);
  return found as Kind;
}

interface View<Item> {
  readonly element: Element;
  update(item: Item): void;
}

/** A list that keeps the elements of items that stay, so that focus and motion stay with them. */
export class Rows<Item> {
  readonly #parent: Element;
  readonly #keyOf: (item: Item) => string;
  readonly #make: (item: Item) => View<Item>;
  readonly #views = new Map<string, View<Item>>();

  constructor(parent: Element, keyOf: (item: Item) => string, make: (item: Item) => View<Item>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  update(items: readonly Item[]): void {
    const gone = new Set(this.#views.keys());
    let before: Element | null = null;
    for (const item of items) {
      const key = this.#keyOf(item);
      gone.delete(key);
      let view = this.#views.get(key);
      if (view === undefined) this.#views.set(key, (view = this.#make(item)));
      view.update(item);
      const next: Element | null =
        before === null ? this.#parent.firstElementChild : before.nextElementSibling;
      if (view.element !== next) this.#parent.insertBefore(view.element, next);
      before = view.element;
    }
    for (const key of gone) {
      this.#views.get(key)!.element.remove();
      this.#views.delete(key);
    }
  }
}
