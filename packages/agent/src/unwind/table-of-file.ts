import { buildIdOf, buildIdsOf } from '../elf/build-id.ts';
import { openElf } from '../elf/open-elf.ts';
import { openVdso } from '../elf/vdso.ts';
import { buildUnwindTable } from './build-table.ts';
import type { UnwindTable } from './unwind-table.ts';

/** A file of code as it can be opened now. */
export interface CodeOrigin {
  /** Empty for the vDSO. */
  readonly openPath: string;
  readonly buildId: string;
}

/** What became of a file. */
export type BuiltTable =
  | {
      readonly kind: 'table';
      readonly table: UnwindTable;
      /** Whether the build id tells this file from all others, on this machine and later. */
      readonly isLasting: boolean;
    }
  /** It has no call frame information that can be used. */
  | { readonly kind: 'none' }
  /** It can't be opened, now at least, or another has taken its place. */
  | { readonly kind: 'gone' }
  /** Making its table went wrong, which would not be otherwise another time. */
  | { readonly kind: 'failed'; readonly problem: string };

/** Makes the table of a file, here and now. Never throws. */
export function tableOfFile(origin: CodeOrigin): BuiltTable {
  try {
    return build(origin);
  } catch (error) {
    return { kind: 'failed', problem: String(error) };
  }
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
