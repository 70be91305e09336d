import { createRequire } from "node:module";
import type * as Pkcs11 from "pkcs11js";
import { doTokenOrder } from "../key/seal/token.ts";
import type { TokenAnswer, TokenOrder } from "../key/seal/tokenWork.ts";

/* A process of its own for one order to a PKCS#11 token: a vendor's library may hang or crash it. */

const require = createRequire(import.meta.url);

function answer(order: TokenOrder): TokenAnswer {
  let pkcs11js: typeof Pkcs11;
  try {
    pkcs11js = require("pkcs11js") as typeof Pkcs11;
  } catch {
    return { fault: "pkcs11js could not be built when springhouse was installed" };
  }
  return doTokenOrder(new pkcs11js.PKCS11(), order);
}

process.once("message", (order: TokenOrder) => {
  process.send!(answer(order), () => process.disconnect());
});
