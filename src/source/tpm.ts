import type { Clock } from "../port/clock.ts";
import type { NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";
import { Pacer } from "./pacer.ts";
import { Session } from "./session.ts";
import { getFirmwareCommand, getRandomCommand, parseFirmware, parseRandom } from "./tpmCommand.ts";
import { openTpm, type TpmTransmit } from "./tpmTransport.ts";

export interface TpmSourceOptions {
  readonly id: string;
  readonly clock: Clock;
  /** `/dev/tpmrm0`, or `tcp://HOST:PORT` of a simulator. */
  readonly address?: string;
  /** Default 1024: a startup test a second, and a load that any TPM bears beside its other work. */
  readonly samplesPerSecond?: number;
  readonly physical?: boolean;
}

/** No TPM gives more than its longest digest at once (part 3, 16.1.1): 64 bytes for SHA-512. */
const LARGEST_REQUEST_BYTES = 64;
/**
 * A TPM answers TPM2_GetRandom within 2 s (TCG PC Client Platform TPM Profile, "medium" command
 * duration); a second on top for the machine.
 */
const ANSWER_MILLISECONDS = 3000;
/** 20, 40, ... 10240 ms: about 20 s in sum, longer than a TPM's self-test keeps it busy. */
const RETRIES = 10;
const FIRST_RETRY_MILLISECONDS = 20;

/**
 * A TPM 2.0 by TPM2_GetRandom, spoken directly. What it gives is the output of the TPM's DRBG
 * (part 1, 11.4.11), never raw noise, so `rawConfirmed` is always false.
 */
export class TpmSource implements NoiseSource {
  readonly id: string;
  readonly kind = "tpm";
  readonly physical: boolean;
  readonly bitsPerSample = 8;
  readonly settleBytes = 0;
  readonly #options: Required<TpmSourceOptions>;

  constructor(options: TpmSourceOptions) {
    this.#options = {
      address: "/dev/tpmrm0",
      samplesPerSecond: 1024,
      physical: false,
      ...options,
    };
    this.id = options.id;
    this.physical = this.#options.physical;
    const { address } = this.#options;
    if (!address.startsWith("/") && !(URL.parse(address)?.port && address.startsWith("tcp://"))) {
      throw new RangeError(`neither a device's path nor tcp://HOST:PORT: ${address}`);
    }
  }

  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const { address, clock, samplesPerSecond } = this.#options;
    const session = new Session(signal);
    let cancelAnswer = this.#deadline(session);
    let cancelTick = (): void => {};
    session.defer(() => cancelAnswer());
    session.defer(() => cancelTick());
    if (session.over) return session.ended;

    openTpm(session, address, (transmit) => {
      const ask: TpmTransmit = (command, answered) => {
        cancelAnswer();
        cancelAnswer = this.#deadline(session);
        transmit(command, (response) => {
          cancelAnswer();
          answered(response);
          response.fill(0);
        });
      };
      let retries = 0;
      // A slow TPM must not be asked for ever fewer bytes, ever more often.
      const smallest = Math.max(
        1,
        Math.min(LARGEST_REQUEST_BYTES, Math.floor(samplesPerSecond / 8)),
      );
      let pacer: Pacer;
      const tick = (): void => {
        session.guard(() => {
          const due = pacer.due();
          if (due >= smallest) request(Math.min(due, LARGEST_REQUEST_BYTES));
          else cancelTick = clock.schedule(pacer.intervalMilliseconds, tick);
        });
      };
      const request = (bytes: number): void => {
        ask(getRandomCommand(bytes), (response) => {
          const answer = parseRandom(response, bytes);
          if (answer.type === "fault" || (answer.type === "busy" && retries === RETRIES)) {
            return session.end("protocol", `${address}: ${answer.detail}`);
          }
          if (answer.type === "busy") {
            cancelTick = clock.schedule(FIRST_RETRY_MILLISECONDS * 2 ** retries, tick);
            retries += 1;
            return;
          }
          retries = 0;
          pacer.taken(answer.bytes.length);
          sink.samples(answer.bytes);
          // A turn of the loop between two commands: a simulator's answers must not starve it.
          cancelTick = clock.schedule(0, tick);
        });
      };
      ask(getFirmwareCommand(), (response) => {
        sink.opened({
          location: address,
          vendorId: null,
          productId: null,
          serialNumber: null,
          firmware: parseFirmware(response),
          mode: "TPM2_GetRandom",
          rawConfirmed: false,
          caveats: ["It is the output of the TPM's DRBG, not raw noise."],
        });
        pacer = new Pacer(clock, samplesPerSecond);
        tick();
      });
    });
    return session.ended;
  }

  #deadline(session: Session): () => void {
    const { clock, address } = this.#options;
    return clock.schedule(ANSWER_MILLISECONDS, () =>
      session.end("silent", `${address} did not answer within ${ANSWER_MILLISECONDS} ms`),
    );
  }
}
