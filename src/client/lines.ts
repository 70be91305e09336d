import { CutShortError } from "./refusalError.ts";

/**
 * One JSON value a line, as they come.
 * @throws CutShortError where the answer broke off, also in the middle of a line
 */
export async function* jsonLines<Line>(response: Response): AsyncGenerator<Line, void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new CutShortError(received, error);
      });
      if (done) break;
      received += value.length;
      const lines = (text + value).split("\n");
      text = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as Line;
    }
  } finally {
    // Also where the consumer stops early: the connection is given up.
    await reader.cancel().catch(() => {});
  }
  if (text !== "") throw new CutShortError(received);
}
