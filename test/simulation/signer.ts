import { signerOf } from "../../src/log/signer.ts";

/** Signs the log of every simulated service. */
export const SIGNER = signerOf("simulation", new Uint8Array(32));
