import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnvironment } from "../../source/child.ts";

/*
 * tpm2-tools (5.x), one program a command. An epoch key goes in by stdin and comes out by stdout; on the
 * way to the TPM and back both are encrypted by a session that is salted to the TPM's own primary key, so
 * that a discrete TPM's bus does not show them. Sessions' files lie in memory where there is /dev/shm.
 */

export interface TpmConfiguration {
  readonly name: string;
  /** As tpm2-tools take it: `device:/dev/tpmrm0`, `swtpm:host=127.0.0.1,port=2321`. */
  readonly tcti: string;
  /** Of the SHA-256 bank; the key opens only while they are what they were. None: any state. */
  readonly pcrs: readonly number[];
}

/** A command fails within 10 s or so even on a TPM that must first make room. */
const LONGEST_MILLISECONDS = 30_000;
const ATTRIBUTES = "nt=counter|authread|authwrite|ownerread|ownerwrite|no_da";
/** Part 2, 6.6.3: the last word of `policynv` and of what a policy guards. */
const POLICY_COUNTER = /0x0*126\b/;
const POLICY_FAILED = /0x0*99[dD]\b/;
const NO_INDEX = /0x0*18[bB]\b/;

export class TpmFault extends Error {}

export interface SealedByTpm {
  readonly publicArea: Uint8Array;
  readonly privateArea: Uint8Array;
}

/** One TPM for the length of one piece of work, with a folder for what its programs pass on. */
export class TpmTools {
  readonly #configuration: TpmConfiguration;
  readonly #folder: string;

  private constructor(configuration: TpmConfiguration, folder: string) {
    this.#configuration = configuration;
    this.#folder = folder;
  }

