import { type CallTree, callTree } from './derive/call-tree.ts';
import { createFoldedReader } from './formats/folded.ts';
import { createProfileBuilder } from './model/builder.ts';
import { createProblems } from './model/parsed.ts';
import type { Profile } from './model/profile.ts';
import { CPU } from './model/profile-type.ts';

/** A profile of folded lines such as `main;work 3`: CPU time, no labels, at time 0. For tests. */
export function profileOf(...foldedLines: readonly string[]): Profile {
  const builder = createProfileBuilder();
  const problems = createProblems();
  const reader = createFoldedReader(builder, { type: CPU }, problems);
  for (const line of foldedLines) reader.line(line);
  const met = problems.list();
  if (met.length > 0) throw new Error(met.join('\n'));
  return builder.finish();
}

/** The call tree of folded lines. For tests. */
export function treeOf(...foldedLines: readonly string[]): CallTree {
  return callTree(profileOf(...foldedLines));
}

/** A tree as text for tests: `name total` a row, two spaces a level, without the root. */
export function draw(tree: CallTree): string[] {
  const depths = new Int32Array(tree.length);
  const lines: string[] = [];
  for (let row = 1; row < tree.length; row++) {
    const depth = (depths[tree.parent[row] ?? 0] ?? 0) + 1;
    depths[row] = depth;
    const name = tree.names[tree.name[row] ?? 0] ?? '';
    lines.push(`${'  '.repeat(depth - 1)}${name} ${tree.total[row]}`);
  }
  return lines;
}
