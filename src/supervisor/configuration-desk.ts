// The configuration file as somebody at the dashboard reads, judges and changes it: never written before it was judged, and put back
// where the gate does not go on with it. Former texts are kept.

import { createHash } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Settings } from '../config/config.ts';
import { changesBetween } from './changes.ts';
import type { Answers, ControlQuestion } from './control.ts';
import type { OwnCommands } from './own-commands.ts';
import type { Replacement } from './running.ts';

/** What the desk works with. */
export interface DeskTools {
  /** The file, absolute; null where the gate has none. */
  readonly file: string | null;
  readonly dataDirectory: string;
  readonly commands: OwnCommands;
  /** Milliseconds since 1970. */
  now(): number;
  /** The settings in force. */
  settings(): Settings;
  /** The settings of a file; rejects with every problem that it has. */
  load(file: string): Promise<Pick<Replacement, 'settings'>>;
  /** Has the gate go on with the file as it stands. */
  reload(): Promise<unknown>;
}

/** Former texts that are kept, and the longest text, in bytes. */
const maxKept = 30;
const maxBytes = 1024 * 1024;
/** Endings of files that are text; others are programs. */
const textual = ['.yaml', '.yml', '.json'];

/** The desk's answers, for the control socket and the API. */
export class ConfigurationDesk {
  readonly #tools: DeskTools;
  #count = 0;

  constructor(tools: DeskTools) {
    this.#tools = tools;
  }

  /** The table of answers. */
  answers(): Answers {
    return {
      configuration: () => this.#read(),
      'configuration-check': (question) => this.#beside(question, (file) => this.#check(file)),
      'configuration-plan': (question) => this.#beside(question, (file) => this.#plan(file)),
      'configuration-apply': (question) => this.#apply(question),
      'configuration-history': () => this.#history(),
      'configuration-version': (question) => this.#version(question),
    };
  }

  async #read() {
    const { file } = this.#tools;
    const why = await this.#whyNot();
    if (file === null) return { file: '', text: '', revision: '', why };
    const text = await readFile(file, 'utf8');
    return { file, text, revision: revisionOf(text), why };
  }

  /** Why nothing can be changed here, or ''. */
  async #whyNot(): Promise<string> {
    const { file } = this.#tools;
    if (file === null) return 'this gate runs without a configuration file: portcullis init writes one';
    if (!textual.includes(extname(file))) return `${file} is a program, which is changed by its author`;
    try {
      await access(dirname(file), constants.W_OK);
      await access(file, constants.W_OK);
      return '';
    } catch {
      return `the user of the gate may not write ${file}`;
    }
  }

  async #file(): Promise<string> {
    const why = await this.#whyNot();
    if (why !== '') throw new Error(why);
    return this.#tools.file!;
  }

  #beside<T>(question: ControlQuestion, look: (file: string) => Promise<T>): Promise<T> {
    return this.beside(textOf(question), look);
  }

  /** Does something with a text as if it stood in the file's place: what is named relative to it is found all the same. */
  async beside<T>(text: string, look: (file: string) => Promise<T>): Promise<T> {
    const file = await this.#file();
    const beside = join(
      dirname(file),
      `.${basename(file, extname(file))}-${process.pid}-${++this.#count}${extname(file)}`,
    );
    try {
      await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
      return await look(beside);
    } catch (error) {
      // Because its name means nothing to whoever asked.
      throw new Error((error as Error).message.replaceAll(beside, file).replaceAll(basename(beside), basename(file)));
    } finally {
      await unlink(beside).catch(() => undefined);
    }
  }

  async #check(beside: string) {
    const { commands, dataDirectory, file } = this.#tools;
    const told = await commands.json(['check', '--config', beside, '--data-dir', dataDirectory], []);
    return JSON.parse(JSON.stringify(told).replaceAll(basename(beside), basename(file!)));
  }

  async #plan(beside: string) {
    const { commands, file, settings, load } = this.#tools;
    const changes = changesBetween(settings(), (await load(beside)).settings);
    const packets = await commands.json(['firewall', 'diff', file!, beside], []).catch(() => null);
    return { changes, packets: (packets as { changes?: unknown } | null)?.changes ?? null };
  }

  async #apply(question: ControlQuestion) {
    const file = await this.#file();
    const before = await readFile(file, 'utf8');
    if (question.revision !== revisionOf(before))
      throw new Error('the file was changed by somebody else meanwhile; read it anew');
    const text = textOf(question);
    const told = (await this.#beside(question, (beside) => this.#check(beside))) as {
      ok: boolean;
      problems: { says: string }[];
    };
    if (!told.ok) throw new Error(`it has problems, and nothing was changed: ${told.problems[0]?.says}`);
    await this.#keep(before);
    await this.#replace(file, text);
    try {
      return await this.#tools.reload();
    } catch (error) {
      await this.#replace(file, before);
      throw new Error(`the gate does not go on with it, and the file is as it was: ${(error as Error).message}`);
    }
  }

  /** Whole or not at all, with the mode that it had. */
  async #replace(file: string, text: string): Promise<void> {
    const { mode } = await stat(file);
    const young = `${file}.${process.pid}.new`;
    await writeFile(young, text, { mode: mode & 0o777 });
    await rename(young, file);
  }

  get #kept(): string {
    return join(this.#tools.dataDirectory, 'configurations');
  }

  async #keep(text: string): Promise<void> {
    await mkdir(this.#kept, { recursive: true, mode: 0o700 });
    const name = `${Math.floor(this.#tools.now())}.txt`;
    await writeFile(join(this.#kept, name), text, { mode: 0o600 });
    const names = await this.#names();
    for (const old of names.slice(maxKept)) await unlink(join(this.#kept, old));
  }

  /** The newest first. */
  async #names(): Promise<string[]> {
    const names = await readdir(this.#kept).catch(() => []);
    return names.filter((name) => name.endsWith('.txt')).sort((one, other) => timeOf(other) - timeOf(one));
  }

  async #history() {
    const names = await this.#names();
    return names.map((name) => ({ number: timeOf(name), until: new Date(timeOf(name)).toISOString() }));
  }

  async #version({ number }: ControlQuestion) {
    const name = (await this.#names()).find((candidate) => timeOf(candidate) === number);
    if (name === undefined) throw new Error('this version is not kept any more');
    return { text: await readFile(join(this.#kept, name), 'utf8') };
  }
}

function timeOf(name: string): number {
  return Number(name.slice(0, -'.txt'.length));
}

function textOf({ text }: ControlQuestion): string {
  if (typeof text !== 'string') throw new Error('say the text');
  if (Buffer.byteLength(text) > maxBytes) throw new Error(`a configuration has at most ${maxBytes} bytes`);
  return text;
}

function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
