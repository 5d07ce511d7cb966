import { type IncomingMessage, request } from 'node:http';
import { connectInside } from '../proc/connect-inside.ts';
import { type ListeningPort, listeningPorts } from '../proc/listening-ports.ts';

/** What a port of a process answered. */
export interface PprofAnswer {
  /** Of HTTP; 0 where it does not speak it or gave more than the bound. */
  readonly status: number;
  readonly body: Buffer;
  /** What went wrong; empty where it answered. */
  readonly problem: string;
}

const FOLDER = '/debug/pprof/';
const MAX_PORTS = 16;
const LOOK_MS = 1_000;
const MAX_PAGE_BYTES = 2 ** 16;

/** The port of a process that answers as Go's net/http/pprof; what the others said where none does. */
export async function findPprof(
  pid: number,
): Promise<{ readonly port: ListeningPort } | { readonly problem: string }> {
  const ports = listeningPorts(pid).slice(0, MAX_PORTS);
  if (ports.length === 0) return { problem: 'it listens on no TCP port' };
  const problems: string[] = [];
  for (const port of ports) {
    const limits = { maxBytes: MAX_PAGE_BYTES, signal: AbortSignal.timeout(LOOK_MS) };
    const { status, body, problem } = await askPprof(pid, port, '', limits);
    if (status === 200 && /profile\?/.test(body.toString('latin1'))) return { port };
    problems.push(`${port.address}:${port.port} ${problem || `answers ${status}`}`);
  }
  return { problem: problems.join(', ') };
}

export interface AskLimits {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What a port answers for a path below `/debug/pprof/`. Throws nothing. */
export function askPprof(
  pid: number,
  port: ListeningPort,
  path: string,
  { maxBytes, signal }: AskLimits,
): Promise<PprofAnswer> {
  return new Promise((resolve) => {
    const end = (status: number, body: Buffer, problem: string): void =>
      resolve({ status, body, problem });
    try {
      const asked = request({
        // For the header only: the connection is made in the process's own namespace.
        host: 'localhost',
        path: `${FOLDER}${path}`,
        createConnection: () => connectInside(pid, port),
        signal,
      });
      asked.once('error', ({ message }) => end(0, Buffer.alloc(0), message));
      asked.once('response', (response) => {
        readBody(response, maxBytes).then(
          (body) => end(response.statusCode ?? 0, body, ''),
          (error: Error) => end(0, Buffer.alloc(0), error.message),
        );
      });
      asked.end();
    } catch (error) {
      end(0, Buffer.alloc(0), (error as Error).message);
    }
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
