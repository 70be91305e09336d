import type { ManagedKey, ManagedKeyOrder } from "../client/client.ts";
import type { KeyPurpose, KeyState, KeySummary, KeyTransition, ManagedType } from "../port/key.ts";
import { readInput } from "./keyOperations.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { withFile } from "./receiptFiles.ts";
import { columns, type Terminal } from "./terminal.ts";

type Json = ConnectionOptions & { readonly json?: boolean };

export interface PolicyOptions {
  readonly notAfterDays?: number;
  readonly maximumOperations?: number;
  readonly maximumBytes?: number;
  readonly rotateEveryDays?: number;
  readonly rotateAfterOperations?: number;
  readonly overlapDays?: number;
  readonly keepVersions?: number;
}

export interface CreateKeyOptions extends Json, PolicyOptions {
  readonly purpose?: KeyPurpose;
  readonly name?: string;
  readonly principal: readonly string[];
  readonly exportable?: boolean;
  /** `--no-activate` */
  readonly activate: boolean;
  /** Where the proof of its birth goes. */
  readonly receipt?: string;
}

const DAY_MILLISECONDS = 86_400_000;

/** The parts of a policy that were given; undefined where none was. */
function policyOf(terminal: Terminal, options: PolicyOptions) {
  const { notAfterDays: days, maximumOperations, maximumBytes } = options;
  const ends = days && terminal.clock.wallMilliseconds() + days * DAY_MILLISECONDS;
  const rotation = present({
    everyDays: options.rotateEveryDays,
    maximumOperations: options.rotateAfterOperations,
    overlapDays: options.overlapDays,
    keepVersions: options.keepVersions,
  });
  return present({
    notAfterMilliseconds: ends,
    maximumOperations,
    maximumBytes,
    rotation,
  });
}

/** Without what is undefined; undefined when nothing is left. */
function present<T extends object>(
  fields: T,
): { [Name in keyof T]: Exclude<T[Name], undefined> } | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : (Object.fromEntries(given) as never);
}

