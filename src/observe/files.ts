// The files that the journal writes: what it needs of a disk, and the machine's own.

import { open } from 'node:fs/promises';

/** A file that is only ever written at its end. */
export interface AppendedFile {
  /** Writes all of it, or rejects (then a part may stand in the file). */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface Files {
  /** Opens for appending; a file that is not there is made with permissions 0600. Rejects with a node error. */
  open(path: string): Promise<AppendedFile>;
}

/** The machine's disk. */
export const systemFiles: Files = Object.freeze({
  async open(path: string): Promise<AppendedFile> {
    const handle = await open(path, 'a', 0o600);
    return {
      append: (text) => handle.appendFile(text, 'utf8'),
      close: () => handle.close(),
    };
  },
});
