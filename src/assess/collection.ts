import type { RecordingManifest } from "../source/recordingManifest.ts";

/** What stands against taking a recording for consecutive raw samples (SP 800-90B 3.1.1). */
export function consecutiveWarnings(manifest: RecordingManifest | null): readonly string[] {
  if (manifest === null || manifest.samplesPerRestart === null) return [];
  return [
    `its manifest says that the device was restarted every ${manifest.samplesPerRestart} samples: they are not consecutive, as SP 800-90B 3.1.1 asks for`,
  ];
}

/** What stands against taking a recording for a restart matrix (3.1.4). */
export function restartWarnings(manifest: RecordingManifest | null): readonly string[] {
  switch (manifest?.restart) {
    case "reset":
      return [];
    case "reopen":
      return [
        "NO RESTART IN THE STANDARD'S SENSE: its manifest says that the device was only opened again before each row, and its noise source ran on. SP 800-90B 3.1.4 asks for a restart of the noise source; these figures cannot stand for one",
      ];
    case "none":
      return [
        "its manifest says that these are consecutive samples of one run: it is no restart matrix, and says nothing about restarts",
      ];
    default:
      return [
        "it has no manifest, so nothing says that this is a restart matrix (SP 800-90B 3.1.4), nor how the source was restarted",
      ];
  }
}

/** What stands against taking a recording for outputs of a conditioning component (3.1.5.2). */
export function conditionedWarnings(manifest: RecordingManifest | null): readonly string[] {
  if (manifest === null) return [];
  return [
    "its manifest says that these are raw samples of a source: h' is to be estimated of a conditioning component's outputs",
  ];
}
