import { ROLES, type Role } from "../port/principal.ts";

export interface Grant {
  readonly roles: readonly Role[];
  /** Why these and no others. */
  readonly why: string;
}

/*
 * Who may do what, as data: the API enforces it and the documentation prints it. Deny by default: a
 * route without a permission in this table cannot be registered.
 *
 * The admin is in every row. It can issue a token of any role, so leaving it out of a row would
 * protect nothing, and local commands work with the admin token alone; what it does is in the event
 * journal like everybody's acts. A custodian's rows come with the routes that it approves on.
 */
export const PERMISSIONS = {
  "random.draw": {
    roles: ["client", "admin"],
    why: "Random bytes are key material: no operator and no auditor sees any.",
  },
  "random.stream": {
    roles: ["client", "admin"],
    why: "As random.draw.",
  },
  "keys.generate": {
    roles: ["client", "admin"],
    why: "As random.draw.",
  },
  "keys.create": {
    roles: ["client", "admin"],
    why: "As random.draw; who creates a key owns it.",
  },
  "keys.read": {
    roles: ["client", "operator", "auditor", "custodian", "admin"],
    why: "What a key is and what became of it, never its material. A client sees those that it may use.",
  },
  "keys.use": {
    roles: ["client", "admin"],
    why: "A client uses its own keys and those that name it. No operator decrypts or signs.",
  },
  "keys.manage": {
    roles: ["client", "admin"],
    why: "A client manages its own keys. What gives rights back or destroys needs custodians besides.",
  },
  "keys.stop": {
    roles: ["client", "operator", "custodian", "admin"],
    why: "The safe direction needs nobody's leave: whoever runs or guards the service may stop any key.",
  },
  "intents.create": {
    roles: ["client", "admin"],
    why: "Who owns a key asks for what needs leave. A custodian approves and never initiates.",
  },
  "intents.read": {
    roles: ["client", "auditor", "custodian", "admin"],
    why: "A client sees its own. What was approved, by whom, is what auditors ask.",
  },
  "intents.approve": {
    roles: ["custodian", "admin"],
    why: "The signature decides, and never its requester's: the admin too brings only those of others.",
  },
  "intents.withdraw": {
    roles: ["client", "custodian", "admin"],
    why: "The safe direction: a client its own, a custodian any.",
  },
  "intents.execute": {
    roles: ["client", "admin"],
    why: "As intents.create: who asked does it, once others approved.",
  },
  "destructions.read": {
    roles: ["operator", "auditor", "custodian", "admin"],
    why: "What is about to end, and what proves that something did.",
  },
  "destructions.cancel": {
    roles: ["client", "operator", "custodian", "admin"],
    why: "The safe direction: a client for its own keys, everybody on guard for any.",
  },
  "backups.create": {
    roles: ["admin"],
    why: "It has everything in it, for the configured recipients alone.",
  },
  "backups.read": {
    roles: ["operator", "auditor", "custodian", "admin"],
    why: "When the last one was made, and which still hold an old epoch.",
  },
  "custodians.read": {
    roles: ["operator", "auditor", "custodian", "admin"],
    why: "Who can approve is public among those who run and examine it.",
  },
  "custodians.bootstrap": {
    roles: ["admin"],
    why: "Once, while there are none. After that only custodians let in others.",
  },
  "keys.export": {
    roles: ["client", "admin"],
    why: "A client exports its own keys that are exportable, with the leave of custodians. No operator does.",
  },
  "keys.pair": {
    roles: ["client", "admin"],
    why: "As random.draw; each of the two parties gets what it shares with the other, and nobody else's.",
  },
  "keys.status": {
    roles: ROLES,
    why: "Whoever relies on a key has to know that it is not to be relied on. It holds ids, states and reasons.",
  },
  "compliance.read": {
    roles: ["auditor", "custodian", "admin"],
    why: "It says where the keeping of keys is weakest.",
  },
  "certificates.issue": {
    roles: ["admin"],
    why: "As tokens.create: a client certificate is access.",
  },
  "certificates.read": {
    roles: ["operator", "auditor", "custodian", "admin"],
    why: "Who has certificates is what an auditor asks. Whether one stands is public: CRL and OCSP.",
  },
  "certificates.revoke": {
    roles: ["operator", "custodian", "admin"],
    why: "The safe direction needs nobody's leave.",
  },
  "outputs.read": {
    roles: ["client", "auditor", "admin"],
    why: "A client may see what stands behind its bytes; another principal's record is withheld from it.",
  },
  "status.read": {
    roles: ["client", "operator", "auditor", "admin"],
    why: "Whoever relies on the service may see its state and why it refuses. It holds no secret.",
  },
  "sources.read": {
    roles: ["operator", "auditor", "admin"],
    why: "Devices, paths and serial numbers concern those who run or examine them.",
  },
  "sources.tap": {
    roles: ["auditor", "admin"],
    why: "Raw samples are for examination. An operator never reads them.",
  },
  "assessments.run": {
    roles: ["auditor", "admin"],
    why: "As sources.tap: it takes raw samples, and its report shows them.",
  },
  "assessments.read": { roles: ["auditor", "admin"], why: "As assessments.run." },
  "sources.test": {
    roles: ["operator", "admin"],
    why: "It takes a source away from the pool for a while, so it is an operator's act.",
  },
  "doctor.read": {
    roles: ["operator", "auditor", "admin"],
    why: "As sources.read: it names devices, paths and processes of the machine.",
  },
  "drills.run": {
    roles: ["operator", "auditor", "admin"],
    why: "It touches nothing that is live: who runs or examines the service sees its tests fail.",
  },
  "drills.read": { roles: ["operator", "auditor", "admin"], why: "As drills.run." },
  "sources.reset": {
    roles: ["operator", "admin"],
    why: "Un-latching a failed source is the operator's judgement, with a reason.",
  },
  "selftest.run": {
    roles: ["operator", "admin"],
    why: "It costs time and can stop the service.",
  },
  "events.read": {
    roles: ["operator", "auditor", "admin"],
    why: "Events name principals and devices.",
  },
  "lineage.read": {
    roles: ["auditor", "admin"],
    why: "It shows what every principal drew, and when.",
  },
  "receipts.read": {
    roles: ["client", "auditor", "custodian", "admin"],
    why: "Whoever did something may prove it; what others did is for those who read the log.",
  },
  "recall.run": {
    roles: ["operator", "auditor", "admin"],
    why: "Whoever finds a source bad must see what depended on it. It shows who drew, and no value.",
  },
  "log.read": {
    roles: ["auditor", "custodian", "admin"],
    why: "It names every key and every principal that acted on one. It holds no secret.",
  },
  "log.rotateKey": {
    roles: ["admin"],
    why: "Whoever holds the log's key signs what it says; that another goes on is in the log itself.",
  },
  "tokens.create": { roles: ["admin"], why: "Whoever issues tokens holds every role." },
  "tokens.list": { roles: ["auditor", "admin"], why: "Who has access is what an auditor asks." },
  "tokens.revoke": { roles: ["admin"], why: "As tokens.create." },
  "seal.read": {
    roles: ["operator", "auditor", "custodian", "admin"],
    why: "Whether keys can be used, and who could open them. It holds nothing that opens.",
  },
  "seal.initialise": { roles: ["admin"], why: "It is done once, with the first slot." },
  "seal.open": {
    roles: ["custodian", "admin"],
    why: "Who runs the machine must not be who holds its keys, so no operator opens the vault.",
  },
  "seal.close": {
    roles: ["operator", "custodian", "admin"],
    why: "The safe direction needs nobody's leave.",
  },
  "seal.rotate": { roles: ["admin"], why: "It ends what copies of the database are worth." },
  "seal.slots": {
    roles: ["custodian", "admin"],
    why: "A custodian brings a passphrase of its own; the vault must be open.",
  },
  "console.read": {
    roles: ROLES,
    why: "Without a token: the page itself holds nothing. What it shows has the permissions of its own.",
  },
  "session.open": {
    roles: ROLES,
    why: "Without a token: it is where a browser brings one, of whatever role, and sees whether it did.",
  },
  "session.close": {
    roles: ROLES,
    why: "Whoever came in may leave.",
  },
  "probe.read": {
    roles: ROLES,
    why: "Without a token by default; where one is required, every role will do.",
  },
} as const satisfies Record<string, Grant>;

export type Permission = keyof typeof PERMISSIONS;

export function permissionsOf(roles: readonly Role[]): readonly Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((name) => isAllowed(roles, name));
}

export function rolesOf(permission: Permission): readonly Role[] {
  return PERMISSIONS[permission].roles;
}

export function isAllowed(roles: readonly Role[], permission: Permission): boolean {
  const allowed = rolesOf(permission);
  return roles.some((role) => allowed.includes(role));
}
