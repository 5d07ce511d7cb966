import { useEffect, useRef, useState } from 'preact/hooks';

interface Span {
  readonly start: number;
  readonly end: number;
}

const GLIDE_MS = 140;

/**
 * A span that glides to where it is told to go, so that the eye can follow a zoom; it jumps where
 * people asked their system for less motion, and for another `subject`.
 */
export function useGliding(target: Span, subject: unknown): Span {
  const [shown, setShown] = useState(target);
  const shownSubject = useRef(subject);
  const from = useRef(target);
  useEffect(() => {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const show = (span: Span): void => {
      from.current = span;
      setShown(span);
    };
    if (isCalm || shownSubject.current !== subject) {
      shownSubject.current = subject;
      show(target);
      return undefined;
    }
    const { start, end } = from.current;
    if (start === target.start && end === target.end) return undefined;
    const beganMs = performance.now();
    let frame = requestAnimationFrame(function step(nowMs) {
      const passed = Math.min(1, Math.max(0, (nowMs - beganMs) / GLIDE_MS));
      const eased = 1 - (1 - passed) ** 3;
      show({
        start: start + (target.start - start) * eased,
        end: end + (target.end - end) * eased,
      });
      if (passed < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [target.start, target.end, subject]);
  return shownSubject.current === subject ? shown : target;
}
