// The few things the station does with files: read one small file, replace one whole, keep a directory to itself.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** Longest file that is read: certificates and keys are a few KiB, and a wrong path may lead to anything. */
export const maxFileBytes = 1 << 20;

/** The text of a file and its permission bits. */
export interface Text {
  readonly text: string;
  readonly mode: number;
}

/** Files as the station needs them. Every method fails with an error that has the system's `code` (`ENOENT`). */
export interface Files {
  /** Name of the user this process runs as, for messages. */
  user(): string;
  /** A regular file of at most `maxFileBytes`, else `EISDIR`, `EINVAL` or `EFBIG`. Bytes come as latin1. */
  read(path: string): Promise<Text>;
  /** Puts a whole file in place of `path` at once: a reader sees the old or the new one, also after a crash. */
  replace(path: string, text: string, mode: number): Promise<void>;
  /** Moves a file out of the way, over whatever is there; a missing one is no error. */
  setAside(path: string, asidePath: string): Promise<void>;
  /** Makes the directory and those above it, and gives it this mode also when it was there. */
  keepDirectory(path: string, mode: number): Promise<void>;
}

/** The machine's own files. */
export const systemFiles: Files = Object.freeze({ user, read, replace, setAside, keepDirectory });

/** The `code` of an error of the system or of node (`ENOENT`), or '' where it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    // Because a container may run under a number that no passwd file knows.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

async function read(path: string): Promise<Text> {
  // Because opening a FIFO would otherwise wait for its writer, perhaps for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const about = await handle.stat();
    if (about.isDirectory()) throw fileError('EISDIR', path);
    if (!about.isFile()) throw fileError('EINVAL', path);
    if (about.size > maxFileBytes) throw fileError('EFBIG', path);
    const bytes = Buffer.alloc(about.size);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return { text: bytes.toString('latin1', 0, bytesRead), mode: about.mode & 0o777 };
  } finally {
    await handle.close();
  }
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  const temporaryPath = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporaryPath, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporaryPath, path);
  } catch (error) {
    await unlink(temporaryPath).catch(() => undefined);
    throw error;
  }
}

async function setAside(path: string, asidePath: string): Promise<void> {
  try {
    await rename(path, asidePath);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function keepDirectory(path: string, mode: number): Promise<void> {
  await makeDirectories(path, mode);
  await chmod(path, mode);
}

/** Makes `path` and those above it that are missing. Node's own recursive `mkdir` never returns where a file system answers
 * ENOENT for a directory whose parent is there (`/proc`): each is asked for once here. */
export async function makeDirectories(path: string, mode: number): Promise<void> {
  const missing: string[] = [];
  let at = path;
  while (!(await exists(at)) && dirname(at) !== at) {
    missing.push(at);
    at = dirname(at);
  }
  for (const directory of missing.reverse()) {
    // Somebody else may have made it meanwhile: what matters is that it is there.
    await mkdir(directory, { mode }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

function fileError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
