/*
 * What is asked of a PKCS#11 token, and what it answers: between the service and a child process, so
 * that a vendor's library takes nothing down but itself.
 */

/** Where the token is. */
export interface TokenAddress {
  /** The vendor's PKCS#11 module. */
  readonly library: string;
  /** CKA label of the token. */
  readonly token: string;
  /** Where several have that label. */
  readonly serial: string | null;
}

export type TokenTask =
  /** Generates the wrapping key and wraps the epoch key by it. */
  | { readonly task: "wrap"; readonly label: string; readonly epochKey: Uint8Array }
  | { readonly task: "unwrap"; readonly label: string; readonly wrapped: Uint8Array }
  /** Destroys the wrapping key. */
  | { readonly task: "destroy"; readonly label: string };

export interface TokenOrder {
  readonly address: TokenAddress;
  readonly pin: string;
  readonly task: TokenTask;
}

export type TokenAnswer =
  | { readonly bytes: Uint8Array; readonly serial: string }
  /** How many keys of that label there were; none is there any more. */
  | { readonly destroyed: number }
  /** `detail` holds no secret: a sentence of ours, or the name of a PKCS#11 return value. */
  | { readonly fault: string };
