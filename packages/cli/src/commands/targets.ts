import { type FoundTarget, formatKubeTarget, type Workload } from '@kube-eagle/api';
import type { Command } from 'commander';
import {
  type ScopeOptions,
  scopeOf,
  withConnection,
  withJson,
  withScope,
  withServer,
} from '../options.ts';
import { count } from '../output/quality-line.ts';
import { type Column, table } from '../output/table.ts';
import { writeJson } from '../output/write-json.ts';
import type { Shell } from '../shell.ts';
import { checkedTarget } from '../target.ts';
import { type ListTargetsOptions, listTargets } from './list-targets.ts';

interface TargetsOptions extends ListTargetsOptions, ScopeOptions {}

/** `eagle targets [TARGET…]`: what there is to record, and what a word of it means. */
export function addTargets(program: Command, shell: Shell): void {
  const command = program
    .command('targets')
    .summary('list what can be recorded, or what a target resolves to')
    .description(
      'Lists the containers, services and programs that run on each node, as its agent tells; with -n, -A or -l the workloads of Kubernetes that have running pods; with targets, what a recording of them would take.',
    )
    .argument('[target...]', 'as for record')
    .option('--node <name>', 'only of this node');
  withServer(withJson(withScope(command)))
    .addHelpText(
      'after',
      `
Examples:
  ${shell.name} targets
  ${shell.name} targets --node node-7
  ${shell.name} targets -o json | jq -r '.nodes[].inventory.containers[].name'
  ${shell.name} targets -n shop
  ${shell.name} targets deploy/web -n shop
  ${shell.name} targets svc/checkout -A -o json`,
    )
    .action(async (words: readonly string[], options: TargetsOptions) => {
      const { namespace, allNamespaces, selector } = options;
      if (words.length > 0) await targets(shell, words, options);
      else if (namespace !== '' || allNamespaces || selector !== '')
        await workloads(shell, options);
      else await listTargets(shell, options);
    });
}

async function workloads(shell: Shell, options: TargetsOptions): Promise<void> {
  const scope = scopeOf(options);
  const answer = await withConnection(shell, options, ({ client }) =>
    client.targets.listWorkloads({ scope }, { signal: shell.signal }),
  );
  if (options.output === 'json') return await writeJson(shell, answer);
  if (answer.workloads.length === 0) {
    await shell.stderr.write('no running pods there: see others with -n NAMESPACE or -A\n');
    return;
  }
  await show(shell, table(answer.workloads, WORKLOAD_COLUMNS, shell.stdout.width), answer.leftOut);
}

async function targets(
  shell: Shell,
  words: readonly string[],
  options: TargetsOptions,
): Promise<void> {
  const asked = { targets: words.map(checkedTarget), scope: scopeOf(options) };
  const answer = await withConnection(shell, options, ({ client }) =>
    client.targets.resolveTargets(asked, { signal: shell.signal }),
  );
  if (options.output === 'json') return await writeJson(shell, answer);
  await show(shell, table(answer.targets, TARGET_COLUMNS, shell.stdout.width), answer.leftOut);
}

async function show(shell: Shell, lines: readonly string[], leftOut: number): Promise<void> {
  await shell.stdout.write(`${lines.join('\n')}\n`);
  if (leftOut > 0) await shell.stderr.write(`${count(leftOut)} more are left out\n`);
}

const WORKLOAD_COLUMNS: readonly Column<Workload>[] = [
  { head: 'NAMESPACE', cell: ({ namespace }) => namespace },
  { head: 'TARGET', cell: formatKubeTarget },
  { head: 'PODS', align: 'right', cell: ({ pods }) => count(pods) },
  { head: 'CONTAINERS', align: 'right', cell: ({ containers }) => count(containers) },
  { head: 'NODES', align: 'right', cell: ({ nodes }) => count(nodes) },
];

const SHORT_ID = 12;

const TARGET_COLUMNS: readonly Column<FoundTarget>[] = [
  { head: 'NODE', cell: ({ node }) => node },
  { head: 'AGENT', cell: ({ agentConnected }) => (agentConnected ? 'connected' : 'none') },
  { head: 'NAMESPACE', cell: ({ namespace }) => namespace },
  { head: 'POD', cell: ({ pod }) => pod },
  { head: 'CONTAINER', cell: ({ container }) => container },
  {
    head: 'WORKLOAD',
    cell: ({ workloadKind, workload }) =>
      workload === '' ? '' : formatKubeTarget({ kind: workloadKind, name: workload }),
  },
  { head: 'TARGET', cell: ({ word, node }) => shortWord(word, node) },
];

/** A word with as much of a container's id as tells it from others. */
function shortWord(word: string, node: string): string {
  const [, id] = /^container\/([0-9a-f]+)@/.exec(word) ?? [];
  return id === undefined ? word : `container/${id.slice(0, SHORT_ID)}@${node}`;
}
