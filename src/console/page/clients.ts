import type { ClientFigures } from "../../port/live.ts";
import { byId, element, Rows, setAttributes, setText } from "./dom.ts";
import { bytes, count, type Rates } from "./format.ts";

const SHOWN = 8;

/** Who draws. */
export class Clients {
  readonly list = element("ul", { class: "taps" });
  readonly #empty = element("p", { class: "facts" }, "Nobody has drawn since the start.");
  readonly #more = element("p", { class: "facts" });
  readonly #rates: Rates;
  #now = 0;
  readonly #rows: Rows<ClientFigures>;

  constructor(rates: Rates) {
    this.#rates = rates;
    this.#rows = new Rows<ClientFigures>(
      this.list,
      ({ principal }) => principal ?? "",
      () => this.#make(),
    );
    byId("clients").replaceChildren(
      element("h2", {}, "Clients"),
      this.list,
      this.#empty,
      this.#more,
    );
  }

  /** @param sees whether whoever looks may be told of clients */
  update(clients: readonly ClientFigures[], now: number, sees: boolean): void {
    this.#now = now;
    const most = new Set(clients.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN));
    // In the order in which they came, so that nothing jumps while one reads.
    const shown = clients.filter((client) => most.has(client));
    this.#rows.update(shown);
    setText(
      this.#empty,
      sees
        ? "Nobody has drawn since the start."
        : "Who draws is for operators and auditors to see.",
    );
    setAttributes(this.#empty, { hidden: shown.length > 0 });
    const rest = clients.length - shown.length;
    setText(this.#more, rest > 0 ? `and ${rest} more` : "");
    setAttributes(this.#more, { hidden: rest <= 0 });
  }

  #make() {
    const name = element("h3");
    const id = element("span", { class: "facts" });
    const figure = element("p", { class: "figure" });
    const item = element("li", { class: "tap" }, name, figure, id);
    return {
      element: item,
      update: (client: ClientFigures): void => {
        const { principal, requests, bytes: drawn } = client;
        const rate = this.#rates.next(`client ${principal}`, drawn, this.#now);
        const draws = rate >= 1;
        setAttributes(item, { "data-draws": String(draws) });
        setText(name, client.name ?? principal ?? "all others");
        setText(figure, draws ? `${bytes(rate)}/s` : "quiet");
        setAttributes(item, { title: principal });
        setText(id, `${bytes(drawn)} in ${count(requests)} request${requests === 1 ? "" : "s"}`);
      },
    };
  }
}
