/**
 * The thread that makes unwind tables: a large file takes a tenth of a second, which nothing else has
 * to wait for. Gets a {@link TableRequest}, answers with a {@link TableAnswer}.
 */
import { parentPort } from 'node:worker_threads';
import { openElf } from '../elf/open-elf.ts';
import { openVdso } from '../elf/vdso.ts';
import { buildUnwindTable } from './build-table.ts';
import type { UnwindTable } from './unwind-table.ts';

export interface TableRequest {
  readonly id: number;
  /** Path to open the file by; empty for the vDSO. */
  readonly openPath: string;
}

export interface TableAnswer {
  readonly id: number;
  readonly isOpened: boolean;
  /** Absent for a file without call frame information. */
  readonly table?: UnwindTable;
}

function answer({ id, openPath }: TableRequest): TableAnswer {
  using file = openPath === '' ? openVdso() : openElf(openPath).value;
  if (!file) return { id, isOpened: false };
  const table = buildUnwindTable(file.elf);
  return table ? { id, isOpened: true, table } : { id, isOpened: true };
}

parentPort?.on('message', (request: TableRequest) => {
  const reply = answer(request);
  const { table } = reply;
  parentPort?.postMessage(reply, table ? [table.pc.buffer as ArrayBuffer] : []);
});
