/** Cuts what a file says into lines, piece by piece. */
export interface LineBuffer {
  /** Where the next piece is to be put: up to its length. */
  readonly room: Buffer;
  /** Gives the lines that end in so many bytes of the room; keeps what is left of the last one. */
  take(length: number): readonly string[];
  /** Forgets what is kept. */
  reset(): void;
}

export interface LineBufferOptions {
  readonly pieceBytes: number;
  /** What is longer is cut. */
  readonly lineBytes: number;
}

const NEWLINE = 0x0a;

/** A buffer for lines in UTF-8; zeros before a line are left out. */
export function createLineBuffer({ pieceBytes, lineBytes }: LineBufferOptions): LineBuffer {
  const bytes = Buffer.alloc(lineBytes + pieceBytes);
  let held = 0;

  const skipZeros = (at: number, end: number): number => {
    let first = at;
    while (first < end && bytes[first] === 0) first++;
    return first;
  };

  return {
    get room() {
      return bytes.subarray(held, held + pieceBytes);
    },
    take(length) {
      const all = bytes.subarray(0, held + length);
      const lines: string[] = [];
      let at = 0;
      for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, at)) {
        const first = skipZeros(at, end);
        lines.push(all.toString('utf8', first, Math.min(end, first + lineBytes)));
        at = end + 1;
      }
      at = skipZeros(at, all.length);
      held = Math.min(all.length - at, lineBytes);
      bytes.copyWithin(0, at, at + held);
      return lines;
    },
    reset() {
      held = 0;
    },
  };
}
