import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import type { Retired, Sealed, SlotKeeper } from "./slot.ts";
import { type TpmConfiguration, TpmFault, TpmTools } from "./tpmTools.ts";

const Hex = Type.String({ pattern: "^([0-9a-f]{2})+$", maxLength: 8192 });
const PARAMETERS = Type.Object(
  {
    /** NV index of the slot's counter. */
    index: Type.String({ pattern: "^0x01[0-9a-f]{6}$" }),
    /** What the counter must stand at for this epoch, in decimal. */
    counter: Type.String({ pattern: "^[0-9]{1,20}$" }),
    publicArea: Hex,
  },
  { additionalProperties: false },
);
type Parameters = Static<typeof PARAMETERS>;

/** TCG Registry of reserved handles: 0x01400000 to 0x017fffff are the owner's. */
function indexOf(slot: string): string {
  return `0x015${slot.slice("slot-".length, "slot-".length + 5)}`;
}

/**
 * Epoch keys sealed by a TPM 2.0 under a policy of PCRs and a counter of the slot's own. The counter
 * stands one higher for each epoch and never goes back, not even when it is removed and made anew, so
 * a copy of what was stored before does not open.
 */
export function tpmSlots(tpms: readonly TpmConfiguration[]): SlotKeeper {
  async function work<Result>(
    place: string | null,
    task: (tools: TpmTools) => Promise<Result>,
  ): Promise<Result | Refusal> {
    const tpm = tpms.find(({ name }) => name === place);
    if (tpm === undefined)
      return refuse("slot_refused", `The configuration has no seal.tpms named ${place}.`);
    try {
      return await TpmTools.with(tpm, task);
    } catch (error) {
      if (error instanceof TpmFault)
        return refuse("slot_refused", `TPM ${tpm.name}: ${error.message}.`);
      throw error;
    }
  }

  async function seal(
    tools: TpmTools,
    index: string,
    counter: bigint,
    key: LockedBytes,
  ): Promise<Sealed> {
    const epochKey = key.use((bytes) => Uint8Array.from(bytes));
    const made = await tools.seal(index, counter, epochKey).finally(() => epochKey.fill(0));
    const publicArea = Buffer.from(made.publicArea).toString("hex");
    const parameters: Parameters = { index, counter: String(counter), publicArea };
    return { ok: true, parameters: JSON.stringify(parameters), sealed: made.privateArea };
  }

  return {
    opensByItself: true,
    create: ({ id }, { place }, key) =>
      work(place, async (tools) => {
        const index = indexOf(id);
        const counter = await tools.makeCounter(index);
        const made = await seal(tools, index, counter, key);
        // A slot that does not open what it was given is found out while there is another way.
        await open(tools, made.parameters, made.sealed).then((bytes) => bytes.fill(0));
        return made;
      }),
    renew: (_terms, slot, key) =>
      work(slot.place, (tools) => {
        const { index, counter } = parse(slot);
        return seal(tools, index, BigInt(counter) + 1n, key);
      }),
    open: (_terms, slot) =>
      work(slot.place, async (tools) => ({
        ok: true as const,
        epochKey: await open(tools, slot.parameters, slot.sealed),
      })),
    async retire(_terms, slot, removed): Promise<Retired> {
      const ended = await work(slot.place, async (tools) => {
        const { index, counter } = parse(slot);
        if (!(await tools.hasCounter(index))) return "gone" as const;
        while ((await tools.counter(index)) <= BigInt(counter)) await tools.increment(index);
        const now = await tools.counter(index);
        if (removed) await tools.removeCounter(index);
        return now;
      });
      if (typeof ended === "object") return { assurance: "pending", detail: ended.detail };
      const detail =
        ended === "gone"
          ? "The TPM has the counter no more, and gives no new one a value that it had."
          : `The TPM's counter stands at ${ended}, and the sealed key's policy wants less.`;
      return { assurance: "hardware", detail };
    },
  };
}

async function open(tools: TpmTools, text: string, privateArea: Uint8Array): Promise<Buffer> {
  const { index, counter, publicArea } = parse({ parameters: text });
  const sealed = { publicArea: Buffer.from(publicArea, "hex"), privateArea };
  return await tools.unseal(index, BigInt(counter), sealed);
}

/** @throws TpmFault */
function parse({ parameters }: { readonly parameters: string }): Parameters {
  const value: unknown = JSON.parse(parameters);
  if (!Value.Check(PARAMETERS, value)) throw new TpmFault("what is stored is not what was stored");
  return value;
}
