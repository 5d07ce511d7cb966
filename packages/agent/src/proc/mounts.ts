/** Whether files of a folder may be written, and loaded as code. */
export interface FolderMount {
  readonly type: string;
  readonly isReadOnly: boolean;
  readonly isNoExec: boolean;
}

/**
 * How the folder of a path is mounted, by `/proc/PID/mountinfo` (proc_pid_mountinfo(5)); the last mount
 * of the longest path counts. `undefined` where none covers it.
 */
export function mountOf(mountinfo: string, path: string): FolderMount | undefined {
  let found: (FolderMount & { readonly length: number }) | undefined;
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , mountPoint = '', options = ''] = before.split(' ');
    const [type = '', , superOptions = ''] = after.split(' ');
    const base = mountPoint === '/' ? '' : mountPoint;
    if (mountPoint === '' || !(path === base || path.startsWith(`${base}/`))) continue;
    if (found && found.length > base.length) continue;
    const has = (word: string): boolean => options.split(',').includes(word);
    found = {
      type,
      length: base.length,
      isReadOnly: has('ro') || superOptions.split(',').includes('ro'),
      isNoExec: has('noexec'),
    };
  }
  return found;
}
