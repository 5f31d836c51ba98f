// What of chance the station needs: keys that sign cookies, kept beside the certificates, and lots drawn from a seed.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** Files as the key needs them; `read` fails with an error that has the system's `code`. */
export interface KeyFiles {
  read(path: string): Promise<{ readonly text: string }>;
  replace(path: string, text: string, mode: number): Promise<void>;
  keepDirectory(path: string, mode: number): Promise<void>;
}

const keyBytes = 32;

/** A key of this data directory by its file's name, made where it is missing: what it signs holds across restarts and workers. */
export async function keptKey(files: KeyFiles, directory: string, name: string): Promise<Buffer> {
  const path = join(directory, name);
  const kept = await files
    .read(path)
    .catch((error: unknown) =>
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : Promise.reject(error),
    );
  const key = kept === null ? null : Buffer.from(kept.text.trim(), 'base64url');
  if (key !== null && key.length === keyBytes) return key;
  const made = randomBytes(keyBytes);
  await files.keepDirectory(directory, 0o700);
  await files.replace(path, `${made.toString('base64url')}\n`, 0o600);
  return made;
}

/** Numbers from 0 to below 1 that follow from a seed (xorshift32): good enough to spread load, and the same in every test. */
export function lots(seed: number): () => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
