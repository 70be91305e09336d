/* Every benchmark, each with its baseline in the same run: `npm run bench`. */
import { run as assess } from "./assess.ts";
import { run as assessWhileServing } from "./assessWhileServing.ts";
import { run as drbg } from "./drbg.ts";
import { run as health } from "./health.ts";
import { run as http } from "./http.ts";
import { run as keys } from "./keys.ts";
import { run as log } from "./log.ts";
import { run as seal } from "./seal.ts";

health();
await log();
await drbg();
await http();
await seal();
await keys();
await assess();
await assessWhileServing();
