import { EagleError } from '@kube-eagle/profile';
import { buildIdOf } from './elf/build-id.ts';
import { openElf } from './elf/open-elf.ts';
import { openVdso } from './elf/vdso.ts';
import {
  type ExplainedCode,
  explainGenerated,
  explainPython,
  isGenerated,
  mapFile,
} from './explain-runtime.ts';
import { cgroupsOfProcess } from './proc/find-cgroups.ts';
import { type CodeMapping, parseMaps } from './proc/maps.ts';
import { readProcess, readProcFile } from './proc/process.ts';
import { type DetectedLanguage, detectLanguage } from './runtimes/detect-language.ts';
import type { Process } from './sampler/sampler.ts';
import { openFileSymbols } from './symbols/file-symbols.ts';
import { buildUnwindTable } from './unwind/build-table.ts';

/** What an agent makes of one process. */
export interface ExplainedProcess {
  readonly process: Process;
  readonly language: DetectedLanguage;
  readonly cgroups: readonly string[];
  readonly code: readonly ExplainedCode[];
}

/**
 * Looks at a process as sampling it would; `attachToJvms` as the agent would. Throws `not_found` where
 * there is none. Opens its files by the kernel's own links, so nothing leads out of its container.
 */
export async function explainProcess(
  pid: number,
  attachToJvms: boolean,
): Promise<ExplainedProcess> {
  const process = readProcess(pid);
  if (!process) {
    throw new EagleError('not_found', `expected a process ${pid} on this machine, got none`);
  }
  const mappings = parseMaps(readProcFile(`/proc/${pid}/maps`) ?? '').value;
  const inFiles = new Map(
    mappings.filter((each) => !isGenerated(each)).map((each) => [each.path, each]),
  );
  const code: ExplainedCode[] = [];
  for (const mapping of inFiles.values()) code.push(await explainFile(pid, mapping));
  const python = explainPython({ pid, mappings });
  if (python) code.push(python);
  if (mappings.some(isGenerated)) {
    code.push(await explainGenerated({ pid, mappings }, attachToJvms));
  }
  using executable = openElf(`/proc/${pid}/exe`).value;
  const traits = { exe: process.exe, files: [...inFiles.keys()], elf: executable?.elf };
  return {
    process,
    language: detectLanguage(traits),
    cgroups: cgroupsOfProcess(pid).map(({ directory }) => directory),
    code,
  };
}

async function explainFile(pid: number, mapping: CodeMapping): Promise<ExplainedCode> {
  const { path } = mapping;
  const openPath = path === '[vdso]' ? '' : mapFile(pid, mapping);
  using file = openPath === '' ? openVdso() : openElf(openPath).value;
  if (!file) {
    const advice = [`${path} cannot be read as a 64-bit ELF file`];
    return { path, buildId: '', unwinder: 'frame pointers', names: 'unreadable', advice };
  }
  const buildId = buildIdOf(file);
  using symbols = await openFileSymbols({ path, openPath, buildId });
  const names = symbols?.source ?? 'none';
  const rows = buildUnwindTable(file.elf)?.length ?? 0;
  return {
    path,
    buildId,
    unwinder: rows > 0 ? `table, ${rows} rows` : 'frame pointers',
    names,
    advice: [
      ...(names === 'none' ? [`${path} has no symbols: install its debug symbols`] : []),
      ...(rows === 0 ? [`${path} has no unwind table: ${TABLES}`] : []),
    ],
  };
}

const TABLES = 'build it with frame pointers, or without stripping .eh_frame';

/** The same as lines for people. */
export function explanationText(explained: ExplainedProcess): string {
  const { process, language, cgroups, code } = explained;
  const advice = code.flatMap((each) => each.advice);
  const head = { unwinder: 'UNWOUND BY', names: 'NAMES FROM', buildId: 'BUILD ID', path: 'CODE' };
  const width = (column: 'unwinder' | 'names' | 'buildId'): number =>
    Math.max(...[head, ...code].map((each) => each[column].length));
  const rows = [head, ...code].map(
    ({ unwinder, names, buildId, path }) =>
      `  ${unwinder.padEnd(width('unwinder'))}  ${names.padEnd(width('names'))}  ${(buildId || '-').padEnd(width('buildId'))}  ${path}`,
  );
  return [
    `process    ${process.pid} ${process.comm} ${process.exe}`,
    `language   ${language.language}: ${language.evidence}`,
    `container  ${process.containerId || '-'}`,
    `unit       ${process.unit || '-'}`,
    ...cgroups.map((directory) => `cgroup     ${directory}`),
    '',
    ...rows,
    ...(advice.length > 0 ? ['', ...advice.map((line) => `mend: ${line}`)] : []),
  ]
    .map((line) => `${[...line].map((each) => (each < ' ' ? '?' : each)).join('')}\n`)
    .join('');
}
