import type { FoldedFrame, FrameKind } from '@kube-eagle/profile';

/** What the mark behind a name means: frames of compiled, inlined, interpreted and kernel code. */
const MARKS: Readonly<Record<string, { readonly kind: FrameKind; readonly inlined: boolean }>> = {
  j: { kind: 'jvm', inlined: false },
  i: { kind: 'jvm', inlined: true },
  '0': { kind: 'jvm', inlined: false },
  '1': { kind: 'jvm', inlined: false },
  k: { kind: 'kernel', inlined: false },
};

/**
 * A frame as async-profiler writes it with `ann`: `java/lang/Thread.run_[j]`, native code without a
 * mark. A leaf without a method is the class of what was allocated or locked.
 */
export function frameOfAsyncProfiler(text: string): FoldedFrame {
  const [, name = text, mark = ''] = /^(.*)_\[([jik01])\]$/.exec(text) ?? [];
  const kind = MARKS[mark];
  if (!kind) return { name, kind: 'native' };
  return kind.kind === 'jvm' ? { name: name.replaceAll('/', '.'), ...kind } : { name, ...kind };
}