function orderOf(
  terminal: Terminal,
  type: ManagedType,
  options: CreateKeyOptions,
): ManagedKeyOrder {
  const { purpose, name, principal, exportable, activate } = options;
  const policy = policyOf(terminal, options);
  return {
    type,
    activate,
    ...(purpose === undefined ? {} : { purpose }),
    ...(name === undefined ? {} : { name }),
    ...(principal.length === 0 ? {} : { principals: principal }),
    ...(exportable === undefined ? {} : { exportable }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** `springhouse key create`: the id goes to stdout. */
export async function createKey(
  terminal: Terminal,
  type: ManagedType,
  options: CreateKeyOptions,
): Promise<void> {
  const order = orderOf(terminal, type, options);
  const client = connect(terminal, options);
  const { receipt } = options;
  if (receipt === undefined)
    return tellMade(terminal, await client.managedKeys.create(order), options);
  await withFile(receipt, async (file) => {
    const key = await client.managedKeys.create(order);
    await tellMade(terminal, key, options);
    // The key is there whatever comes now; its proof can be asked for again.
    terminal.tell(`its birth is ${key.leaf}, which \`springhouse log receipt\` proves`);
    await file.writeFile(`${JSON.stringify(await client.leafReceipt(key.leaf), null, 2)}\n`);
  });
}

/** `springhouse key import`: the raw key is read from a file or stdin. */
export async function importKey(
  terminal: Terminal,
  type: ManagedType,
  file: string,
  options: CreateKeyOptions,
): Promise<void> {
  const raw = readInput(file);
  try {
    const order = orderOf(terminal, type, options);
    const key = await connect(terminal, options).managedKeys.import(order, raw);
    await tellMade(terminal, key, options);
  } finally {
    raw.fill(0);
  }
}

async function tellMade(terminal: Terminal, key: ManagedKey, { json }: Json): Promise<void> {
  if (json) {
    await terminal.write(`${JSON.stringify(key, null, 2)}\n`);
    return;
  }
  terminal.tell(`${key.type} key for ${key.usages.join(", ")}, ${key.state}`);
  await terminal.write(`${key.id}\n`);
}

/** `springhouse key list` */
export async function listKeys(
  terminal: Terminal,
  options: Json & { readonly withState?: KeyState },
): Promise<void> {
  const { withState: state } = options;
  const { managedKeys } = connect(terminal, options);
  const keys: KeySummary[] = [];
  for await (const key of managedKeys.list(state === undefined ? {} : { state })) keys.push(key);
  if (options.json) {
    await terminal.write(`${JSON.stringify(keys, null, 2)}\n`);
    return;
  }
  const rows = keys.map(({ id, name, type, purpose, state: is, primary }) => [
    id,
    type,
    purpose,
    is,
    `v${primary}`,
    name ?? "",
  ]);
  await terminal.write(
    `${columns([["key", "type", "purpose", "state", "primary", "name"], ...rows])}\n`,
  );
}

/** `springhouse key get` */
export async function showKey(terminal: Terminal, id: string, options: Json): Promise<void> {
  await tellKey(terminal, await connect(terminal, options).managedKeys.get(id), options);
}

/** `springhouse key public-key`: of the primary version, PEM. */
export async function showPublicKey(
  terminal: Terminal,
  id: string,
  options: ConnectionOptions,
): Promise<void> {
  const { primary, versions } = await connect(terminal, options).managedKeys.get(id);
  const pem = versions[primary - 1]?.publicKeyPem;
  if (!pem) throw new Failure(1, `${id} has no public key`, "Only key pairs have one.");
  await terminal.write(pem);
}

async function tellKey(terminal: Terminal, key: ManagedKey, { json }: Json): Promise<void> {
  await terminal.write(json ? `${JSON.stringify(key, null, 2)}\n` : keyText(key));
}

const day = (milliseconds: number | null): string =>
  milliseconds === null ? "" : new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");

function keyText(key: ManagedKey): string {
  const { policy, versions } = key;
  const { rotation } = policy;
  const terms = [
    ["until", day(policy.notAfterMilliseconds)],
    ["operations", policy.maximumOperations],
    ["bytes", policy.maximumBytes],
    ["rotates after days", rotation.everyDays],
    ["rotates after operations", rotation.maximumOperations],
    ["rotates after bytes", rotation.maximumBytes],
    ["overlap days", rotation.overlapDays || null],
    ["keeps versions", rotation.keepVersions],
  ].filter(([, value]) => value !== null && value !== "");
  const rows = versions.map((version) => [
    `v${version.version}${version.primary ? " *" : ""}`,
    version.state,
    version.origin,
    day(version.createdMilliseconds),
    `${version.operations} operations`,
    version.transitions.join(", "),
    version.reason ?? "",
  ]);
  return [
    `${key.id}${key.name === null ? "" : ` (${key.name})`}: ${key.type}, ${key.usages.join(", ")}`,
    `owner ${key.owner}, revision ${key.revision}${key.exportable ? ", exportable" : ""}`,
    ...terms.map(([name, value]) => `  ${String(name)}: ${String(value)}`),
    columns([["version", "state", "origin", "made", "used", "allows", "reason"], ...rows]),
    "",
  ].join("\n");
}

/** `springhouse key rotate` */
export async function rotateKey(
  terminal: Terminal,
  id: string,
  options: Json & {
    readonly activate: boolean;
    readonly reason?: string;
    readonly ifRevision?: number;
  },
): Promise<void> {
  const { activate, reason, ifRevision } = options;
  const order = { activate, ...present({ reason, ifRevision }) };
  await tellKey(terminal, await connect(terminal, options).managedKeys.rotate(id, order), options);
}

export interface TransitOptions extends Json {
  readonly keyVersion?: number;
  readonly reason?: string;
  readonly ifRevision?: number;
  /** Days before now. */
  readonly occurredDaysAgo?: number;
}

/** `springhouse key activate|suspend|restore|deactivate|compromise|destroy` */
export async function transitKey(
  terminal: Terminal,
  id: string,
  transition: KeyTransition,
  { keyVersion: version, reason, ifRevision, occurredDaysAgo: days, ...options }: TransitOptions,
): Promise<void> {
  const occurredMilliseconds =
    days === undefined ? undefined : terminal.clock.wallMilliseconds() - days * DAY_MILLISECONDS;
  const order = present({ version, reason, ifRevision, occurredMilliseconds }) ?? {};
  const { managedKeys } = connect(terminal, options);
  await tellKey(terminal, await managedKeys.transit(id, transition, order), options);
}

/** `springhouse key policy` */
export async function setKeyPolicy(
  terminal: Terminal,
  id: string,
  options: Json &
    PolicyOptions & { readonly principal: readonly string[]; readonly ifRevision?: number },
): Promise<void> {
  const policy = policyOf(terminal, options);
  const { principal, ifRevision } = options;
  const principals = principal.length === 0 ? undefined : principal;
  const order = present({ policy, principals, ifRevision });
  if (!order) throw new Failure(2, "nothing to change was given", "--help shows what can be.");
  const { managedKeys } = connect(terminal, options);
  await tellKey(terminal, await managedKeys.setPolicy(id, order), options);
}
