import type { NodeInventory, ProcessGroup, RunningContainer } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import { type ServerOptions, withConnection } from '../options.ts';
import { createPaint } from '../output/paint.ts';
import { printable } from '../output/printable.ts';
import { type Column, table } from '../output/table.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';

/** What is listed, and how. */
export interface ListTargetsOptions extends ServerOptions {
  readonly output?: 'json';
  readonly node?: string;
}

/** Something that can be recorded. */
interface Row {
  readonly target: string;
  readonly language: string;
  readonly processes: number;
  readonly what: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'TARGET', cell: ({ target }) => target },
  { head: 'LANGUAGE', cell: ({ language }) => language },
  { head: 'PROCESSES', align: 'right', cell: ({ processes }) => String(processes) },
  { head: 'WHAT', cell: ({ what }) => what },
];

/** Prints what runs on each node. Throws `not_found` for a node that nobody tells of. */
export async function listTargets(shell: Shell, options: ListTargetsOptions): Promise<void> {
  const { output, node } = options;
  const answer = await withConnection(shell, options, ({ client }) =>
    client.inventory.listInventories({ nodes: node ? [node] : [] }, { signal: shell.signal }),
  );
  if (output === 'json') return await writeJson(shell, answer);
  if (answer.nodes.length === 0) {
    const message = node
      ? `no agent tells what runs on ${node}; those there are: ${shell.name} agents`
      : `no agent tells what runs; those there are: ${shell.name} agents`;
    throw new EagleError('not_found', message);
  }
  const lines = answer.nodes.flatMap((each, at) => [
    ...(at > 0 ? [''] : []),
    ...linesOf(shell, each),
  ]);
  if (answer.leftOut > 0) lines.push('', `${answer.leftOut} more nodes: name one with --node`);
  await shell.stdout.write(`${lines.join('\n')}\n`);
}

function linesOf(shell: Shell, { node, inventory }: NodeInventory): readonly string[] {
  const { containers = [], processes = [], leftOut = 0 } = inventory ?? {};
  const rows = [
    ...containers.map((container) => containerRow(container, processes)),
    ...unitRows(processes),
    ...programRows(processes),
  ].sort((a, b) => order(a) - order(b) || (a.target < b.target ? -1 : 1));
  return [
    createPaint(shell.stdout.hasColour).bold(printable(node)),
    ...table(rows, COLUMNS, shell.stdout.width),
    ...(leftOut > 0 ? [`${leftOut} more found no room in the agent's report`] : []),
  ];
}

const KINDS = ['docker', 'container', 'unit', 'process'] as const;

const order = ({ target }: Row): number => KINDS.findIndex((kind) => target.startsWith(`${kind}/`));

const SHORT_ID = 12;

function containerRow(container: RunningContainer, processes: readonly ProcessGroup[]): Row {
  const { id, runtime, name, image, pod, namespace } = container;
  const inside = processes.filter(({ containerId }) => containerId === id);
  const isNamed = runtime === 'docker' && pod === '' && name !== '';
  const ofPod = pod === '' ? name : `${namespace}/${pod} ${name}`;
  return {
    target: isNamed ? `docker/${name}` : `container/${id.slice(0, SHORT_ID)}`,
    language: languages(container.language, inside),
    processes: count(inside),
    what: [isNamed ? '' : ofPod, image].filter((text) => text !== '').join('  '),
  };
}

function unitRows(processes: readonly ProcessGroup[]): readonly Row[] {
  const groups = Map.groupBy(processes, ({ unit }) => unit);
  groups.delete('');
  return Array.from(groups, ([unit, inside]) => ({
    target: `unit/${unit}`,
    language: languages('', inside),
    processes: count(inside),
    what: [...new Set(inside.map(({ name }) => name))].join(' '),
  }));
}

function programRows(processes: readonly ProcessGroup[]): readonly Row[] {
  const groups = Map.groupBy(processes, ({ name }) => name);
  return Array.from(groups, ([name, inside]) => ({
    target: `process/${name}`,
    language: languages('', inside),
    processes: count(inside),
    what: [...new Set(inside.map(({ comm }) => comm))].filter((comm) => comm !== name).join(' '),
  }));
}

/** The main one first. */
function languages(main: string, groups: readonly ProcessGroup[]): string {
  const all = [main, ...groups.map(({ language }) => language)].filter((name) => name !== '');
  return [...new Set(all)].join(' ');
}

function count(groups: readonly ProcessGroup[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}
