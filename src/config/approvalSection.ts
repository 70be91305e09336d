import Type from "typebox";
import { PERSON, SSH_PUBLIC_KEY } from "../log/leaves/command.ts";
import { section, strict } from "./section.ts";

const people = (description: string) =>
  Type.Integer({ minimum: 1, maximum: 16, default: 2, description });

/** Who gives leave, and how many of them it takes. */
export const APPROVAL = section(
  {
    required: section(
      {
        restore: people("Taking back a key's suspension."),
        destroy: people("Destroying a version of a key."),
        process: people("Decrypting and verifying with a compromised version, for a while."),
        export: people("Giving out the material of an exportable key."),
        custodians: people("Enrolling a custodian's key, and removing one."),
        recover: people("Opening the vault by a recovery slot."),
      },
      "How many different people have to approve it.",
    ),
    custodians: Type.Array(
      Type.Object(
        {
          person: PERSON,
          keys: Type.Array(SSH_PUBLIC_KEY, {
            minItems: 1,
            maxItems: 16,
            description: "Lines of OpenSSH public keys, without the comment.",
          }),
          principals: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
            default: [],
            maxItems: 16,
            description:
              "Ids of tokens and certificates that this person acts under: what these ask for the person cannot approve.",
          }),
        },
        strict,
      ),
      {
        default: [],
        maxItems: 64,
        description:
          "The first custodians: enrolled by a start that finds none, and looked at never again.",
      },
    ),
  },
  "Dual control: what needs the leave of several people.",
);

export const DESTRUCTION = section(
  {
    windowHours: Type.Number({
      minimum: 0,
      maximum: 8784,
      default: 168,
      description:
        "For how long an approved destruction can be called off; 0 destroys at once. What is due in the same minute shares one new epoch.",
    }),
  },
  "Destruction of key versions.",
);

export const BACKUP = section(
  {
    recipients: Type.Array(Type.String({ pattern: "^age1[a-z0-9]{50,2000}$" }), {
      default: [],
      maxItems: 16,
      description:
        "Public keys of age-keygen for recovery, at least two; keep the secret ones offline and apart.",
    }),
  },
  "Backups.",
);
