import { decodeFlameTree, EXPORT_FORMATS, type ExportFormat, ROUTES } from '@kube-eagle/api';
import { EagleError, writeFlameSvg } from '@kube-eagle/profile';
import type { Connection } from '../server/connection.ts';
import type { Shell } from '../shell.ts';
import type { Format } from './format.ts';
import { flameJson, flameText, topText } from './views.ts';

/** Which profile, and how to write it. */
export interface ProfileRequest {
  readonly profileType: string;
  readonly selector: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly format: Format;
  /** Absent: standard output. */
  readonly file: string | undefined;
  /** Rows of a flame graph in text. */
  readonly rows: number;
  /** Names in it whole, even where a line becomes longer than the screen is wide. */
  readonly fullNames: boolean;
  /** Functions of a list. */
  readonly limit: number;
}

/** Rows asked for where a picture or a file is made of them. */
const MAX_NODES = 10_000;

/**
 * Asks for a profile and writes it as it comes. Throws `not_found` where there is no sample, saying
 * what there is instead, and `invalid_argument` for bytes that a terminal would choke on.
 */
export async function giveProfile(
  shell: Shell,
  connection: Connection,
  request: ProfileRequest,
  signal: AbortSignal,
): Promise<void> {
  const { format, file } = request;
  if (format === 'pprof' && file === undefined && shell.stdout.isTty) {
    throw new EagleError(
      'invalid_argument',
      'pprof is binary and this is a terminal: name a file with -f FILE, or pipe it',
    );
  }
  const chunks = bodyOf(shell, connection, request, signal)[Symbol.asyncIterator]();
  let chunk = await chunks.next();
  if (chunk.done) throw await nothing(connection, request, signal);
  await using sink = file === undefined ? undefined : await shell.openFile(file);
  for (; !chunk.done; chunk = await chunks.next()) await (sink ?? shell.stdout).write(chunk.value);
  if (file !== undefined) await shell.stderr.write(`wrote ${file}\n`);
}

/** The profile in its format, in pieces; nothing where there are no samples. */
async function* bodyOf(
  shell: Shell,
  connection: Connection,
  request: ProfileRequest,
  signal: AbortSignal,
): AsyncIterable<string | Uint8Array> {
  const { format, limit, profileType, selector, fromMs, toMs } = request;
  const selection = { profileType, selector, fromMs, toMs };
  if (isExport(format)) {
    yield* await connection.get(exportPath(format, request), signal);
    return;
  }
  if (format === 'top') {
    const answer = await connection.client.query.top({ selection, limit }, { signal });
    if (answer.total !== 0) yield topText(shell, request, answer);
    return;
  }
  const answer = await connection.client.query.flameTree(
    { selection, maxNodes: MAX_NODES },
    { signal },
  );
  const tree = decodeFlameTree(answer);
  if ((tree.total[0] ?? 0) === 0) return;
  if (format === 'svg') {
    yield writeFlameSvg(tree, { title: `${profileType} ${selector}`, unit: answer.unit });
  } else if (format === 'json') yield* flameJson(request, answer, tree);
  else yield flameText(shell, request, answer, tree);
}

function isExport(format: Format): format is ExportFormat {
  return (EXPORT_FORMATS as readonly string[]).includes(format);
}

function exportPath(format: ExportFormat, request: ProfileRequest): string {
  const query = new URLSearchParams({
    format,
    profile_type: request.profileType,
    selector: request.selector,
    from_ms: String(request.fromMs),
    to_ms: String(request.toMs),
  });
  return `${ROUTES.export}?${query}`;
}

/** The error that says there is no sample, and which types there are. */
async function nothing(
  { client }: Connection,
  { profileType, selector, fromMs, toMs }: ProfileRequest,
  signal: AbortSignal,
): Promise<EagleError> {
  const range = `${new Date(fromMs).toISOString()} and ${new Date(toMs).toISOString()}`;
  const { profileTypes } = await client.query.profileTypes({ selector, fromMs, toMs }, { signal });
  const advice =
    profileTypes.length > 0 && !profileTypes.includes(profileType)
      ? `There is --type ${profileTypes.join(', ')}`
      : 'Ask for more with --from, look for labels with: eagle labels';
  return new EagleError(
    'not_found',
    `no samples of ${profileType} for ${selector || '{}'} between ${range}. ${advice}`,
  );
}
