import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../../port/clock.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import { readSecretFile, type SecretFile } from "./secretFile.ts";
import type { Retired, Sealed, SlotKeeper, SlotTerms } from "./slot.ts";
import { askToken } from "./tokenProcess.ts";
import type { TokenAnswer, TokenTask } from "./tokenWork.ts";

/** A token as the configuration names it. */
export interface TokenConfiguration {
  readonly name: string;
  readonly library: string;
  readonly token: string;
  readonly serial?: string;
  readonly pin: SecretFile;
  readonly environment: Readonly<Record<string, string>>;
}

/** PKCS#11 leaves the length of a PIN to the token; none takes an empty one for a user. */
const SHORTEST_PIN_BYTES = 1;

const PARAMETERS = Type.Object(
  {
    /** Of the token that it was made on. */
    serial: Type.String({ maxLength: 16 }),
  },
  { additionalProperties: false },
);

/** The wrapping key's label on the token: one for each slot and epoch. */
function labelOf({ vault, id, epoch }: SlotTerms): string {
  return `springhouse ${vault} ${id} epoch ${epoch}`;
}

/** Epoch keys wrapped by a key that never leaves its HSM. */
export function pkcs11Slots(
  tokens: readonly TokenConfiguration[],
  credentialsDirectory: string | null,
  clock: Clock,
): SlotKeeper {
  async function ask(
    place: string | null,
    serial: string | null,
    task: TokenTask,
  ): Promise<TokenAnswer | Refusal> {
    const token = tokens.find(({ name }) => name === place);
    if (token === undefined)
      return refuse("slot_refused", `The configuration has no seal.tokens named ${place}.`);
    const what = `The PIN of token ${token.name}`;
    const pin = await readSecretFile(what, token.pin, credentialsDirectory, SHORTEST_PIN_BYTES);
    if (!(pin instanceof Uint8Array)) return pin;
    const order = {
      address: {
        library: token.library,
        token: token.token,
        serial: serial ?? token.serial ?? null,
      },
      pin: Buffer.from(pin)
        .toString("utf8")
        .replace(/\r?\n$/, ""),
      task,
    };
    pin.fill(0);
    const answer = await askToken(order, token.environment, clock);
    if ("fault" in answer) return refuse("slot_refused", `Token ${token.name}: ${answer.fault}.`);
    return answer;
  }

  async function seal(
    terms: SlotTerms,
    place: string | null,
    serial: string | null,
    key: LockedBytes,
  ): Promise<Sealed | Refusal> {
    const epochKey = key.use((bytes) => Uint8Array.from(bytes));
    const task = { task: "wrap", label: labelOf(terms), epochKey } as const;
    const answer = await ask(place, serial, task).finally(() => epochKey.fill(0));
    if (!("bytes" in answer)) return refused(answer);
    const parameters: Static<typeof PARAMETERS> = { serial: answer.serial };
    return { ok: true, parameters: JSON.stringify(parameters), sealed: answer.bytes };
  }

  return {
    opensByItself: true,
    create: (terms, { place }, epochKey) => seal(terms, place, null, epochKey),
    renew: (terms, slot, epochKey) => seal(terms, slot.place, serialOf(slot), epochKey),
    async open(terms, slot) {
      const task = { task: "unwrap", label: labelOf(terms), wrapped: slot.sealed } as const;
      const answer = await ask(slot.place, serialOf(slot), task);
      return "bytes" in answer ? { ok: true, epochKey: answer.bytes } : refused(answer);
    },
    async retire(terms, slot): Promise<Retired> {
      const task = { task: "destroy", label: labelOf(terms) } as const;
      const answer = await ask(slot.place, serialOf(slot), task);
      if ("destroyed" in answer)
        return {
          assurance: "hardware",
          detail:
            "The token destroyed its wrapping key (C_DestroyObject) and has none of that label.",
        };
      return { assurance: "pending", detail: refused(answer).detail };
    },
  };
}

function serialOf(slot: { readonly parameters: string }): string | null {
  try {
    const value: unknown = JSON.parse(slot.parameters);
    return Value.Check(PARAMETERS, value) ? value.serial : null;
  } catch {
    return null;
  }
}

function refused(answer: TokenAnswer | Refusal): Refusal {
  return "code" in answer
    ? answer
    : refuse("slot_refused", "The token gave an answer to another order.");
}
