/**
 * Where parameters of a name's last part begin: a bracket right after a word (that of a method's receiver
 * in Go comes after a dot).
 */
const PARAMETERS = /(?<=[\w~])[<(]/;
/** What compilers put to the names of copies and parts of functions. */
const COPY = /\.(?:isra|part|cold|constprop|llvm|lto_priv)\b/;

/**
 * A name in at most `room` characters: whole, else without as much of its path, package and class as
 * is needed, else without its parameters, else cut with an ellipsis; `''` where fewer than three
 * characters would be left. The end of a name says the most.
 */
export function shortName(name: string, room: number): string {
  if (name.length <= room) return name;
  if (room < 3) return '';
  const starts = partStarts(name);
  const fitting = starts.find((start) => name.length - start <= room);
  if (fitting !== undefined) return name.slice(fitting);
  const last = name.slice(starts.at(-1) ?? 0);
  const bare = last.slice(0, Math.min(placeOf(PARAMETERS, last), placeOf(COPY, last)));
  return bare.length <= room ? bare : `${bare.slice(0, room - 1)}…`;
}

/** Where the parts of a name begin after the first, outside all brackets. */
function partStarts(name: string): number[] {
  const end = placeOf(COPY, name);
  const starts: number[] = [];
  let depth = 0;
  for (const { 0: mark, index } of name.slice(0, end).matchAll(/[([<{]|[)\]>}]|\/|::|\./g)) {
    if ('([<{'.includes(mark)) depth++;
    else if (')]>}'.includes(mark)) depth--;
    else if (depth === 0 && index > 0) starts.push(index + mark.length);
  }
  return starts.filter((start) => start < end);
}

/** Where a pattern is in a name, but not at its begin; the name's end where it is not. */
function placeOf(pattern: RegExp, name: string): number {
  const at = name.search(pattern);
  return at > 0 ? at : name.length;
}
