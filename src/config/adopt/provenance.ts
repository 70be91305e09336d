import type { ReadReport } from "../../assess/reportFile.ts";
import { bitsPerSample, type SourceConfiguration } from "../sourceSchemas.ts";
import type { Objection } from "./evidence.ts";

type Manifest = NonNullable<ReadReport["file"]["manifest"]>;

/** What is asked of the same device by the configuration and by the manifest, where both know it. */
function deviceObjections(source: SourceConfiguration, device: Manifest["device"]): string[] {
  if (device === null) return [];
  const asked = source as Partial<
    Record<"vendorId" | "productId" | "serialNumber" | "path" | "mode" | "noise", string>
  >;
  const found: string[] = [];
  for (const [name, is] of [
    ["vendorId", asked.vendorId],
    ["productId", asked.productId],
    ["serialNumber", asked.serialNumber],
  ] as const) {
    const was = device[name];
    if (is !== undefined && was !== null && was.toLowerCase() !== is.toLowerCase())
      found.push(`they are of a device with ${name} ${was}, and ${is} is configured`);
  }
  // A serial port is named anew at every plugging in; what is no serial device keeps its place.
  const place = source.kind === "program" ? source.command[0] : asked.path;
  if (!source.kind.startsWith("serial-") && place !== undefined && place !== device.location)
    found.push(`they are of ${device.location}, and ${place} is configured`);
  const mode = asked.mode ?? asked.noise;
  const was = device.mode.split(/[ ,]/)[0];
  if (mode !== undefined && mode !== was)
    found.push(`they were taken in mode ${device.mode}, and ${mode} is configured`);
  return found;
}

/** Why these samples are not those of this source. @param vouched by an operator, for want of a manifest */
export function provenanceObjections(
  source: SourceConfiguration,
  { file }: ReadReport,
  vouched: string | null,
): readonly Objection[] {
  const found: Objection[] = [];
  const object = (detail: string, remedy: string): void => void found.push({ detail, remedy });
  const capture = `Capture samples of it: \`springhouse capture ${source.id} --samples 1000000 -o FILE\`.`;
  const width = bitsPerSample(source);
  if (file.bitsPerSample !== width)
    object(
      `its samples have ${file.bitsPerSample} bits, and those of ${source.id} have ${width}`,
      "A figure is of one framing: configure that of the assessed samples, or assess those of this one.",
    );
  const { manifest } = file;
  if (manifest === null) {
    if (vouched === null)
      object(
        "nothing says whose samples they are: no manifest stood beside the file",
        `${capture} Or vouch for them yourself: --vouch "how they were taken".`,
      );
    return found;
  }
  if (manifest.source !== source.id && vouched === null)
    object(
      `they are samples of ${manifest.source}`,
      `${capture} Or, where the source was renamed, vouch for it: --vouch "was named ${manifest.source}".`,
    );
  if (manifest.kind !== source.kind)
    object(`they are of a source of kind ${manifest.kind}, and this is ${source.kind}`, capture);
  for (const detail of deviceObjections(source, manifest.device)) object(detail, capture);
  if (manifest.restart !== "none")
    object(
      "it is a restart matrix, whose rows are not consecutive",
      `SP 800-90B 3.1.1 asks for consecutive samples. ${capture}`,
    );
  if (manifest.device?.rawConfirmed !== true && !source.raw)
    object(
      "nothing confirms that the samples are raw noise",
      "If you know that they are, say why: `raw: { evidence: ... }` in the source's configuration.",
    );
  return found;
}

/** What an assessor should know, and what stands in nobody's way. */
export function provenanceWarnings({ file, warnings }: ReadReport): readonly string[] {
  const device = file.manifest?.device ?? null;
  return [
    ...warnings,
    "no restart test (SP 800-90B 3.1.4) is behind the figure: samples after a restart may have less",
    ...(device?.firmware == null
      ? []
      : [
          `it holds for firmware ${device.firmware}, which no configuration can name: compare \`springhouse sources\``,
        ]),
  ];
}
