import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  parseTimeMs,
  ROUTES,
  SelectionSchema,
} from '@kube-eagle/api';
import {
  CPU,
  EagleError,
  type Profile,
  profileTypeId,
  writeFolded,
  writeSpeedscope,
} from '@kube-eagle/profile';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { QueryPorts } from './query-service.ts';
import { selectionQuery } from './selection.ts';

export interface ExportPorts extends QueryPorts {
  readonly nowMs: () => number;
}

interface File {
  readonly extension: string;
  readonly contentType: string;
}

const FILES: Readonly<Record<ExportFormat, File>> = {
  folded: { extension: 'folded.txt', contentType: 'text/plain; charset=utf-8' },
  speedscope: { extension: 'speedscope.json', contentType: 'application/json' },
  pprof: { extension: 'pb.gz', contentType: 'application/octet-stream' },
};

/** Characters sent at once: lines are far shorter, and each write costs. */
const CHUNK_LENGTH = 65_536;

/**
 * `GET /export?format=&profile_type=&selector=&from_ms=&to_ms=`: a merged profile as a file. What
 * is left out is CPU time, everything, and the last hour. `from` and `to` also take `now-1h` and
 * dates. Unknown parameters are let be, since `go tool pprof URL` adds its own.
 */
export function registerExport(app: FastifyInstance, ports: ExportPorts): void {
  const { store, answerer, gate } = ports;
  app.get(ROUTES.export, async (request, reply) => {
    const asked = exportOf(request.query as Query, ports.nowMs());
    const query = selectionQuery(asked.selection);
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const body = await gate('export', left.signal, async (signal) => {
      const profile = await store.merge(query, signal);
      const name = `kube-eagle-${query.type.sampleType}`;
      return asked.format === 'pprof'
        ? gzipped(await answerer.answer('pprof', profile, {}, signal))
        : Readable.from(chunks(linesOf(profile, asked.format, name)));
    });
    return await sendFile(reply, asked.format, query.type.sampleType, body);
  });
}

/** Parameters as they came: a text, several of one name, or none. */
type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

const HOUR_MS = 3_600_000;

/** What a query string asks for. Throws `invalid_argument`. */
export function exportOf(query: Query, nowMs: number) {
  const text = (name: string): string | undefined => {
    const value = query[name];
    if (value === undefined || typeof value === 'string') return value;
    throw new EagleError('invalid_argument', `expected one ${name}, got ${value.length}`);
  };
  const instant = (name: string, otherwise: number): number => {
    const value = text(`${name}_ms`) ?? text(name);
    if (value === undefined || value === '') return otherwise;
    return /^\d{11,16}(?:\.\d+)?$/.test(value) ? Number(value) : parseTimeMs(value, nowMs);
  };
  const format = text('format') ?? 'pprof';
  if (!isFormat(format)) {
    throw new EagleError(
      'invalid_argument',
      `expected format ${EXPORT_FORMATS.join(', ')}, got ${JSON.stringify(format)}`,
    );
  }
  const toMs = instant('to', nowMs);
  return {
    format,
    selection: create(SelectionSchema, {
      profileType: text('profile_type') ?? profileTypeId(CPU),
      selector: text('selector') ?? '',
      fromMs: instant('from', toMs - HOUR_MS),
      toMs,
    }),
  };
}

function isFormat(format: string): format is ExportFormat {
  return (EXPORT_FORMATS as readonly string[]).includes(format);
}

function linesOf(
  profile: Profile,
  format: Exclude<ExportFormat, 'pprof'>,
  name: string,
): Iterable<string> {
  return format === 'folded' ? writeFolded(profile) : writeSpeedscope(profile, { name });
}

function* chunks(parts: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const part of parts) {
    chunk += part;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function gzipped(bytes: Uint8Array): Readable {
  return Readable.from([bytes]).pipe(createGzip({ level: 4 }));
}

async function sendFile(
  reply: FastifyReply,
  format: ExportFormat,
  sampleType: string,
  body: Readable,
): Promise<FastifyReply> {
  const { extension, contentType } = FILES[format];
  const safeType = sampleType.replaceAll(/[^\w-]/g, '_');
  return await reply
    .type(contentType)
    .header('content-disposition', `attachment; filename="kube-eagle-${safeType}.${extension}"`)
    .send(body);
}
