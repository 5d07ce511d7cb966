import { crc32 } from 'node:zlib';

/** One request that is on its way to the server. */
export interface Batch {
  /** UUID: the server stores what comes under one id once. */
  readonly id: string;
  /** An OTLP export request, compressed with zstd. */
  readonly body: Uint8Array;
}

/** `EAGB`, then the format's version. */
const MAGIC = Buffer.from('EAGB\x01', 'latin1');
/** Magic, length and CRC-32 of the body, both little-endian. */
const HEADER_BYTES = MAGIC.length + 8;
const NAME = /^\d{13}-\d{6}-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.batch$/;

/** The name of a batch's file: names sort as they were made. */
export function batchFileName(nowMs: number, sequence: number, id: string): string {
  const time = String(Math.trunc(nowMs)).padStart(13, '0');
  return `${time}-${String(sequence % 1e6).padStart(6, '0')}-${id}.batch`;
}

/** The id in a file's name; `undefined` where it is not the name of a batch. */
export function batchIdOfFile(name: string): string | undefined {
  return NAME.exec(name)?.[1];
}

/** The bytes of a batch's file. */
export function encodeBatchFile(body: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(body.length, MAGIC.length);
  header.writeUInt32LE(crc32(body), MAGIC.length + 4);
  return Buffer.concat([header, body]);
}

/** The body of a batch's file; `undefined` unless it is whole and as it was written. */
export function decodeBatchFile(bytes: Buffer): Buffer | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  const body = bytes.subarray(HEADER_BYTES);
  const isWhole =
    bytes.readUInt32LE(MAGIC.length) === body.length &&
    bytes.readUInt32LE(MAGIC.length + 4) === crc32(body);
  return isWhole ? body : undefined;
}
