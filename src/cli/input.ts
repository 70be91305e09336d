import { readFileSync, readSync } from "node:fs";

const CHUNK_BYTES = 65_536;
const PAUSE_MILLISECONDS = 5;

/**
 * All of a file, or of stdin for `-`.
 * @throws the system's error
 */
export function readWhole(path: string): Buffer {
  return path === "-" ? readStdin() : readFileSync(path);
}

/**
 * A pipe may be non-blocking, as whoever else has it left it: EAGAIN then says that there is nothing
 * yet, which `readFileSync` takes for an error.
 */
function readStdin(): Buffer {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    try {
      const length = readSync(0, chunk);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MILLISECONDS);
    }
  }
}
