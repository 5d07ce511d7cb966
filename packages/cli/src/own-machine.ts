import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Finding } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import type { OwnCheck, OwnExplanation } from './shell.ts';

const run = promisify(execFile);

const AGENT = fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url));
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1_000_000;

/** Lets the agent beside this command look at this machine: `agent doctor -o json`. */
export async function checkOwnMachine(signal: AbortSignal): Promise<OwnCheck> {
  if (!existsSync(AGENT)) return { kind: 'absent', tried: AGENT };
  try {
    return { kind: 'checked', findings: findingsIn(await doctorOutput(signal)) };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  }
}

/** Lets the agent beside this command explain a process: `agent doctor pid/N`. */
export async function explainOwnProcess(
  target: string,
  format: 'text' | 'json',
  signal: AbortSignal,
): Promise<OwnExplanation> {
  if (!existsSync(AGENT)) return { kind: 'absent', tried: AGENT };
  const options = { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  try {
    const args = [AGENT, 'doctor', target, '-o', format];
    return { kind: 'explained', text: (await run(process.execPath, args, options)).stdout };
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    return { kind: 'failed', message: stderr?.replace(/^error: /, '').trim() || messageOf(error) };
  }
}

/** What it prints; it exits with 1 where something is to be mended, and prints all the same. */
async function doctorOutput(signal: AbortSignal): Promise<string> {
  const options = { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  try {
    return (await run(process.execPath, [AGENT, 'doctor', '-o', 'json'], options)).stdout;
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    if (stdout) return stdout;
    throw error;
  }
}

/** The findings of an answer. Throws for anything that is no such answer. */
function findingsIn(output: string): readonly Finding[] {
  const { findings } = JSON.parse(output);
  if (!Array.isArray(findings)) throw new Error(`expected findings, got ${output.slice(0, 80)}`);
  return findings.map(({ name, ok, detail, mend }) => ({
    $typeName: 'kubeeagle.v1.Finding',
    name: String(name ?? ''),
    ok: ok === true,
    detail: String(detail ?? ''),
    mend: String(mend ?? ''),
  }));
}
