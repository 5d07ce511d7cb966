import { type FlameBoxes, type FlameLayout, shortName } from '@kube-eagle/profile';
import { type Palette, SHADES } from './colour.ts';
import { type Geometry, ROW_PX, topOf } from './geometry.ts';
import { nameOf } from './path.ts';
import type { Hits } from './search.ts';

/** All that a picture of a flame graph depends on. */
export interface Scene {
  readonly layout: FlameLayout;
  readonly boxes: FlameBoxes;
  readonly geometry: Geometry;
  readonly palette: Palette;
  /** By row in the tree's names. */
  readonly shades: Uint8Array;
  /** What a search found; `undefined` while none is on. */
  readonly hits: Hits | undefined;
  /** Levels above what is zoomed to: shown faded. */
  readonly zoomLevel: number;
  /** Device pixels in one px. */
  readonly pixelRatio: number;
}

const FONT = '11.5px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
const PADDING_PX = 5;
const FADED = 0.42;

/** Colours that are no function's, as slots after those of the palette's boxes. */
const EXTRA = ['run', 'cut', 'hit'] as const;

/** Draws a scene over the whole canvas, which is made to fit. O(boxes). */
export function drawScene(canvas: HTMLCanvasElement, scene: Scene): void {
  const { geometry, pixelRatio } = scene;
  const width = Math.round(geometry.widthPx * pixelRatio);
  const height = Math.round(geometry.heightPx * pixelRatio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.clearRect(0, 0, geometry.widthPx, geometry.heightPx);
  const slots = slotsOf(scene);
  fillBoxes(context, scene, slots);
  writeNames(context, scene, slots);
}

/** By box the colour: a place in the palette, then {@link EXTRA}, then all of these faded. */
function slotsOf(scene: Scene): Uint16Array {
  const { boxes, palette, hits, zoomLevel } = scene;
  const extra = palette.boxes.length;
  const faded = extra + EXTRA.length;
  const slots = new Uint16Array(boxes.length);
  for (let box = 0; box < boxes.length; box++) {
    if (hits !== undefined) {
      slots[box] = hasHit(scene, hits, box) ? extra + 2 : plainSlot(scene, box) + faded;
      continue;
    }
    const isAbove = (boxes.level[box] ?? 0) < zoomLevel;
    slots[box] = plainSlot(scene, box) + (isAbove ? faded : 0);
  }
  return slots;
}

function hasHit({ boxes }: Scene, { before }: Hits, box: number): boolean {
  const index = boxes.index[box] ?? 0;
  return (before[index + (boxes.count[box] ?? 0)] ?? 0) > (before[index] ?? 0);
}

function plainSlot({ layout, boxes, palette, shades }: Scene, box: number): number {
  const count = boxes.count[box] ?? 0;
  if (count !== 1) return palette.boxes.length + (count === 0 ? 1 : 0);
  const row = layout.rows[boxes.index[box] ?? 0] ?? 0;
  const { kind, name } = layout.tree;
  return (kind[row] ?? 0) * SHADES + (shades[name[row] ?? 0] ?? 0);
}

/** Fills colour by colour: a change of colour costs more than a box. */
function fillBoxes(context: CanvasRenderingContext2D, scene: Scene, slots: Uint16Array): void {
  const { boxes, geometry, palette } = scene;
  const colours = [...palette.boxes, ...EXTRA.map((name) => palette[name])];
  for (const [slot, members] of groups(slots, colours.length * 2)) {
    context.fillStyle = colours[slot % colours.length] ?? palette.run;
    context.globalAlpha = slot < colours.length ? 1 : FADED;
    for (const box of members) {
      const width = boxes.width[box] ?? 0;
      // A gap tells neighbors apart, unless it would be most of the box.
      const gap = width > 3 ? 1 : 0;
      const top = topOf(geometry, boxes.level[box] ?? 0);
      context.fillRect(boxes.x[box] ?? 0, top, Math.max(width - gap, 0.5), ROW_PX - 1);
    }
  }
  context.globalAlpha = 1;
}

/** The boxes of each slot that has any: a counting sort. */
function groups(slots: Uint16Array, slotCount: number): [number, Int32Array][] {
  const ends = new Int32Array(slotCount + 1);
  for (const slot of slots) ends[slot + 1] = (ends[slot + 1] ?? 0) + 1;
  for (let slot = 0; slot < slotCount; slot++)
    ends[slot + 1] = (ends[slot + 1] ?? 0) + (ends[slot] ?? 0);
  const starts = ends.slice();
  const sorted = new Int32Array(slots.length);
  for (let box = 0; box < slots.length; box++) {
    const slot = slots[box] ?? 0;
    const place = ends[slot] ?? 0;
    sorted[place] = box;
    ends[slot] = place + 1;
  }
  const found: [number, Int32Array][] = [];
  for (let slot = 0; slot < slotCount; slot++) {
    const members = sorted.subarray(starts[slot] ?? 0, starts[slot + 1] ?? 0);
    if (members.length > 0) found.push([slot, members]);
  }
  return found;
}

function writeNames(context: CanvasRenderingContext2D, scene: Scene, slots: Uint16Array): void {
  const { boxes, geometry, palette } = scene;
  const extra = palette.boxes.length;
  const solid = extra + EXTRA.length;
  context.font = FONT;
  context.textBaseline = 'middle';
  const charPx = context.measureText('0'.repeat(16)).width / 16;
  const styles = { 1: palette.cutText, 2: palette.hitText } as Readonly<Record<number, string>>;
  for (let box = 0; box < boxes.length; box++) {
    const room = Math.floor(((boxes.width[box] ?? 0) - 2 * PADDING_PX) / charPx);
    if (room < 3 || (boxes.count[box] ?? 0) > 1) continue;
    const slot = slots[box] ?? 0;
    const text = labelOf(scene, box, room);
    const solidText = styles[(slot % solid) - extra] ?? palette.text;
    context.fillStyle = slot < solid ? solidText : palette.fadedText;
    const top = topOf(geometry, boxes.level[box] ?? 0);
    context.fillText(text, (boxes.x[box] ?? 0) + PADDING_PX, top + ROW_PX / 2);
  }
}

function labelOf({ layout, boxes }: Scene, box: number, room: number): string {
  if (boxes.count[box] === 0) return 'cut';
  return shortName(nameOf(layout.tree, layout.rows[boxes.index[box] ?? 0] ?? 0), room);
}
