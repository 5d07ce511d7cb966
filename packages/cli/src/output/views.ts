import type { FlameTreeResponse, Quality, TopFunction, TopResponse } from '@kube-eagle/api';
import {
  type CallTree,
  FRAME_KINDS,
  formatShare,
  formatValue,
  qualityCounts,
} from '@kube-eagle/profile';
import type { Shell } from '../shell.ts';
import { createPaint, type Paint } from './paint.ts';
import { clipped, printable } from './printable.ts';
import { qualityLine, truncationLine } from './quality-line.ts';
import { type Column, table } from './table.ts';
import { drawTextTree } from './text-tree.ts';

/** What a view is of. */
interface Heading {
  readonly profileType: string;
  readonly selector: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A flame graph as text for people, within the screen's width. */
export function flameText(
  { stdout }: Shell,
  request: Heading & { readonly rows: number; readonly fullNames: boolean },
  answer: FlameTreeResponse,
  tree: CallTree,
): string {
  const paint = createPaint(stdout.hasColour);
  const { unit, quality } = answer;
  const { width } = stdout;
  const whole = formatValue(tree.total[0] ?? 0, unit);
  return text([
    ...heading(request, { whole, quality, width, paint }),
    '',
    ...drawTextTree(tree, { rows: request.rows, fullNames: request.fullNames, width, unit, paint }),
  ]);
}

/** The functions with the most of their own, as a table. */
export function topText({ stdout }: Shell, request: Heading, answer: TopResponse): string {
  const paint = createPaint(stdout.hasColour);
  const { functions, total, unit, quality, leftOut } = answer;
  const { width } = stdout;
  const columns: readonly Column<TopFunction>[] = [
    { head: 'SELF', align: 'right', cell: ({ self }) => formatValue(self, unit) },
    { head: '', align: 'right', cell: ({ self }) => formatShare(self, total) },
    { head: 'TOTAL', align: 'right', cell: (row) => formatValue(row.total, unit) },
    { head: '', align: 'right', cell: (row) => formatShare(row.total, total) },
    {
      head: 'FUNCTION',
      cell: ({ name, file }) => (file === '' ? name : `${name}  ${file}`),
    },
  ];
  const [head = '', ...lines] = table(functions, columns, width);
  const whole = formatValue(total, unit);
  return text([
    ...heading(request, { whole, quality, width, paint }),
    '',
    paint.dim(head),
    ...lines,
    ...(leftOut > 0 ? [paint.dim(`and ${leftOut} more functions, see --limit`)] : []),
  ]);
}

/** A flame graph as JSON: rows in preorder, each with the row of its parent; a row a chunk. */
export function* flameJson(
  { profileType, selector, fromMs, toMs }: Heading,
  { unit, quality, cutNodes }: FlameTreeResponse,
  tree: CallTree,
): Iterable<string> {
  const head = {
    ...{ profileType, selector, fromMs, toMs, unit, cutNodes },
    quality: {
      ...qualityCounts((name) => quality?.[name] ?? 0),
      truncations: (quality?.truncations ?? []).map(({ reason, share }) => ({ reason, share })),
    },
  };
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[\n`;
  for (let row = 0; row < tree.length; row++) {
    const line = JSON.stringify({
      parent: tree.parent[row],
      name: tree.names[tree.name[row] ?? 0],
      kind: FRAME_KINDS[tree.kind[row] ?? 0],
      self: tree.self[row],
      total: tree.total[row],
    });
    yield row + 1 < tree.length ? `${line},\n` : `${line}\n`;
  }
  yield ']}\n';
}

function heading(
  { profileType, selector, fromMs, toMs }: Heading,
  of: {
    readonly whole: string;
    readonly quality: Quality | undefined;
    readonly width: number;
    readonly paint: Paint;
  },
): string[] {
  const range = `${instant(fromMs)} to ${instant(toMs)}`;
  const what = `${profileType}  ${selector || '{}'}`;
  return [
    of.paint.bold(clipped(printable(what), of.width)),
    of.paint.dim(clipped(`${range}  ·  ${of.whole}`, of.width)),
    ...[qualityLine(of.quality), truncationLine(of.quality)]
      .filter((line) => line !== '')
      .map((line) => of.paint.dim(clipped(printable(line), of.width))),
  ];
}

function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
