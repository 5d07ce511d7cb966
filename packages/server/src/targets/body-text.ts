import { EagleError } from '@kube-eagle/profile';

/** Text whole. Throws `resource_exhausted` for more than `maxBytes`. */
export async function readText(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLong('an answer', maxBytes);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join('') + decoder.decode();
}

/** Lines without their ends, as they come. Throws `resource_exhausted` for one over `maxBytes`. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      parts.push(line);
      yield parts.join('');
      parts = [];
      sizeBytes = 0;
    }
    sizeBytes += rest.length;
    if (sizeBytes > maxBytes) throw tooLong('a line', maxBytes);
    if (rest !== '') parts.push(rest);
  }
  if (parts.length > 0) yield parts.join('');
}

function tooLong(what: string, maxBytes: number): EagleError {
  return new EagleError(
    'resource_exhausted',
    `expected ${what} of the Kubernetes API of at most ${maxBytes} bytes, got more`,
  );
}
