import Type from "typebox";
import { section, strict } from "./section.ts";

/** What can be set of the health tests of a source. */
export const Health = section(
  {
    alphaIntermittentExponent: Type.Integer({
      minimum: 20,
      maximum: 60,
      default: 40,
      description:
        "An intermittent alarm has a false-alarm probability of 2^-this per test. 2^-40: at 400,000 samples a second 2^-30 would alarm daily on good noise.",
    }),
    alphaPermanentExponent: Type.Integer({
      minimum: 40,
      maximum: 80,
      default: 60,
      description: "The same for the alarm that latches.",
    }),
    windowSamples: Type.Optional(
      Type.Integer({
        minimum: 512,
        maximum: 2 ** 20,
        description:
          "Window of the adaptive proportion test. Default 1024 for samples of one bit, else 512 (SP 800-90B 4.4.2); a longer one where H is so low that no cutoff within it can be reached.",
      }),
    ),
    startupSamples: Type.Integer({
      minimum: 1024,
      maximum: 1_000_000,
      default: 1024,
      description: "Consecutive samples that must pass before the first is used (SP 800-90B 4.3).",
    }),
    silenceMilliseconds: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 2000,
      description: "A device that sends nothing for this long has failed totally.",
    }),
    lag: Type.Boolean({
      default: true,
      description: "The lag predictor, which sees periods that RCT and APT pass.",
    }),
    blockRepetition: Type.Boolean({
      default: true,
      description: "Alarms when a whole block of samples comes again: a replaying device.",
    }),
    band: Type.Optional(
      Type.Object(
        {
          statistic: Type.Union(
            [Type.Literal("ones_proportion"), Type.Literal("collision_entropy")],
            {
              description: "What is measured over each window.",
            },
          ),
          lower: Type.Number({ description: "Below this the device is worse than its physics." }),
          upper: Type.Number({ description: "Above this it is better than its physics: swapped." }),
          windowSamples: Type.Optional(
            Type.Integer({
              minimum: 1024,
              maximum: 1_000_000,
              description: "Samples in each measurement, an even number.",
            }),
          ),
        },
        { ...strict, description: "Two-sided band, for devices whose physics gives one." },
      ),
    ),
  },
  "The health tests of this source.",
);