  /** @throws TpmFault with a sentence that holds no secret */
  static async with<Result>(
    configuration: TpmConfiguration,
    work: (tools: TpmTools) => Promise<Result>,
  ): Promise<Result> {
    const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
    const folder = await mkdtemp(join(parent, "springhouse-tpm-"));
    const tools = new TpmTools(configuration, folder);
    try {
      return await work(tools);
    } finally {
      // A TPM without a resource manager keeps what was loaded; there is room for three objects.
      await tools.#flush();
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Makes a monotonic counter. @returns its value; never one that any counter of this TPM had */
  async makeCounter(index: string): Promise<bigint> {
    await this.#run(["tpm2_nvdefine", "-Q", index, "-C", "o", "-s", "8", "-a", ATTRIBUTES]);
    await this.increment(index);
    return await this.counter(index);
  }

  async increment(index: string): Promise<void> {
    await this.#run(["tpm2_nvincrement", "-Q", index]);
  }

  async counter(index: string): Promise<bigint> {
    const value = await this.#run(["tpm2_nvread", index, "-s", "8"]);
    if (value.length !== 8) throw new TpmFault(`its counter ${index} has ${value.length} bytes`);
    return value.readBigUInt64BE();
  }

  /** Whether there is such a counter. */
  async hasCounter(index: string): Promise<boolean> {
    try {
      await this.counter(index);
      return true;
    } catch (error) {
      if (error instanceof TpmFault && error.cause === "no index") return false;
      throw error;
    }
  }

  async removeCounter(index: string): Promise<void> {
    await this.#run(["tpm2_nvundefine", "-Q", index, "-C", "o"]);
  }

  /** Seals bytes so that they open only while the counter stands at `value`, and the PCRs as now. */
  async seal(index: string, value: bigint, secret: Uint8Array): Promise<SealedByTpm> {
    await this.#primary();
    const policy = this.#path("policy");
    await this.#run(["tpm2_startauthsession", "-Q", "-S", this.#path("trial")]);
    await this.#policy("trial", index, value, ["-L", policy]);
    await this.#run(["tpm2_flushcontext", "-Q", this.#path("trial")]);
    await this.#session("encrypting", "--hmac-session");
    const [publicArea, privateArea] = [this.#path("public"), this.#path("private")];
    const create = ["tpm2_create", "-Q", "-C", this.#path("primary"), "-L", policy, "-i", "-"];
    const parts = ["-u", publicArea, "-r", privateArea, "-a", "fixedtpm|fixedparent|noda"];
    const encrypted = ["-P", `session:${this.#path("encrypting")}`];
    await this.#run([...create, ...parts, ...encrypted], secret);
    return {
      publicArea: await readFile(publicArea),
      privateArea: await readFile(privateArea),
    };
  }

  /** @returns what was sealed, for the caller to overwrite */
  async unseal(index: string, value: bigint, sealed: SealedByTpm): Promise<Buffer> {
    await this.#primary();
    await writeFile(this.#path("public"), sealed.publicArea);
    await writeFile(this.#path("private"), sealed.privateArea);
    const parts = ["-u", this.#path("public"), "-r", this.#path("private")];
    const object = this.#path("object");
    await this.#run(["tpm2_load", "-Q", "-C", this.#path("primary"), ...parts, "-c", object]);
    await this.#run(["tpm2_flushcontext", "-Q", "-t"]);
    await this.#session("policy", "--policy-session");
    await this.#policy("policy", index, value, []);
    const session = `session:${this.#path("policy")}`;
    return await this.#run(["tpm2_unseal", "-Q", "-c", object, "-p", session]);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** The storage primary of the owner hierarchy: the same from the same template each time. */
  async #primary(): Promise<void> {
    const primary = this.#path("primary");
    await this.#run([
      "tpm2_createprimary",
      "-Q",
      "-C",
      "o",
      "-g",
      "sha256",
      "-G",
      "ecc",
      "-c",
      primary,
    ]);
    await this.#run(["tpm2_flushcontext", "-Q", "-t"]);
  }

  async #session(name: string, kind: string): Promise<void> {
    const session = this.#path(name);
    const salt = ["-c", this.#path("primary")];
    await this.#run(["tpm2_startauthsession", "-Q", kind, "-S", session, ...salt]);
    await this.#run(["tpm2_sessionconfig", "--enable-encrypt", "--enable-decrypt", session]);
    await this.#run(["tpm2_flushcontext", "-Q", "-t"]);
  }

  async #policy(
    name: string,
    index: string,
    value: bigint,
    output: readonly string[],
  ): Promise<void> {
    const session = ["-Q", "-S", this.#path(name), ...output];
    const { pcrs } = this.#configuration;
    if (pcrs.length > 0)
      await this.#run(["tpm2_policypcr", ...session, "-l", `sha256:${pcrs.join(",")}`]);
    const operand = Buffer.alloc(8);
    operand.writeBigUInt64BE(value);
    await writeFile(this.#path("operand"), operand);
    await this.#run(["tpm2_policynv", ...session, "-i", this.#path("operand"), index, "eq"]);
  }

  async #flush(): Promise<void> {
    if (!this.#configuration.tcti.startsWith("device:/dev/tpmrm"))
      for (const what of ["-t", "-l", "-s"])
        await this.#run(["tpm2_flushcontext", "-Q", what]).catch(() => {});
  }

  #run([program, ...args]: readonly string[], input?: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        program!,
        args,
        {
          encoding: "buffer",
          timeout: LONGEST_MILLISECONDS,
          env: childEnvironment({ TPM2TOOLS_TCTI: this.#configuration.tcti }),
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(faultOf(program!, error, stderr.toString("latin1")));
        },
      );
      child.stdin?.on("error", () => {}); // It ended before it read: its exit tells why.
      child.stdin?.end(input);
    });
  }
}

function faultOf(program: string, error: Error & { code?: unknown }, words: string): TpmFault {
  if (error.code === "ENOENT")
    return new TpmFault(`${program} is not installed (Debian's package tpm2-tools)`);
  if (POLICY_COUNTER.test(words))
    return new TpmFault("its counter stands elsewhere: that epoch is over");
  if (POLICY_FAILED.test(words))
    return new TpmFault("its platform registers (PCRs) are not what they were");
  if (NO_INDEX.test(words))
    return new TpmFault("it has no such counter: another TPM, or one that was cleared", {
      cause: "no index",
    });
  const code = /0x[0-9a-fA-F]{1,8}/.exec(words)?.[0];
  return new TpmFault(
    `${program} failed (${code ?? (typeof error.code === "number" ? `exit code ${error.code}` : "it was ended")})`,
  );
}
