import type { CallTree } from '../derive/call-tree.ts';
import { cutTree } from '../derive/cut-tree.ts';
import { layOutFlame } from '../derive/flame-layout.ts';
import { formatShare, formatValue } from '../derive/format-value.ts';
import { shortName } from '../derive/short-name.ts';
import { SVG_SCRIPT } from './svg-script.ts';
import { SVG_STYLE } from './svg-style.ts';

/** What a flame graph picture needs beside its tree. */
export interface FlameSvgOptions {
  readonly title: string;
  /** Unit of the values, such as `nanoseconds`. */
  readonly unit: string;
  /** In CSS pixels; the picture scales to any width. */
  readonly width?: number;
}

/** Rows drawn at most, those with the largest totals: about 2 MB of text. */
const MAX_ROWS = 10_000;

const ROW_HEIGHT = 18;
const HEADER_HEIGHT = 56;
const CHARACTER_WIDTH = 6.7;

/**
 * A flame graph as one SVG file that needs nothing else: the root on top, callees below. Where
 * scripts run, a click or Enter zooms, arrows walk, Escape resets, and a search by regular expression
 * says which share of the value it matched. Names are escaped, whatever they hold.
 */
export function writeFlameSvg(tree: CallTree, options: FlameSvgOptions): string {
  const { title, unit, width = 1_200 } = options;
  const { tree: drawn, cutNodes } = cutTree(tree, MAX_ROWS);
  const { depth, start, level } = layOutFlame(drawn);
  const whole = drawn.total[0] ?? 0;
  const scale = whole > 0 ? width / whole : 0;
  const height = HEADER_HEIGHT + depth * ROW_HEIGHT;
  const left = cutNodes > 0 ? `; ${cutNodes} small branches are not drawn` : '';
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="eagle" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(title)}</title><style>${SVG_STYLE}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="head" x="8" y="20">${escaped(title)}</text>`,
    `<text class="note" x="8" y="42">${escaped(`${formatValue(whole, unit)} in all${left}`)}</text>`,
    controls(width),
    `<g class="frames" data-width="${width}" data-character="${CHARACTER_WIDTH}">`,
  ];
  for (let row = 0; row < drawn.length; row++) {
    const total = drawn.total[row] ?? 0;
    const name = oneLine(drawn.names[drawn.name[row] ?? 0] ?? '');
    const self = formatValue(drawn.self[row] ?? 0, unit);
    const share = formatShare(total, whole);
    parts.push(
      box({
        name,
        tip: `${name}\n${share}, ${formatValue(total, unit)} with callees, ${self} itself`,
        kind: drawn.kind[row] ?? 0,
        level: level[row] ?? 0,
        x: (start[row] ?? 0) * scale,
        width: total * scale,
      }),
    );
  }
  parts.push(`</g><script><![CDATA[${SVG_SCRIPT}]]></script></svg>\n`);
  return parts.join('\n');
}

/** Search field, reset button and the place for what was found. */
function controls(width: number): string {
  return [
    `<foreignObject x="${Math.max(0, width - 430)}" y="4" width="${Math.min(422, width)}" height="28">`,
    '<div xmlns="http://www.w3.org/1999/xhtml" class="controls">',
    '<output></output>',
    '<input type="search" placeholder="Search by regexp ( / )" aria-label="Search by regular expression"/>',
    '<button type="button">Reset zoom</button></div></foreignObject>',
  ].join('');
}

interface Box {
  readonly name: string;
  readonly tip: string;
  readonly kind: number;
  readonly level: number;
  readonly x: number;
  readonly width: number;
}

function box({ name, tip, kind, level, x, width }: Box): string {
  const y = HEADER_HEIGHT + level * ROW_HEIGHT;
  const focus = level === 0 ? 0 : -1;
  return [
    `<g class="f k${kind} s${shade(name)}" role="button" tabindex="${focus}" data-l="${level}">`,
    `<title>${escaped(tip)}</title>`,
    `<rect x="${number(x)}" y="${y}" width="${number(width)}" height="${ROW_HEIGHT - 1}"/>`,
    `<text x="${number(x + 4)}" y="${y + 13}">${escaped(fitted(name, width))}</text></g>`,
  ].join('');
}

/** As much of a name as a box has room for. */
const fitted = (name: string, width: number): string =>
  shortName(name, Math.floor((width - 8) / CHARACTER_WIDTH));

function number(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

/** One of four shades, the same for the same name. */
function shade(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = (hash * 31 + name.charCodeAt(at)) | 0;
  return hash & 3;
}

function oneLine(name: string): string {
  return name.replace(/\s+/g, ' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for XML 1.0: what it reserves is escaped, what it forbids becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
