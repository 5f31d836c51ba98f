// The control socket: where a running gate answers the commands of its owner, and of nobody else.

import { constants } from 'node:fs';
import { access, lstat, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../tls/tls.ts';

/** A question as it came: `ask` names the answer, the rest are its particulars. */
export type ControlQuestion = { readonly ask: string } & Readonly<Record<string, unknown>>;

/** The answers a gate has, by the name they are asked for. What is thrown is said to whoever asked. */
export type Answers = Readonly<Record<string, (question: ControlQuestion) => unknown | Promise<unknown>>>;

/** A control socket that listens. */
export interface Control {
  readonly path: string;
  /** Stops listening, and removes the socket unless another gate has put its own in the place; questions that are open are ended, or
   * `answered` first. */
  close(answered?: boolean): Promise<void>;
}

/** Thrown where the socket cannot be had; the message is for the person who started the gate. */
export class ControlTrouble extends Error {}

/** Longest question, in bytes. */
const maxQuestionBytes = 64 * 1024;

/** Most questions at once: more than people ask, few enough to bound what they cost. */
const maxAskers = 64;

/** Longest time a question may take to arrive, and an answer to be taken, in ms. */
const maxSilenceMs = 30_000;

/** `sun_path` of a Unix socket address holds 108 bytes and ends with a zero (unix(7)). */
const maxPathBytes = 107;

/**
 * Listens at `path`, with mode 0600; its directory is made with mode 0700 where it is missing. The socket of a gate that died is
 * replaced; rejects with `ControlTrouble` where one lives (unless it is the `predecessor`, whose place is taken without a moment in
 * which nobody answers), or where the place cannot be used. While it `isStarting`, what it cannot answer yet it may soon. Every gate answers `{"ask":"pid"}`.
 */
export async function listenControl(
  path: string,
  answers: Answers,
  predecessor = false,
  isStarting: () => boolean = () => false,
): Promise<Control> {
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPathBytes)
    throw new ControlTrouble(
      `the control socket ${path} has a name of ${bytes} bytes, and a Unix socket holds ${maxPathBytes}\n` +
        '  choose a shorter data directory: --data-dir DIRECTORY',
    );
  await prepareDirectory(dirname(path));
  if (!predecessor) await removeStale(path);
  const askers = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    askers.add(socket);
    socket.once('close', () => askers.delete(socket));
    // Taken anew for each question, because a gate learns while it starts what it can answer.
    serve(socket, { pid: () => process.pid, ...answers }, isStarting);
  });
  server.maxConnections = maxAskers;
  // Under a name of its own first: whoever closes a socket that it bound removes the name that it was bound to, which must never be the
  // one that a successor has by then.
  const own = join(dirname(path), `.${process.pid}.new`);
  await unlink(own).catch(() => undefined);
  await listen(server, own);
  const { ino } = await lstat(own);
  await rename(own, path);
  return {
    path,
    close: async (answered = false) => {
      if ((await lstat(path).catch(() => null))?.ino === ino) await unlink(path).catch(() => undefined);
      await close(server, answered ? [] : askers);
    },
  };
}

function serve(socket: Socket, answers: Answers, isStarting: () => boolean): void {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let asked = false;
  socket.on('error', () => socket.destroy());
  socket.setTimeout(maxSilenceMs, () => socket.destroy());
  socket.on('end', () => {
    if (!asked) socket.destroy();
  });
  socket.on('data', (piece: Buffer) => {
    if (asked) return;
    const newline = piece.indexOf(10);
    pieces.push(newline < 0 ? piece : piece.subarray(0, newline));
    bytes += newline < 0 ? piece.length : newline;
    if (bytes > maxQuestionBytes) {
      asked = true;
      reply(socket, { ok: false, says: `a question has at most ${maxQuestionBytes} bytes` });
    } else if (newline >= 0) {
      asked = true;
      const line = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      // What is asked may take its time, such as a reload or an upgrade on a busy machine.
      socket.setTimeout(0);
      void answer(line, answers, isStarting()).then((text) => reply(socket, text));
    }
  });
}

async function answer(line: string, answers: Answers, isStarting: boolean): Promise<object> {
  const question = parse(line);
  if (question === null) return { ok: false, says: 'a question is one line of JSON such as {"ask":"status"}' };
  if (!Object.hasOwn(answers, question.ask)) {
    const name = JSON.stringify(question.ask.slice(0, 64));
    if (isStarting)
      return { ok: false, says: `the gate is starting and cannot answer ${name} yet: ask again in a moment` };
    return { ok: false, says: `this gate does not know the question ${name}` };
  }
  try {
    return { ok: true, value: (await answers[question.ask]!(question)) ?? null };
  } catch (error) {
    return { ok: false, says: error instanceof Error ? error.message : String(error) };
  }
}

function parse(line: string): ControlQuestion | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return null;
    return typeof (value as { ask?: unknown }).ask === 'string' ? (value as ControlQuestion) : null;
  } catch {
    return null;
  }
}

function reply(socket: Socket, body: object): void {
  let text: string;
  try {
    text = JSON.stringify(body);
  } catch (error) {
    // Because an answer may hold what JSON cannot say (a cycle, a BigInt), and the asker waits.
    text = JSON.stringify({ ok: false, says: `the answer cannot be written: ${(error as Error).message}` });
  }
  if (socket.destroyed) return;
  socket.setTimeout(maxSilenceMs);
  socket.end(`${text}\n`);
}

async function prepareDirectory(directory: string): Promise<void> {
  try {
    // Because the mode of a directory that somebody else made for us is theirs to choose, within reason.
    await makeDirectories(directory, 0o700);
    if (!(await stat(directory)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    if (((await stat(directory)).mode & 0o002) !== 0) throw new ControlTrouble('everybody may write there');
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ControlTrouble(
      `the data directory ${directory} cannot be used: ${reasonOf(error as NodeJS.ErrnoException)}\n` +
        '  name one that only this user may write: --data-dir DIRECTORY',
    );
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file of that name is in the way';
    case 'ENOENT':
      return 'no directory can be made there';
    case 'EROFS':
      return 'the file system is read-only';
    default:
      return error.message;
  }
}

/** Removes the socket of a gate that is gone; rejects where one answers, or where something else has the name. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket())
    throw new ControlTrouble(`${path} is in the way: it is no socket\n  move it away, or choose another --data-dir`);
  const pid = await probe(path);
  if (pid !== null)
    throw new ControlTrouble(
      `a gate already runs with this data directory${pid === 0 ? '' : ` (pid ${pid})`}: ${dirname(path)}\n` +
        '  stop it, or give this one a directory of its own: --data-dir DIRECTORY',
    );
  await unlink(path).catch(() => undefined);
}

/** The pid of the gate that listens at `path`, 0 for one that does not say, null for none. */
function probe(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    let text = '';
    let isOpen = false;
    const socket = connect({ path }, () => {
      isOpen = true;
      socket.write('{"ask":"pid"}\n');
    });
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
      if (text.length > 256) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(isOpen ? pidIn(text) : null));
  });
}

function pidIn(text: string): number {
  try {
    const { value } = JSON.parse(text) as { value?: unknown };
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
  } catch {
    return 0;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new ControlTrouble(`the control socket ${path} cannot be made: ${error.message}`)),
    );
    server.once('listening', () => {
      server.removeAllListeners('error').on('error', () => undefined);
      resolve();
    });
    // Because the mask decides the socket's mode at the moment of bind, before any chmod could close it.
    const before = process.umask(0o177);
    server.listen(path);
    process.umask(before);
  });
}

function close(server: Server, askers: Iterable<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of askers) socket.destroy();
  });
}
