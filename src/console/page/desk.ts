import type { AssessmentLine, StatusFrame } from "../../port/live.ts";
import type { ServiceSnapshot } from "../../port/snapshot.ts";
import { ask, type Problem } from "./ask.ts";
import { capture } from "./capture.ts";
import { byId, element, Rows, setAttributes, setProse, setText } from "./dom.ts";
import { clockTime, count } from "./format.ts";
import { LIVE_SUITES, sentences } from "./words.ts";

const SAMPLES = 1_000_000;
/** A page holds them in memory; the command line writes them as they come. */
const MOST_CAPTURED = 100_000_000;

/** Where an auditor takes samples and has them judged. */
export class Desk {
  readonly #section = byId("desk");
  readonly #source = element("select", { id: "desk-source" });
  readonly #samples = element("input", {
    id: "desk-samples",
    type: "number",
    min: "1",
    max: String(MOST_CAPTURED),
    value: String(SAMPLES),
    required: true,
  });
  readonly #suite = element("select", { id: "desk-suite" });
  readonly #capture = element("button", { type: "button" }, "Capture to a file");
  readonly #problem = element("p", { class: "problem", role: "alert" });
  readonly #bar = element("progress", { "aria-label": "Samples captured" });
  readonly #progress = element("p", { class: "facts", role: "status" });
  readonly #files = element("p", { class: "files" });
  readonly #lines: Rows<AssessmentLine>;
  readonly #options: Rows<string>;
  #status: ServiceSnapshot | null = null;
  #running: AbortController | null = null;

  constructor() {
    this.#options = new Rows<string>(this.#source, (id) => id, makeOption);
    for (const [value, title] of LIVE_SUITES)
      this.#suite.append(element("option", { value }, title));
    const list = element("ol", { class: "assessments" });
    this.#lines = new Rows<AssessmentLine>(
      list,
      ({ id }) => id,
      () => makeLine((problem) => this.#explain(problem)),
    );
    const form = element(
      "form",
      { class: "desk-form" },
      field("Source", this.#source),
      field("Samples", this.#samples),
      field("Suite", this.#suite),
      element(
        "div",
        { class: "acts" },
        element("button", { type: "submit", class: "chief" }, "Assess"),
        this.#capture,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#assess();
    });
    this.#capture.addEventListener("click", () => void this.#takeSamples(form));
    this.#showProgress(null);
    this.#section.replaceChildren(
      element("h2", { id: "desk-title" }, "The auditor's desk"),
      element(
        "p",
        { class: "facts" },
        "What is taken here is diverted: it never seeds anything, and the source gives no credit meanwhile.",
      ),
      form,
      this.#problem,
      this.#bar,
      this.#progress,
      this.#files,
      list,
    );
  }

  update({ status, assessments }: StatusFrame, may: (permission: string) => boolean): void {
    this.#status = status;
    setAttributes(this.#section, { hidden: !may("assessments.run") });
    const first = status.sources.toSorted((a, b) => b.assessedEntropy - a.assessedEntropy);
    this.#options.update(first.map(({ id }) => id));
    this.#lines.update(assessments.toReversed());
  }

  async #assess(): Promise<void> {
    const query = new URLSearchParams({
      suite: this.#suite.value,
      source: this.#source.value,
      samples: this.#samples.value,
    });
    const answer = await ask("POST", `/v1/assessments?${query}`);
    this.#explain(answer.ok ? null : answer.problem);
  }

  async #takeSamples(form: HTMLFormElement): Promise<void> {
    if (this.#running !== null) {
      this.#running.abort();
      return;
    }
    if (this.#status === null || !form.reportValidity()) return;
    const source = this.#source.value;
    const samples = Number(this.#samples.value);
    const running = new AbortController();
    this.#running = running;
    this.#explain(null);
    this.#files.replaceChildren();
    setText(this.#capture, "Call it off");
    this.#showProgress(0, samples);
    const result = await capture({
      source,
      samples,
      status: this.#status,
      signal: running.signal,
      progress: (taken) => this.#showProgress(taken, samples),
    });
    this.#running = null;
    setText(this.#capture, "Capture to a file");
    this.#showProgress(null);
    if ("code" in result) this.#explain(result);
    else {
      const name = `${source}.bin`;
      this.#files.append(
        file(name, result.samples, `${name}, ${count(samples)} samples`),
        file(`${name}.json`, result.manifest, `${name}.json, its manifest`),
      );
    }
  }

  #showProgress(taken: number | null, of = 1): void {
    this.#bar.hidden = taken === null;
    this.#bar.max = of;
    this.#bar.value = taken ?? 0;
    setText(this.#progress, taken === null ? "" : `${count(taken)} of ${count(of)} samples`);
  }

  #explain(problem: Problem | null): void {
    setProse(this.#problem, problem === null ? "" : sentences(problem.detail, problem.remedy));
  }
}

function field(label: string, control: HTMLElement): HTMLElement {
  return element("div", { class: "field" }, element("label", { for: control.id }, label), control);
}

function makeOption(id: string) {
  const option = element("option", { value: id }, id);
  return { element: option, update: () => {} };
}

function file(name: string, content: Blob, text: string): HTMLElement {
  return element("a", { href: URL.createObjectURL(content), download: name }, text);
}

function makeLine(explain: (problem: Problem | null) => void) {
  const title = element("strong");
  const state = element("span", { class: "state" });
  const when = element("span", { class: "when" });
  const progress = element("p", { class: "facts" });
  const report = element("a", { target: "_blank", rel: "noreferrer" }, "Open the report");
  const cancel = element("button", { type: "button" }, "Cancel");
  let id = "";
  const cancelIt = async (): Promise<void> => {
    const answer = await ask("DELETE", `/v1/assessments/${id}`);
    explain(answer.ok ? null : answer.problem);
  };
  cancel.addEventListener("click", () => void cancelIt());
  const item = element(
    "li",
    {},
    element("header", {}, title, state, when),
    progress,
    element("div", { class: "acts" }, report, cancel),
  );
  return {
    element: item,
    update(line: AssessmentLine): void {
      id = line.id;
      const names = new Map(LIVE_SUITES);
      setAttributes(item, { "data-state": line.state });
      setText(title, `${line.subject}: ${names.get(line.suite) ?? line.suite}`);
      setText(state, line.state);
      setText(when, clockTime(line.startedMilliseconds, Date.now()));
      setText(progress, line.progress);
      setAttributes(report, {
        hidden: line.state !== "finished",
        href: `/v1/assessments/${line.id}/report`,
      });
      setAttributes(cancel, { hidden: line.endedMilliseconds !== null });
    },
  };
}
