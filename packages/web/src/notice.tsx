import type { EagleError } from '@kube-eagle/profile';
import type { ComponentChildren, JSX } from 'preact';

interface NoticeProps {
  readonly title: string;
  readonly role?: 'status' | 'alert';
  readonly children?: ComponentChildren;
}

/** A few words in the place of what cannot be shown, and what to do. */
export function Notice({ title, role = 'status', children }: NoticeProps): JSX.Element {
  return (
    <div class="notice" role={role}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** That something went wrong, and a way to try again. */
export function FailedNotice({
  error,
  onRetry,
}: {
  readonly error: EagleError;
  readonly onRetry: () => void;
}): JSX.Element {
  const isAway = error.code === 'unavailable' || error.code === 'unknown';
  return (
    <Notice
      title={isAway ? 'The server did not answer' : 'The server could not answer'}
      role="alert"
    >
      <p class="message">{error.message}</p>
      {isAway && (
        <p>
          Is it running? <code>eagle status</code> tells, its log tells why not.
        </p>
      )}
      <button type="button" class="button primary" onClick={onRetry}>
        Try again
      </button>
    </Notice>
  );
}
