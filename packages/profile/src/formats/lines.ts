import type { Problems } from '../model/parsed.ts';

/** Longest line that is read. */
export const MAX_LINE_BYTES = 1_000_000;

const LINE_FEED = 10;

/**
 * The lines of UTF-8 text, some at a time, without their ends. At most a chunk and a line are in
 * memory. Longer lines come out empty, so that the ones after keep their numbers, and are said; so
 * are bytes that are not UTF-8, which become U+FFFD.
 */
export async function* readLines(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  problems: Problems,
): AsyncIterable<readonly string[]> {
  const decode = createDecoder(problems);
  let rest: Uint8Array[] = [];
  let restBytes = 0;

  function takeRest(): Uint8Array {
    const long = restBytes > MAX_LINE_BYTES;
    if (long) problems.add(`a line of ${restBytes} bytes, at most ${MAX_LINE_BYTES} are read`);
    const bytes = long ? new Uint8Array() : joined(rest, restBytes);
    rest = [];
    restBytes = 0;
    return bytes;
  }

  function keep(bytes: Uint8Array): void {
    restBytes += bytes.length;
    if (restBytes > MAX_LINE_BYTES) rest = [];
    else if (bytes.length > 0) rest.push(bytes.slice());
  }

  for await (const chunk of chunks) {
    const first = chunk.indexOf(LINE_FEED);
    if (first < 0) {
      keep(chunk);
      continue;
    }
    keep(chunk.subarray(0, first));
    const last = chunk.lastIndexOf(LINE_FEED);
    const lines = [decode(takeRest())];
    if (last > first) lines.push(...decode(chunk.subarray(first + 1, last)).split('\n'));
    yield lines.map((line) => withinBound(line, problems));
    keep(chunk.subarray(last + 1));
  }
  if (restBytes > 0) yield [decode(takeRest())];
}

function createDecoder(problems: Problems): (bytes: Uint8Array) => string {
  const strict = new TextDecoder('utf-8', { fatal: true });
  const lenient = new TextDecoder('utf-8');
  let said = false;
  return (bytes) => {
    try {
      return strict.decode(bytes);
    } catch {
      if (!said) problems.add('some bytes are not UTF-8 and were replaced');
      said = true;
      return lenient.decode(bytes);
    }
  };
}

function withinBound(line: string, problems: Problems): string {
  if (line.length <= MAX_LINE_BYTES) return line;
  problems.add(`a line of ${line.length} characters, at most ${MAX_LINE_BYTES} bytes are read`);
  return '';
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
