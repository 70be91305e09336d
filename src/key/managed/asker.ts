import { refuse } from "../../port/errors.ts";

/** Who asks. */
export interface Asker {
  readonly id: string;
  /** May do this with keys of others. */
  readonly anyKey: boolean;
}

/** One answer for a key that is not there and for one that is none of the asker's business. */
export const NO_SUCH_KEY = refuse("not_found", "No such key.", {
  remedy: "See `GET /v1/keys` for the keys that you may use.",
});
