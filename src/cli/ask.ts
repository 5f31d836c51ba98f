// Asks the running gate a question over the Unix socket in its data directory.

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { dataDirectoryFrom } from '../config/config.ts';
import { type Arguments, Trouble, type World } from './command.ts';

/** What is asked: `ask` names the answer wanted, the rest are its particulars. */
export type Question = { readonly ask: string } & Readonly<Record<string, unknown>>;

/** No gate answers at this data directory. */
export class NoGate extends Trouble {}

/** Longest answer taken from a gate, in bytes. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** The data directory this command means: `--data-dir`, `PORTCULLIS_DATA`, the configuration's, or the default. */
export function dataDirectoryOf(args: Pick<Arguments, 'options'>, world: Pick<World, 'env' | 'cwd'>): string {
  return dataDirectoryFrom(args.options, world);
}

/**
 * The gate's answer. Rejects with `NoGate` where none runs, and with `Trouble` where it refuses, says nothing for
 * `deadlineMs`, or answers nonsense.
 */
export async function ask(dataDirectory: string, question: Question, deadlineMs = 5000): Promise<unknown> {
  const text = await exchange(dataDirectory, `${JSON.stringify(question)}\n`, deadlineMs);
  if (text === '') throw new Trouble(`the gate at ${dataDirectory} ended before it had answered`);
  const answer = parsed(text);
  if (answer === null) throw new Trouble(`the gate at ${dataDirectory} gave an answer that is not JSON`);
  if (answer.ok === true) return answer.value;
  throw new Trouble(typeof answer.says === 'string' ? answer.says : 'the gate refused without saying why');
}

function exchange(dataDirectory: string, line: string, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let socket: Socket | null = null;
    const fail = (trouble: Error) => {
      clearTimeout(timer);
      socket?.destroy();
      reject(trouble);
    };
    const timer = setTimeout(
      () => fail(new Trouble(`the gate at ${dataDirectory} did not answer within ${deadlineMs} ms`)),
      deadlineMs,
    );
    socket = connect({ path: join(dataDirectory, 'control.sock') }, () => socket!.write(line));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(troubleOf(error, dataDirectory)));
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > maxAnswerBytes) fail(new Trouble(`the gate's answer is longer than ${maxAnswerBytes} bytes`));
    });
    socket.on('end', () => {
      clearTimeout(timer);
      socket!.destroy();
      resolve(Buffer.concat(pieces).toString('utf8'));
    });
  });
}

function troubleOf(error: NodeJS.ErrnoException, dataDirectory: string): Error {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new NoGate(
        `no gate is running with the data directory ${dataDirectory}\n` +
          '  start one with `portcullis run`, or name the data directory of the one that runs: --data-dir DIRECTORY',
      );
    case 'EACCES':
    case 'EPERM':
      return new Trouble(
        `the gate at ${dataDirectory} belongs to another user, and its control socket is closed to you\n` +
          '  run this command as that user (for a gate that root started: sudo portcullis …)',
      );
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return new Trouble(`the data directory ${dataDirectory} is too long a name for a Unix socket`);
    default:
      return new Trouble(`the gate at ${dataDirectory} cannot be asked: ${error.message}`);
  }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
