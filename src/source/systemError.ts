import type { SessionEnd, SessionEndReason } from "../port/source.ts";

const WHILE_OPENING: Readonly<Record<string, SessionEndReason>> = {
  EACCES: "permission",
  EPERM: "permission",
  EBUSY: "locked", // /dev/tpm0 and exclusive ttys answer this while another program holds them
  ETXTBSY: "locked",
  ETIMEDOUT: "silent",
};

/** The errno's name (`ENOENT`) of an error of node:fs, node:net or node:child_process. */
export function errnoOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" ? code : "unknown error";
}

/** Why an open failed. Whatever is neither a matter of rights nor of locks counts as absent. */
export function openFailure(error: unknown, location: string): SessionEnd {
  const code = errnoOf(error);
  return {
    reason: WHILE_OPENING[code] ?? "absent",
    detail: `${location} cannot be opened: ${code}`,
  };
}
