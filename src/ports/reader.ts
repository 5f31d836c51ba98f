// The eyes of this station: how it reads the kernel's text files, as an argument, so that tests hand it a machine of their own.

import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';

/** Reads the machine. None of the three ever throws: what cannot be read is null, or an empty list. */
export interface Reader {
  read(path: string): string | null;
  list(path: string): readonly string[];
  /** Where a symbolic link points. */
  link(path: string): string | null;
}

/** The machine this process runs on. */
export const machineReader: Reader = Object.freeze({
  read: (path: string) => attempt(() => readFileSync(path, 'latin1'), null),
  list: (path: string) => attempt(() => readdirSync(path), []),
  link: (path: string) => attempt(() => readlinkSync(path), null),
});

// Because a process may end between two looks at /proc, and another user's may not be looked at: both are ordinary.
function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** Bytes that are asked for at once; the kernel gives a page of its tables. */
const pieceBytes = 64 * 1024;

/** The text of a file of the kernel, piece by piece, so that a long one can be read with pauses; nothing where it cannot be read. */
export function* readPieces(path: string): Generator<string> {
  const descriptor = attempt(() => openSync(path, 'r'), -1);
  if (descriptor < 0) return;
  const buffer = Buffer.allocUnsafe(pieceBytes);
  try {
    for (let bytes = 1; bytes > 0; ) {
      bytes = attempt(() => readSync(descriptor, buffer), 0);
      if (bytes > 0) yield buffer.toString('latin1', 0, bytes);
    }
  } finally {
    closeSync(descriptor);
  }
}
