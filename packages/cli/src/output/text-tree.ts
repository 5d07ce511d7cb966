import {
  type CallTree,
  cutTree,
  FRAME_KINDS,
  formatShare,
  formatValue,
  shortName,
} from '@kube-eagle/profile';
import { type Paint, paintKind } from './paint.ts';
import { clipped, printable } from './printable.ts';

/** How a tree is drawn. */
export interface TextTreeOptions {
  /** Rows at most; the smallest branches are folded into their caller's row. */
  readonly rows: number;
  /** Characters of a line. */
  readonly width: number;
  /** Names whole, however long that makes a line; else as short as the width asks for. */
  readonly fullNames: boolean;
  readonly unit: string;
  readonly paint: Paint;
}

const BAR_WIDTH = 8;
const BAR_PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * A call tree as lines: share and bar, total, self, and the name under its caller. The largest
 * branches come first. A function that is its caller's only one shown stands right below it without
 * a branch line, so deep stacks stay narrow. `+3 more 1.2 %` are callees that were folded.
 */
export function drawTextTree(tree: CallTree, options: TextTreeOptions): string[] {
  const { rows, width, paint } = options;
  const cut = cutTree(tree, rows + 1);
  const callees = calleesOf(cut.tree);
  const countBefore = calleeCounts(tree);
  const folded = (row: number): string =>
    foldedText(cut.tree, row, {
      callees: callees[row] ?? [],
      countBefore: countBefore[cut.rowBefore[row] ?? 0] ?? 0,
    });
  const bar = hasBars(width) ? ' '.repeat(BAR_WIDTH + 1) : '';
  const head = `${'TOTAL'.padStart(7)}${bar}  ${'VALUE'.padStart(8)}  ${'SELF'.padStart(8)}  FUNCTION`;
  const lines = [paint.dim(clipped(head, width))];
  for (const drawn of displayOrder(callees)) {
    lines.push(rowText(cut.tree, { ...drawn, folded: folded(drawn.row) }, options));
  }
  const rest = folded(0);
  if (rest !== '') lines.push(paint.dim(rest.trimStart()));
  return lines;
}

/** Characters of a line before the name, without the bar. */
const COLUMNS_WIDTH = 29;

/** Characters that a name keeps beside what was folded below it. */
const LEAST_NAME = 4;

const hasBars = (width: number): boolean => width >= 60;

function rowText(
  tree: CallTree,
  { row, branch, folded }: Drawn & { readonly folded: string },
  { width, unit, paint, fullNames }: TextTreeOptions,
): string {
  const total = tree.total[row] ?? 0;
  const whole = tree.total[0] ?? 0;
  const bar = hasBars(width) ? ` ${barOf(total, whole)}` : '';
  const room = width - COLUMNS_WIDTH - bar.length;
  const lead = clippedLead(branch, Math.floor(room / 2));
  const name = printable(tree.names[tree.name[row] ?? 0] ?? '');
  const note = lead.length + folded.length + LEAST_NAME <= room ? folded : '';
  const paintName = paintKind(paint, FRAME_KINDS[tree.kind[row] ?? 0] ?? 'unknown');
  return [
    formatShare(total, whole).padStart(7),
    paintName(bar),
    `  ${formatValue(total, unit).padStart(8)}  `,
    paint.dim(selfText(tree.self[row] ?? 0, unit).padStart(8)),
    `  ${paint.dim(lead)}`,
    paintName(fullNames ? name : shortName(name, room - lead.length - note.length)),
    paint.dim(note),
  ].join('');
}

/** Rows below each row, the largest totals first. */
function calleesOf(tree: CallTree): number[][] {
  const callees: number[][] = Array.from({ length: tree.length }, () => []);
  for (let row = 1; row < tree.length; row++) callees[tree.parent[row] ?? 0]?.push(row);
  const total = (row: number): number => tree.total[row] ?? 0;
  for (const rows of callees) rows.sort((a, b) => total(b) - total(a) || a - b);
  return callees;
}

function calleeCounts(tree: CallTree): Int32Array {
  const counts = new Int32Array(tree.length);
  for (let row = 1; row < tree.length; row++) {
    const parent = tree.parent[row] ?? 0;
    counts[parent] = (counts[parent] ?? 0) + 1;
  }
  return counts;
}

interface Drawn {
  readonly row: number;
  /** What stands before the name. */
  readonly branch: string;
}

/** Rows from the top down with their branch lines; the root itself is not drawn. */
function* displayOrder(callees: readonly (readonly number[])[]): Iterable<Drawn> {
  const stack: (Drawn & { readonly below: string })[] = [{ row: 0, branch: '', below: '' }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top.row > 0) yield { row: top.row, branch: top.branch };
    const rows = callees[top.row] ?? [];
    const { below } = top;
    for (let at = rows.length - 1; at >= 0; at--) {
      const row = rows[at] ?? 0;
      if (rows.length === 1) stack.push({ row, branch: below, below });
      else if (at === rows.length - 1) {
        stack.push({ row, branch: `${below}└─ `, below: `${below}   ` });
      } else stack.push({ row, branch: `${below}├─ `, below: `${below}│  ` });
    }
  }
}

/** What was folded below a row: callees by count, and their value as a share of all. */
function foldedText(
  tree: CallTree,
  row: number,
  of: { readonly callees: readonly number[]; readonly countBefore: number },
): string {
  const shown = of.callees.reduce((sum, callee) => sum + (tree.total[callee] ?? 0), 0);
  const left = (tree.total[row] ?? 0) - (tree.self[row] ?? 0) - shown;
  const hidden = of.countBefore - of.callees.length;
  const whole = tree.total[0] ?? 0;
  if (hidden <= 0 && left <= whole * 0.0005) return '';
  return `  +${hidden > 0 ? `${hidden} ` : ''}more ${formatShare(Math.max(0, left), whole)}`;
}

function selfText(self: number, unit: string): string {
  return self === 0 ? '·' : formatValue(self, unit);
}

/** A share of a whole as a bar of eighths. */
function barOf(part: number, whole: number): string {
  const eighths = whole > 0 ? Math.round((part / whole) * BAR_WIDTH * 8) : 0;
  const full = Math.min(BAR_WIDTH, Math.floor(eighths / 8));
  return `${'█'.repeat(full)}${full < BAR_WIDTH ? BAR_PARTS[eighths % 8] : ''}`.padEnd(BAR_WIDTH);
}

/** The end of a lead that is too long, so that there is room for the name. */
function clippedLead(lead: string, room: number): string {
  return lead.length <= room ? lead : `… ${lead.slice(lead.length - room + 2)}`;
}
