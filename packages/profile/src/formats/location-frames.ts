import { type Column, float64Column, int32Column, uint8Column } from '../model/columns.ts';
import { finishTable, growingFrames, pushRow } from '../model/growing-tables.ts';
import { type Frames, type Functions, type Mappings, NONE } from '../model/profile.ts';

/** Locations as they come. */
export interface RawLocations {
  readonly mapping: Column<Int32Array>;
  readonly address: Column<Float64Array>;
  /** Index in FRAME_KINDS. */
  readonly kind: Column<Uint8Array>;
  /** Row in `line` of its first line; they end where the next location's begin. */
  readonly firstLine: Column<Int32Array>;
  readonly lineFunction: Column<Int32Array>;
  readonly line: Column<Int32Array>;
}

/** No locations yet. */
export const locationColumns = (): RawLocations => ({
  mapping: int32Column(),
  address: float64Column(),
  kind: uint8Column(),
  firstLine: int32Column(),
  lineFunction: int32Column(),
  line: int32Column(),
});

/** The tables that frames refer to. */
interface Referred {
  readonly functions: Functions;
  readonly mappings: Mappings;
}

/** Frames, and the first of each location; one row more than there are locations. */
interface LocationFrames {
  readonly frames: Frames;
  readonly firstFrame: Int32Array;
}

/** One frame a line of a location, the innermost first; one for a location without lines. */
export function framesOf(
  locations: RawLocations,
  { functions, mappings }: Referred,
): LocationFrames {
  const columns = growingFrames();
  const count = locations.mapping.length;
  const firstFrame = new Int32Array(count + 1);
  for (let location = 0; location < count; location++) {
    firstFrame[location] = columns.function.length;
    const mapping = locations.mapping.get(location);
    const common = {
      mapping: mapping > 0 && mapping < mappings.length ? mapping : NONE,
      address: locations.address.get(location),
      kind: locations.kind.get(location),
    };
    const from = locations.firstLine.get(location);
    const to = location + 1 < count ? locations.firstLine.get(location + 1) : locations.line.length;
    if (from === to) pushRow(columns, { ...common, function: NONE, line: 0, inlined: 0 });
    for (let line = from; line < to; line++) {
      pushRow(columns, {
        ...common,
        function: namedOrNone(functions, locations.lineFunction.get(line)),
        line: locations.line.get(line),
        inlined: Number(line + 1 < to),
      });
    }
  }
  firstFrame[count] = columns.function.length;
  return { frames: finishTable(columns), firstFrame };
}

/** A function without a name is none. */
function namedOrNone(functions: Functions, row: number): number {
  return row >= 0 && row < functions.length && functions.name[row] !== 0 ? row : NONE;
}
