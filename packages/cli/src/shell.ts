import type { Finding } from '@kube-eagle/api';
import type { Connection, ServerAddress } from './server/connection.ts';

/** Where text goes: a terminal, a pipe or a file. */
export interface Screen {
  readonly isTty: boolean;
  /** Characters a line has room for. */
  readonly width: number;
  readonly hasColour: boolean;
  /** Whether the cursor can be moved back over a line. */
  readonly canRewrite: boolean;
  /** Resolves when there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** A file being written. Disposing it closes it. */
export interface Sink extends AsyncDisposable {
  write(chunk: string | Uint8Array): Promise<void>;
}

/** What the agent beside this command found out about this machine. */
export type OwnCheck =
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  /** There is no agent beside it; `tried` is where one was looked for. */
  | { readonly kind: 'absent'; readonly tried: string }
  | { readonly kind: 'failed'; readonly message: string };

/** What the agent beside this command says of one process, as it prints it. */
export type OwnExplanation =
  | { readonly kind: 'explained'; readonly text: string }
  | Exclude<OwnCheck, { readonly kind: 'checked' }>;

/** All that commands get from outside. */
export interface Shell {
  /** What people typed: `eagle` or `kubectl eagle`. */
  readonly name: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  nowMs(): number;
  /** Calls `tick` every so often until disposed. */
  every(periodMs: number, tick: () => void): Disposable;
  randomId(): string;
  connect(address: ServerAddress): Connection;
  /** Throws `invalid_argument` for a path that cannot be written. */
  openFile(path: string): Promise<Sink>;
  checkOwnMachine(signal: AbortSignal): Promise<OwnCheck>;
  explainOwnProcess(
    target: string,
    format: 'text' | 'json',
    signal: AbortSignal,
  ): Promise<OwnExplanation>;
}
