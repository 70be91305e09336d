import type { DrawRequest, RandomSupply } from "../../../src/port/draw.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { TokenRecord, TokenRepository } from "../../../src/access/tokenRecord.ts";
import { TokenBook } from "../../../src/access/tokenBook.ts";
import { FakeClock } from "../../support/fakeClock.ts";

/** Keeps JSON, as a database would: nothing is shared with the caller. */
export class MemoryTokens implements TokenRepository {
  readonly rows = new Map<string, string>();
  readonly events: ServiceEvent[] = [];
  failing = false;

  async put(record: TokenRecord): Promise<void> {
    if (this.failing) throw new Error("the disk is full");
    this.rows.set(record.id, JSON.stringify(record));
  }

  async putWithEvent(record: TokenRecord, event: ServiceEvent): Promise<void> {
    await this.put(record);
    this.events.push(event);
  }

  async all(): Promise<readonly TokenRecord[]> {
    return [...this.rows.values()].map((row) => JSON.parse(row) as TokenRecord);
  }
}

/** Every draw is different, and shows which one it was. */
export function countingSupply(drawn: DrawRequest[] = []): RandomSupply {
  return {
    draw(request) {
      drawn.push(request);
      const bytes = new Uint8Array(request.bytes);
      new DataView(bytes.buffer).setUint32(0, drawn.length);
      new DataView(bytes.buffer).setUint32(bytes.length - 4, drawn.length);
      return { ok: true, bytes, outputs: [`s-0-1.${drawn.length}`], seed: "s-0-1" };
    },
    // oxlint-disable-next-line require-yield
    async *stream() {
      return undefined;
    },
  };
}

export const UNLIMITED = { requestsPerSecond: null, bytesPerSecond: null };

export function makeBook<R extends TokenRepository = MemoryTokens>(
  repository: R = new MemoryTokens() as unknown as R,
  clock = new FakeClock(),
) {
  const drawn: DrawRequest[] = [];
  const book = new TokenBook({
    clock,
    repository,
    random: countingSupply(drawn),
    defaultQuota: UNLIMITED,
  });
  return { book, repository, clock, drawn };
}
