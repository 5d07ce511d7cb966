import {
  createWireWriter,
  finishWriter,
  type WireWriter,
  writeFixed64,
  writeInt64,
  writeMessage,
  writePacked,
  writeText,
  writeVarint,
} from './wire-writer.ts';

/** A request by hand with one profile, its labels, and a dictionary of `main > work`. For tests. */
export function otlpRequest(profile: (writer: WireWriter) => void): Uint8Array {
  const writer = createWireWriter();
  const strings = [
    '',
    'cpu',
    'nanoseconds',
    'main',
    'work',
    'samples',
    'count',
    'thread.id',
    'profile.frame.type',
    'go',
  ];
  writeMessage(writer, 1, () => {
    writeMessage(writer, 1, () => {
      writeMessage(writer, 1, () => {
        writeText(writer, 1, 'service.name');
        writeMessage(writer, 2, () => writeText(writer, 1, 'shop'));
      });
    });
    writeMessage(writer, 2, () => writeMessage(writer, 2, () => profile(writer)));
  });
  writeMessage(writer, 2, () => {
    for (const fn of [0, 3, 4]) writeMessage(writer, 3, () => writeVarint(writer, 1, fn));
    for (const fn of [1, 2])
      writeMessage(writer, 2, () => writeMessage(writer, 3, () => writeVarint(writer, 1, fn)));
    for (const text of strings) writeText(writer, 5, text);
    writeMessage(writer, 6, () => {});
    writeMessage(writer, 6, () => {
      writeVarint(writer, 1, 7);
      writeMessage(writer, 2, () => writeInt64(writer, 3, 42));
    });
    writeMessage(writer, 7, () => {});
    writeMessage(writer, 7, () => writePacked(writer, 1, [1, 0]));
  });
  return finishWriter(writer);
}

/** A ValueType by the rows of its strings. For tests. */
export function writeValueType(
  writer: WireWriter,
  field: number,
  type: number,
  unit: number,
): void {
  writeMessage(writer, field, () => {
    writeVarint(writer, 1, type);
    writeVarint(writer, 2, unit);
  });
}

/** When the profile of a request began, in ns since the epoch. For tests. */
export const OTLP_TIME: bigint = 1_700_000_000_000n * 1_000_000n;

const LAYOUTS: Readonly<Record<string, (writer: WireWriter) => void>> = {
  '1.7': (writer) => {
    writeValueType(writer, 1, 1, 2);
    writeMessage(writer, 2, () => {
      writeVarint(writer, 2, 2);
      writePacked(writer, 3, [5]);
    });
    writePacked(writer, 3, [1, 0]);
    writeInt64(writer, 4, Number(OTLP_TIME));
    writeValueType(writer, 6, 1, 2);
    writeVarint(writer, 7, 1000);
  },
  '1.8': (writer) => {
    writeValueType(writer, 1, 1, 2);
    writeMessage(writer, 2, () => {
      writeVarint(writer, 1, 1);
      writePacked(writer, 2, [5]);
      writePacked(writer, 3, [1]);
    });
    writeFixed64(writer, 3, OTLP_TIME);
    writeValueType(writer, 5, 1, 2);
    writeVarint(writer, 6, 1000);
    writeText(writer, 8, '0123456789abcdef');
  },
  '1.9': (writer) => {
    writeValueType(writer, 1, 1, 2);
    writeMessage(writer, 2, () => {
      writeVarint(writer, 1, 1);
      writePacked(writer, 2, [5]);
    });
    writeFixed64(writer, 3, OTLP_TIME);
    writeValueType(writer, 5, 1, 2);
    writeVarint(writer, 6, 1000);
  },
  '1.10': (writer) => {
    writeValueType(writer, 1, 1, 2);
    writeMessage(writer, 2, () => {
      writeVarint(writer, 1, 1);
      writePacked(writer, 2, [1]);
      writePacked(writer, 4, [5]);
    });
    writeFixed64(writer, 3, OTLP_TIME);
    writeValueType(writer, 5, 1, 2);
    writeVarint(writer, 6, 1000);
  },
};

/** By schema: a request in its layout, `main > work` of service shop with the value 5. For tests. */
export const OTLP_REQUESTS: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(LAYOUTS).map(([schema, profile]) => [schema, otlpRequest(profile)]),
);
