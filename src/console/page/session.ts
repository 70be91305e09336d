import { ask, type Problem } from "./ask.ts";
import { byId, setProse, setText } from "./dom.ts";
import { sentences } from "./words.ts";

export interface Session {
  readonly principal: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly endsMilliseconds: number | null;
}

const PATH = "/v1/session";
const ENDED = "Your session has ended. Sign in again: the view stays as it is.";
const WELCOME = "Noise in, vetted bytes out, and every refusal explained.";

/** Who looks. Knows the sign-in dialog, and nothing of the view behind it. */
export class SignIn {
  readonly #dialog = byId("sign-in", HTMLDialogElement);
  readonly #token = byId("token", HTMLInputElement);
  readonly #problem = byId("sign-in-problem");
  readonly #signedIn: (session: Session) => void;
  #session: Session | null = null;
  #isOpen = false;

  constructor(signedIn: (session: Session) => void) {
    this.#signedIn = signedIn;
    byId("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    // A browser closes it at a second Escape whatever the page says.
    this.#dialog.addEventListener("close", () => {
      if (this.#isOpen) this.#dialog.showModal();
    });
  }

  may(permission: string): boolean {
    return this.#session?.permissions.includes(permission) ?? false;
  }

  /**
   * Asks whether the session is still there, and for a token where it is not.
   * @returns false where somebody has to sign in first
   */
  async check(): Promise<boolean> {
    const answer = await ask<{ readonly session: Session | null }>("GET", PATH, undefined, true);
    if (!answer.ok) {
      if (this.#session === null) this.open(answer.problem);
      return this.#session !== null;
    }
    const { session } = answer.value;
    if (session === null) this.open();
    else if (this.#session === null || this.#isOpen) this.#enter(session);
    return session !== null;
  }

  open(problem: Problem | null = null): void {
    setText(byId("sign-in-why"), this.#session === null ? WELCOME : ENDED);
    this.#explain(problem);
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#dialog.showModal();
    this.#token.focus();
  }

  async leave(): Promise<void> {
    await ask("DELETE", PATH, undefined, true);
    // Nothing of what was seen stays, for whoever sits here next.
    location.reload();
  }

  async #submit(): Promise<void> {
    const token = this.#token.value.trim();
    // It is nowhere in the page from here on.
    this.#token.value = "";
    this.#explain(null);
    const answer = await ask<{ readonly session: Session }>("POST", PATH, { token }, true);
    if (answer.ok) this.#enter(answer.value.session);
    else {
      this.#explain(answer.problem);
      this.#token.focus();
    }
  }

  #enter(session: Session): void {
    // Nobody is left with what only the last one may see. A token that takes over from one that has
    // expired is another principal, of the same roles.
    if (this.#session?.permissions.some((name) => !session.permissions.includes(name))) {
      location.reload();
      return;
    }
    this.#session = session;
    this.#isOpen = false;
    this.#dialog.close();
    this.#signedIn(session);
  }

  #explain(problem: Problem | null): void {
    setProse(this.#problem, problem === null ? "" : sentences(problem.detail, problem.remedy));
  }
}
