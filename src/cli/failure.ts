/** Ends a command: 1 refused or failed, 2 wrong usage. Shown as one line, and a remedy. */
export class Failure extends Error {
  readonly exitCode: 1 | 2;
  readonly remedy: string | null;

  constructor(exitCode: 1 | 2, message: string, remedy: string | null = null) {
    super(message);
    this.name = "Failure";
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
