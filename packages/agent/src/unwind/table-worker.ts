/**
 * The thread that makes unwind tables: a large file takes a tenth of a second, which nothing else has
 * to wait for. Gets a {@link TableRequest}, answers with a {@link TableAnswer}.
 */
import { parentPort } from 'node:worker_threads';
import { buildIdOf, buildIdsOf } from '../elf/build-id.ts';
import { openElf } from '../elf/open-elf.ts';
import { openVdso } from '../elf/vdso.ts';
import { buildUnwindTable } from './build-table.ts';
import type { BuiltTable, CodeOrigin } from './table-builder.ts';

export interface TableRequest extends CodeOrigin {
  readonly id: number;
}

export interface TableAnswer {
  readonly id: number;
  readonly built: BuiltTable;
}

function build({ openPath, buildId }: CodeOrigin): BuiltTable {
  const isVdso = openPath === '';
  using file = isVdso ? openVdso() : openElf(openPath).value;
  if (!file) return { kind: 'gone' };
  // A path of /proc leads to another file once its process is gone and the pid is used again.
  if (!isVdso && buildIdOf(file) !== buildId) return { kind: 'gone' };
  const table = buildUnwindTable(file.elf);
  if (!table) return { kind: 'none' };
  const { gnu, go } = buildIdsOf(file.elf);
  return { kind: 'table', table, isLasting: !isVdso && (gnu !== '' || go !== '') };
}

function answer({ id, openPath, buildId }: TableRequest): TableAnswer {
  try {
    return { id, built: build({ openPath, buildId }) };
  } catch (error) {
    return { id, built: { kind: 'failed', problem: String(error) } };
  }
}

parentPort?.on('message', (request: TableRequest) => {
  const reply = answer(request);
  const { built } = reply;
  const moved = built.kind === 'table' ? [built.table.pc.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(reply, moved);
});
