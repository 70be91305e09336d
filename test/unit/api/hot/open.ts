import { listen, type Listening } from "../../../../src/api/listen.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { RawConnection } from "../../../support/rawHttp.ts";
import type { House } from "../house.ts";

/** Lets a house listen on a port of its own, with one connection to it. Close the doors yourself. */
export async function open(
  house: House,
): Promise<{ readonly doors: Listening; readonly connection: RawConnection }> {
  const address = { host: "127.0.0.1", port: 0 };
  const doors = await listen(house.app, { clock: systemClock(), address });
  const connection = new RawConnection({ port: doors.address!.port, host: address.host });
  await connection.opened;
  return { doors, connection };
}
