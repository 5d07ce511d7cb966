import { encodeFlameTree, type FlameTreeColumns } from '@kube-eagle/api';
import {
  bottomUp,
  type CallTree,
  callTree,
  cutTree,
  EagleError,
  type HotFunction,
  hotList,
  type Profile,
  subtreeAt,
  type Truncation,
  truncations,
  writePprof,
} from '@kube-eagle/profile';

/** A flame tree ready to send. */
export interface FlameAnswer {
  readonly columns: FlameTreeColumns;
  readonly cutNodes: number;
  readonly truncations: readonly Truncation[];
}

export interface TopAnswer {
  readonly functions: readonly (HotFunction & { readonly file: string })[];
  readonly total: number;
  readonly leftOut: number;
  readonly truncations: readonly Truncation[];
}

/**
 * What is made of a merged profile, by name. Each takes the profile and what is asked of it, and
 * runs on the main thread or in a worker alike.
 */
export const ANSWERS = { flame: flameAnswer, top: topAnswer, pprof: pprofAnswer } as const;

export type AnswerName = keyof typeof ANSWERS;
export type Question<N extends AnswerName> = Parameters<(typeof ANSWERS)[N]>[1];
export type Answer<N extends AnswerName> = ReturnType<(typeof ANSWERS)[N]>;

/** What a flame tree is asked for by. */
interface FlameQuestion {
  readonly maxNodes: number;
  /** Functions from the root of the tree that is asked for. */
  readonly path: readonly string[];
  readonly isBottomUp: boolean;
}

/** The tree below a path, its smallest branches cut. Throws `not_found` where no path is so. */
function flameAnswer(profile: Profile, { maxNodes, path, isBottomUp }: FlameQuestion): FlameAnswer {
  const topDown = callTree(profile);
  // Turned before it is cut: a tree that was cut has lost callers of what it still shows.
  const tree = subtreeAt(isBottomUp ? bottomUp(topDown) : topDown, path);
  if (!tree) {
    const through = path.join(isBottomUp ? ' < ' : ' > ');
    throw new EagleError('not_found', `no stack goes through ${through} in the range`);
  }
  const { tree: kept, cutNodes } = cutTree(tree, maxNodes);
  return { columns: encodeFlameTree(kept), cutNodes, truncations: mostOf(topDown) };
}

/** The functions with the most of the value. */
function topAnswer(profile: Profile, { limit }: { readonly limit: number }): TopAnswer {
  const tree = callTree(profile);
  const functions = hotList(tree);
  const files = filesByName(profile);
  return {
    functions: functions
      .slice(0, limit)
      .map((hot) => ({ ...hot, file: files.get(hot.name) ?? '' })),
    total: tree.total[0] ?? 0,
    leftOut: Math.max(0, functions.length - limit),
    truncations: mostOf(tree),
  };
}

const MAX_TRUNCATIONS = 10;

const mostOf = (tree: CallTree): readonly Truncation[] =>
  truncations(tree).slice(0, MAX_TRUNCATIONS);

/** pprof, not compressed yet. */
function pprofAnswer(profile: Profile, _question: Readonly<Record<string, never>>): Uint8Array {
  return writePprof(profile);
}

/** Source files by function name: the first of those that go by one name. */
function filesByName({ functions, strings }: Profile): Map<string, string> {
  const files = new Map<string, string>();
  for (let row = 0; row < functions.length; row++) {
    const file = strings[functions.file[row] ?? 0] ?? '';
    const name = strings[functions.name[row] ?? 0] ?? '';
    if (file !== '' && !files.has(name)) files.set(name, file);
  }
  return files;
}
