import { Value } from "typebox/value";
import { Type, type Static } from "typebox";

/*
 * What is inside the age file: a line of JSON that names the files in their order, and the files, one
 * right after the other.
 */

const STRICT = { additionalProperties: false } as const;

export const BACKUP_FILES = ["springhouse.db", "log.key", "log.vkey", "epoch.key"] as const;
export type BackupFile = (typeof BACKUP_FILES)[number];

export const MANIFEST = Type.Object(
  {
    v: Type.Literal(1),
    kind: Type.Literal("springhouse-backup"),
    id: Type.String({ minLength: 1, maxLength: 100 }),
    /** The log's name. */
    deployment: Type.String({ minLength: 1, maxLength: 255 }),
    /** Unix milliseconds. */
    created: Type.Number(),
    /** The epoch whose key is in it; null where there is no vault. */
    epoch: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    files: Type.Array(
      Type.Object(
        {
          name: Type.Unsafe<BackupFile>(Type.Union(BACKUP_FILES.map((name) => Type.Literal(name)))),
          bytes: Type.Integer({ minimum: 0 }),
          sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
        },
        STRICT,
      ),
      { minItems: 3, maxItems: BACKUP_FILES.length },
    ),
  },
  STRICT,
);
export type Manifest = Static<typeof MANIFEST>;

const MAXIMUM_MANIFEST_BYTES = 10_000;

export function manifestLine(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest)}\n`);
}

/** Takes the stream of a backup apart. @throws Error for what is no backup, or is cut off */
export async function readContainer(
  chunks: AsyncIterable<Uint8Array>,
  begun: (manifest: Manifest) => void,
  take: (name: BackupFile, chunk: Uint8Array) => void,
): Promise<void> {
  let head = Buffer.alloc(0);
  let manifest: Manifest | null = null;
  let file = 0;
  let left = 0;
  const give = (bytes: Uint8Array): void => {
    let at = 0;
    for (;;) {
      while (left === 0 && file < manifest!.files.length - 1) left = manifest!.files[++file]!.bytes;
      if (at === bytes.length) return;
      if (left === 0) throw new Error("the backup goes on after its last file");
      const part = bytes.subarray(at, at + left);
      take(manifest!.files[file]!.name, part);
      at += part.length;
      left -= part.length;
    }
  };
  for await (const chunk of chunks) {
    if (manifest !== null) {
      give(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(0x0a);
    if (end < 0 && head.length <= MAXIMUM_MANIFEST_BYTES) continue;
    manifest = parseManifest(head.subarray(0, Math.max(end, 0)));
    begun(manifest);
    left = manifest.files[0]!.bytes;
    give(head.subarray(end + 1));
  }
  if (manifest === null || left > 0 || file < manifest.files.length - 1)
    throw new Error("the backup is cut off");
}

function parseManifest(line: Buffer): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"));
  } catch {
    throw new Error("this is no backup of springhouse");
  }
  if (!Value.Check(MANIFEST, value)) throw new Error("this backup is of another version");
  const names = value.files.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new Error("the backup names a file twice");
  return value;
}
