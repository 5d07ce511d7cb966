/**
 * A name in at most `room` characters: whole, else without its path, else without its package, else
 * cut with an ellipsis; `''` where fewer than three would be left. The end of a name says the most.
 */
export function shortName(name: string, room: number): string {
  if (name.length <= room) return name;
  if (room < 3) return '';
  const inPackage = name.slice(lastOutsideBrackets(name, '/') + 1);
  if (inPackage.length <= room) return inPackage;
  const scope = lastOutsideBrackets(inPackage, '::');
  const own = scope < 0 ? inPackage : inPackage.slice(scope + 2);
  if (own.length <= room) return own;
  const bare = own.replace(/[<(].*$/s, '') || own;
  return bare.length <= room ? bare : `${bare.slice(0, room - 1)}…`;
}

/** The place of the last `mark` before any parameters: those can hold it too. */
function lastOutsideBrackets(name: string, mark: string): number {
  const end = name.search(/[<(]/);
  // Go's receivers open a bracket that the name ends after.
  return name.lastIndexOf(mark, end > 0 ? end - mark.length : name.length);
}
