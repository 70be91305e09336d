import type { Assessment } from "../assessment.ts";
import { whole } from "./text.ts";

export type Fact = readonly [name: string, value: string];

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Where the samples are from, as far as the manifest beside them says. */
function collected({ manifest }: Assessment["file"]): readonly Fact[] {
  if (manifest === null) return [["collected", "not known: no manifest stood beside the file"]];
  const { source, kind, host, device, restart } = manifest;
  const { fromMilliseconds, toMilliseconds, firstSequence, configurationVersion } = manifest;
  return [
    ["source", `${source} (${kind}) on ${host}, configuration ${configurationVersion}`],
    [
      "collected",
      `${instant(fromMilliseconds)} to ${instant(toMilliseconds)}, from sample ${whole(firstSequence)} on`,
    ],
    ["restarts", restart],
    ...(device === null
      ? []
      : ([
          [
            "device",
            [
              device.location,
              device.vendorId === null ? null : `USB ${device.vendorId}:${device.productId}`,
              device.serialNumber === null ? null : `serial number ${device.serialNumber}`,
              device.firmware === null ? null : `firmware ${device.firmware}`,
            ]
              .filter((part) => part !== null)
              .join(", "),
          ],
          [
            "mode",
            `${device.mode}; raw noise ${device.rawConfirmed ? "confirmed or vouched for" : "NOT confirmed"}`,
          ],
          ...device.caveats.map((caveat) => ["caveat", caveat] as const),
        ] as const)),
  ];
}

/** Everything that is needed to come to the same figures again. */
export function factsOf(assessment: Assessment): readonly Fact[] {
  const { file, parameters, command, springhouse, node, atMilliseconds } = assessment;
  const { claimedEntropy, seed, constants } = parameters;
  return [
    [
      "file",
      `${file.name}: ${whole(file.samples)} samples of ${file.bitsPerSample} bits, one a byte`,
    ],
    ["SHA-256", file.sha256],
    ...collected(file),
    ["claim", claimedEntropy === null ? "none" : `${claimedEntropy} bits a sample`],
    ...(seed === null ? [] : ([["seed", seed]] as const)),
    ...(constants === null ? [] : ([["constants", `of SP 800-22's ${constants}`]] as const)),
    ["by", `springhouse ${springhouse}, Node.js ${node}`],
    ["repeat with", command],
    ["assessed", instant(atMilliseconds)],
  ];
}
