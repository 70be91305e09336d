import { close, constants, open, read, write } from "node:fs";
import { connect } from "node:net";
import type { SessionEnd } from "../port/source.ts";
import type { Session } from "./session.ts";
import { HEADER_BYTES, MAXIMUM_RESPONSE_BYTES, responseSize } from "./tpmCommand.ts";
import { errnoOf, openFailure } from "./systemError.ts";

/**
 * Sends one command. The response belongs to the receiver, who overwrites it. Never called again
 * before the answer is there; after the session's end no answer comes any more.
 */
export type TpmTransmit = (command: Uint8Array, answered: (response: Uint8Array) => void) => void;

type Ready = (transmit: TpmTransmit) => void;

/**
 * Opens a TPM and calls `ready`, or ends the session.
 * @param address a device (`/dev/tpmrm0`) or the command port of a simulator (`tcp://host:port`)
 */
export function openTpm(session: Session, address: string, ready: Ready): void {
  if (address.startsWith("/")) openDevice(session, address, ready);
  else openSocket(session, address, ready);
}

function fail(session: Session, end: SessionEnd): void {
  session.end(end.reason, end.detail);
}

/**
 * One write is one command and the next read its whole response (Linux,
 * drivers/char/tpm/tpm-dev-common.c). The write blocks a thread of the pool while the TPM computes;
 * the kernel bounds that by the command's timeout, and an abort does not wait for it: the descriptor
 * is closed as soon as the thread is back.
 */
function openDevice(session: Session, path: string, ready: Ready): void {
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  open(path, flags, (openError, descriptor) => {
    if (openError) return fail(session, openFailure(openError, path));
    let busy = false;
    const release = (): void => close(descriptor, () => {});
    session.defer(() => {
      if (!busy) release();
    });
    const lost = (error: Error): void =>
      session.end("unplugged", `${path} went away: ${errnoOf(error)}`);
    const done = (then: () => void): void => {
      busy = false;
      if (session.over) release();
      else session.guard(then);
    };

    const transmit: TpmTransmit = (command, answered) => {
      busy = true;
      write(descriptor, command, 0, command.length, null, (writeError) => {
        if (writeError || session.over) return done(() => writeError && lost(writeError));
        const response = new Uint8Array(MAXIMUM_RESPONSE_BYTES);
        read(descriptor, response, 0, response.length, null, (readError, bytes) => {
          if (session.over) response.fill(0);
          done(() => {
            if (readError) lost(readError);
            else answered(response.subarray(0, bytes));
          });
        });
      });
    };
    session.guard(() => ready(transmit));
  });
}

/** Raw command bytes over TCP, as swtpm speaks them on its server port. */
function openSocket(session: Session, address: string, ready: Ready): void {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(port), noDelay: true });
  session.defer(() => socket.destroy());
  const received = new Uint8Array(MAXIMUM_RESPONSE_BYTES);
  let filled = 0;
  session.defer(() => received.fill(0));
  let connected = false;
  let answered: ((response: Uint8Array) => void) | null = null;

  socket.on("connect", () => {
    connected = true;
    session.guard(() =>
      ready((command, callback) => {
        answered = callback;
        socket.write(command);
      }),
    );
  });
  socket.on("data", (chunk: Buffer) => {
    session.guard(() => {
      const answer = answered;
      const over = (): void => session.end("protocol", `${address}: bytes that nobody asked for`);
      if (!answer || filled + chunk.length > received.length) return over();
      received.set(chunk, filled);
      filled += chunk.length;
      if (filled < HEADER_BYTES) return;
      const size = responseSize(received);
      if (size === null) return session.end("protocol", `${address}: an answer of a false length`);
      if (filled < size) return;
      if (filled > size) return over();
      filled = 0;
      answered = null;
      const response = received.slice(0, size);
      received.fill(0, 0, size);
      answer(response);
    });
    chunk.fill(0);
  });
  socket.on("error", (error) => {
    if (connected) session.end("unplugged", `${address} went away: ${errnoOf(error)}`);
    else fail(session, openFailure(error, address));
  });
  socket.on("close", () => session.end("unplugged", `${address} closed the connection`));
}
