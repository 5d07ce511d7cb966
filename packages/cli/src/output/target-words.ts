import type { Task } from '@kube-eagle/api';

/** What a task was asked for, as it was typed: `deploy/web -n shop`. */
export function targetWords({ spec }: Pick<Task, 'spec'>): string {
  const {
    namespace = '',
    allNamespaces = false,
    selector = '',
    container = '',
  } = spec?.scope ?? {};
  return [
    ...(spec?.targets ?? []),
    ...(namespace === '' ? [] : ['-n', namespace]),
    ...(allNamespaces ? ['-A'] : []),
    ...(selector === '' ? [] : ['-l', selector]),
    ...(container === '' ? [] : ['-c', container]),
  ].join(' ');
}
