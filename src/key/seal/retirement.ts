import type { RetiredSlot, SlotDescription, SlotKind } from "../../port/seal.ts";
import type { Row, Write } from "../../store/store.ts";
import { describeSlot, type Slot, type SlotKeeper } from "./slot.ts";

/** What a slot was under an epoch, until its keeper has ended it. Kept, so that no crash forgets it. */
export interface Retirement {
  readonly vault: string;
  /** The end of the slot, and not only of an epoch in it. */
  readonly removed: boolean;
  readonly slot: SlotDescription & { readonly parameters: string };
}

const COLLECTION = "seal-retirement";
export const RETIREMENTS = { statement: "document.all", parameters: [COLLECTION] } as const;

const keyOf = ({ slot }: Retirement): string => `${slot.id}.${slot.epoch}`;

export function retirementOf(vault: string, slot: Slot, removed: boolean): Retirement {
  return { vault, removed, slot: { ...describeSlot(slot), parameters: slot.parameters } };
}

export function retirementWrite(retirement: Retirement, atMilliseconds: number): Write {
  const parameters = [COLLECTION, keyOf(retirement), JSON.stringify(retirement), atMilliseconds];
  return { statement: "document.put", parameters };
}

export function retirementRemoval(retirement: Retirement): Write {
  return { statement: "document.remove", parameters: [COLLECTION, keyOf(retirement)] };
}

export function toRetirement(row: Row): Retirement {
  return JSON.parse(String(row["body"])) as Retirement;
}

export async function retire(
  keepers: Readonly<Record<SlotKind, SlotKeeper>>,
  { vault, slot, removed }: Retirement,
): Promise<RetiredSlot> {
  const { id, name, kind, epoch } = slot;
  const retired = await keepers[kind].retire({ vault, id, epoch }, slot, removed);
  return { slot: id, name, kind, epoch, ...retired };
}
