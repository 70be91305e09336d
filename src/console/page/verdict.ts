import type { ServiceSnapshot } from "../../port/snapshot.ts";
import { byId, element, Rows, setAttributes, setProse, setText } from "./dom.ts";
import { duration } from "./format.ts";
import { sentences, words } from "./words.ts";

type Cause = ServiceSnapshot["unready"][number];

function titleOf({ ready, shape, quorum, unready }: ServiceSnapshot): readonly [string, string] {
  if (!ready) return ["refusing", unready.length > 0 ? "Refusing, and here is why" : "Refusing"];
  if (shape !== "RBGC" && !quorum.met)
    return ["edge", "Serving from the last seeds: the quorum is lost"];
  return ["serving", "Serving vetted bytes"];
}

function quorumOf({ shape, quorum }: ServiceSnapshot): string {
  if (shape === "RBGC") return "RBGC over the OS RNG, no credited noise";
  const { available, sources, withoutBest } = quorum;
  const spare = withoutBest > 0 ? `, strong without the best ${withoutBest}` : "";
  return `${shape}, ${available} of ${sources} sources of its quorum${spare}`;
}

/** One sentence on the whole service; where it refuses, each cause with its remedy. */
export class Verdict {
  readonly #section = byId("verdict");
  readonly #title = element("h1", { id: "verdict-title", "aria-live": "polite" });
  readonly #facts = element("p", { class: "facts" });
  readonly #reasons = element("ul");
  readonly #causes: Rows<Cause>;
  readonly #reasonRows: Rows<string>;

  constructor() {
    const causes = element("ul", { class: "causes" });
    this.#causes = new Rows(causes, ({ code, source }) => `${code} ${source}`, makeCause);
    this.#reasonRows = new Rows(this.#reasons, (reason) => reason, makeReason);
    const why = element(
      "details",
      { class: "why" },
      element("summary", {}, "Not validated: why"),
      this.#reasons,
    );
    this.#section.replaceChildren(this.#title, this.#facts, causes, why);
  }

  update(status: ServiceSnapshot): void {
    const [state, title] = titleOf(status);
    setAttributes(this.#section, { "data-state": state });
    setText(this.#title, title);
    const { version, startedMilliseconds, atMilliseconds, reasons, unready, vault } = status;
    const sealed = vault.initialised ? `vault ${vault.sealed ? "sealed" : "open"}` : "no vault";
    setText(
      this.#facts,
      [
        quorumOf(status),
        sealed,
        `up ${duration(atMilliseconds - startedMilliseconds)}`,
        `version ${version}`,
      ].join(" · "),
    );
    document.title = `${state === "serving" ? "" : "! "}springhouse: ${title.toLowerCase()}`;
    this.#causes.update(unready);
    this.#reasonRows.update(reasons);
  }
}

function makeCause() {
  const code = element("strong");
  const detail = element("span");
  const remedy = element("span", { class: "remedy" });
  return {
    element: element("li", {}, code, detail, remedy),
    update(cause: Cause): void {
      setText(code, words(cause.code));
      setText(detail, sentences(cause.detail));
      setProse(remedy, cause.remedy);
    },
  };
}

function makeReason() {
  const item = element("li");
  return { element: item, update: (reason: string) => setText(item, reason) };
}
