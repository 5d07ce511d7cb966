import { type CallTree, callTree } from './derive/call-tree.ts';
import { createFoldedReader } from './formats/folded.ts';
import { createProfileBuilder } from './model/builder.ts';
import { createProblems } from './model/parsed.ts';
import { FRAME_KINDS, type Profile } from './model/profile.ts';
import { CPU, profileTypeId } from './model/profile-type.ts';
import { QUALITY_COUNTS } from './model/quality.ts';

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

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** A frame as text: function, place in its source, place in its file. */
function frameText({ strings, functions, frames, mappings }: Profile, row: number): string {
  const fn = frames.function[row] ?? -1;
  const mapping = frames.mapping[row] ?? -1;
  const name = strings[functions.name[fn] ?? -1] ?? '?';
  const file = strings[functions.file[fn] ?? 0];
  const where = strings[mappings.file[mapping] ?? 0];
  const id = strings[mappings.buildId[mapping] ?? 0];
  return [
    `${name}(${file}:${functions.startLine[fn] ?? 0}:${frames.line[row]})`,
    `@${where}#${id}+${frames.address[row]}`,
    FRAME_KINDS[frames.kind[row] ?? 0],
    frames.inlined[row] === 1 ? 'inlined' : '',
  ].join(' ');
}

function seriesText({ series }: Profile, row: number): string {
  const type = series.type[row];
  const labels = (series.labels[row] ?? []).map(({ name, value }) => `${name}=${value}`);
  return `${type && profileTypeId(type)}/${series.period[row]} {${labels.join()}}`;
}

/** A profile as text: one line a sample, one a row of quality. For tests. */
export function describe(profile: Profile): string[] {
  const { stacks, samples, quality } = profile;
  const lines: string[] = [`${profile.startMs} ${profile.durationNs}`];
  for (let row = 0; row < samples.length; row++) {
    const path: string[] = [];
    for (let at = samples.stack[row] ?? -1; at >= 0; at = stacks.parent[at] ?? -1) {
      path.unshift(frameText(profile, stacks.frame[at] ?? 0));
    }
    const series = seriesText(profile, samples.series[row] ?? 0);
    lines.push(`${samples.timeMs[row]} ${series} ${path.join(';')} ${samples.value[row]}`);
  }
  for (let row = 0; row < quality.length; row++) {
    const counts = QUALITY_COUNTS.map((name) => quality[name][row]);
    const series = seriesText(profile, quality.series[row] ?? 0);
    lines.push(`quality ${quality.timeMs[row]} ${series} ${counts}`);
  }
  return lines.toSorted(byText);
}
