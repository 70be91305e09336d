import type { ServiceSnapshot } from "../../port/snapshot.ts";
import { problemOf, UNREACHABLE, type Problem } from "./ask.ts";

export interface Captured {
  readonly samples: Blob;
  /** What `springhouse assess` and `verify` look for beside the samples. */
  readonly manifest: Blob;
}

interface CaptureTerms {
  readonly source: string;
  readonly samples: number;
  readonly status: ServiceSnapshot;
  readonly signal: AbortSignal;
  readonly progress: (samples: number) => void;
}

/** Contiguous raw samples of a source and their manifest, or why there are none. Nothing is kept of a part. */
export async function capture(terms: CaptureTerms): Promise<Captured | Problem> {
  const { source, samples, status, signal, progress } = terms;
  const known = status.sources.find(({ id }) => id === source);
  const fromMilliseconds = Date.now();
  try {
    const path = `/v1/sources/${encodeURIComponent(source)}/samples?count=${samples}`;
    const response = await fetch(path, { signal, cache: "no-store" });
    if (!response.ok || response.body === null) return await problemOf(response);
    const taken = new Uint8Array(samples);
    let filled = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      taken.set(value, filled);
      filled += value.length;
      progress(filled);
    }
    if (filled !== samples) throw new Error("the capture was cut off");
    const toMilliseconds = Date.now();
    const { headers } = response;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", taken));
    const note = await fetch(`/v1/attestations/${headers.get("springhouse-attestation")}`);
    const manifest = {
      format: "springhouse-recording-1",
      source,
      kind: known?.kind ?? "",
      device: known?.device ?? null,
      bitsPerSample: Number(headers.get("springhouse-bits-per-sample")),
      configurationVersion: status.configurationVersion,
      host: location.hostname,
      fromMilliseconds,
      toMilliseconds,
      firstSequence: Number(headers.get("springhouse-first-sequence")),
      samples,
      sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      restart: "none",
      samplesPerRestart: null,
      ...(note.ok ? { attestation: await note.text() } : {}),
    };
    return {
      samples: new Blob([taken], { type: "application/octet-stream" }),
      manifest: new Blob([`${JSON.stringify(manifest, null, 2)}\n`], { type: "application/json" }),
    };
  } catch (error) {
    const why = signal.aborted ? "It was called off." : "A gap, or the connection, cut it off.";
    const remedy = "Nothing is kept of a part: samples are contiguous, or they are no capture.";
    if (error instanceof TypeError && !signal.aborted)
      return { ...UNREACHABLE, detail: why, remedy };
    return { code: "cut_off", title: why, detail: why, remedy };
  }
}
