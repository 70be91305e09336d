import type { SourceSnapshot } from "../../port/snapshot.ts";
import { ask, type Problem } from "./ask.ts";
import { element, setAttributes, setProse, setText } from "./dom.ts";
import { count, duration, short, type Rates } from "./format.ts";
import { Margins } from "./margins.ts";
import { askFirst } from "./question.ts";
import { Raster } from "./raster.ts";
import { Strip } from "./strip.ts";
import { MEANINGS, sentences, SIGNS, words } from "./words.ts";

export interface SourceTerms {
  readonly rates: Rates;
  now(): number;
  may(permission: string): boolean;
  /** Whether there is room to show everything at once. */
  readonly isRoomy: boolean;
}

const COST =
  "512 samples a second at most, and one in sixteen, are then taken out to be seen. They never seed anything. The live estimate has shorter runs to go by meanwhile, so that its lower bound sinks. After a minute it ends by itself.";

/** One spring: who it is, how it is, how close it is to an alarm, and its water. */
export class SourceView {
  readonly strip = new Strip();
  readonly element: HTMLElement;
  readonly #terms: SourceTerms;
  readonly #sign = element("span", { class: "sign", "aria-hidden": "true" });
  readonly #state = element("span", { class: "state" });
  readonly #facts = element("p", { class: "facts" });
  readonly #cause = element("p", { class: "cause", role: "status" });
  readonly #problem = element("p", { class: "problem", role: "alert" });
  readonly #margins: Margins;
  readonly #bed: HTMLElement;
  readonly #caption = element("p", { class: "caption" });
  readonly #show = element("button", { type: "button" });
  readonly #test = element("button", { type: "button" }, "Test now");
  readonly #reset = element("button", { type: "button", class: "chief" }, "Reset…");
  readonly #raster: Raster;
  #source: SourceSnapshot;
  #rate = 0;

  constructor(source: SourceSnapshot, terms: SourceTerms) {
    this.#source = source;
    this.#terms = terms;
    this.#margins = new Margins(terms.isRoomy);
    this.#raster = new Raster(this.strip, (problem) => {
      this.#explain(problem);
      this.#say();
    });
    const title = `source-${source.id}`;
    this.#bed = element("div", { class: "bed" }, this.strip.canvas);
    this.element = element(
      "article",
      { class: "source", "aria-labelledby": title },
      element(
        "header",
        {},
        element("h3", { id: title }, source.id),
        element("p", { class: "how" }, this.#sign, this.#state),
      ),
      this.#facts,
      this.#bed,
      element(
        "div",
        { class: "under" },
        this.#caption,
        element("div", { class: "acts" }, this.#show, this.#test, this.#reset),
      ),
      this.#cause,
      this.#problem,
      this.#margins.element,
    );
    this.#show.addEventListener("click", () => this.#toggle());
    this.#test.addEventListener("click", () => void this.#runTest());
    this.#reset.addEventListener("click", () => void this.#askReset());
  }

  get id(): string {
    return this.#source.id;
  }

  get snapshot(): SourceSnapshot {
    return this.#source;
  }

  /** Samples a second. */
  get rate(): number {
    return this.#rate;
  }

  update(source: SourceSnapshot): void {
    this.#source = source;
    const { state, cause, detail, remedy, tests } = source;
    const now = this.#terms.now();
    this.#rate = this.#terms.rates.next(`source ${source.id}`, source.samplesTotal, now);
    const flows = state !== "absent" && this.#rate > 0;
    setAttributes(this.element, { "data-state": state, "data-credited": String(source.credited) });
    setText(this.#sign, SIGNS[state]);
    setText(this.#state, `${state} for ${duration(now - source.sinceMilliseconds)}`);
    setText(this.#facts, this.#factsOf(source));
    this.strip.flow(flows ? this.#rate : 0);
    const why = state === "healthy" ? "" : sentences(detail || MEANINGS[state], remedy ?? "");
    setProse(this.#cause, why === "" || cause === null ? why : `${words(cause)}: ${why}`);
    this.#margins.update(tests);
    this.#say();
    setAttributes(this.#reset, {
      hidden: !(state === "failed" && this.#terms.may("sources.reset")),
    });
    setAttributes(this.#test, {
      hidden: !(this.#terms.may("sources.test") && (state === "healthy" || state === "suspect")),
    });
  }

  #factsOf(source: SourceSnapshot): string {
    const { kind, assessedEntropy, live, poolBlocks, droppedSamplesTotal } = source;
    const figures = live?.figures.map(({ lower }) => lower) ?? [];
    const least = figures.length > 0 ? Math.min(...figures).toFixed(2) : "none yet";
    return [
      kind,
      assessedEntropy > 0
        ? `H claimed ${assessedEntropy} of ${source.bitsPerSample} bits, live at least ${least}`
        : "credit 0",
      `${poolBlocks} blocks`,
      ...(droppedSamplesTotal > 0 ? [`${count(droppedSamplesTotal)} dropped`] : []),
    ].join(" · ");
  }

  #say(): void {
    const isOn = this.#raster.isOn;
    const { divertedSamplesTotal, state } = this.#source;
    const diverted = `${count(divertedSamplesTotal)} diverted so far`;
    const rate = state === "absent" ? "dry" : `${short(this.#rate)} samples/s`;
    setText(
      this.#caption,
      isOn ? `Samples as they come, each taken out of the water · ${diverted}` : rate,
    );
    setText(this.#show, isOn ? "Hide samples" : "Show samples");
    setAttributes(this.#show, {
      title: COST,
      hidden: !this.#terms.may("sources.tap"),
      "aria-pressed": String(isOn),
    });
  }

  async #begin(): Promise<void> {
    const act = await askFirst({
      title: `Show samples of ${this.id}?`,
      text: COST,
      reason: null,
      act: "Show them",
    });
    if (act === null) return;
    this.#explain(null);
    this.#raster.start(this.id, this.#source.bitsPerSample);
    this.#say();
  }

  #toggle(): void {
    if (this.#raster.isOn) this.#raster.stop();
    else void this.#begin();
  }

  async #askReset(): Promise<void> {
    const { id, detail } = this.#source;
    const reason = await askFirst({
      title: `Reset ${id}?`,
      text: `It failed: ${detail} A reset takes it back to its startup test; it is credited again if it passes. Who did it, and why, is kept.`,
      reason: "What was the cause, and why is it gone?",
      act: "Reset it",
    });
    if (reason === null) return;
    const answer = await ask("POST", `/v1/sources/${id}/reset`, { reason });
    this.#explain(answer.ok ? null : answer.problem);
  }

  async #runTest(): Promise<void> {
    const answer = await ask("POST", `/v1/sources/${this.id}/test`, {});
    this.#explain(answer.ok ? null : answer.problem);
  }

  #explain(problem: Problem | null): void {
    setProse(this.#problem, problem === null ? "" : sentences(problem.detail, problem.remedy));
  }
}
