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
      append: async (text) => {
        const bytes = Buffer.from(text, 'utf8');
        // One write(2): the kernel puts it behind what other workers append to the same file, and never in between.
        const { bytesWritten } = await handle.write(bytes);
        if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
      },
      close: () => handle.close(),
    };
  },
});
