// Changes that the gate itself proposes to the configuration file: an exclusion with its proof, another mode for a site; and what a text
// would have decided about requests that were. Nothing is written here: whoever was shown a proposal applies its text.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Settings, type WrittenExclusion, withExclusions, withMode } from '../config/config.ts';
import type { Answers, ControlQuestion } from './control.ts';
import type { OwnCommands } from './own-commands.ts';

/** What proposals are made with. */
export interface ProposalTools {
  readonly dataDirectory: string;
  /** Run with the data directory and the configuration of the gate. */
  readonly commands: Pick<OwnCommands, 'json'>;
  /** The gate's answers: the file, plans, and what is remembered of requests. */
  readonly answers: Answers;
  /** The settings of the file as it stands. */
  load(): Promise<Settings>;
  /** Has a command look at a text in the file's place. */
  beside<T>(text: string, look: (file: string) => Promise<T>): Promise<T>;
}

/** What `waf exclude --json` works out. */
interface Proof {
  readonly site: string;
  readonly exclusions: readonly Readonly<Record<string, string | undefined>>[];
}

interface File {
  readonly file: string;
  readonly text: string;
  readonly revision: string;
  readonly why: string;
}

/** Requests that one replay decides at most. */
const maxReplayed = 2000;

/** The answers of the desk. */
export class Proposals {
  readonly #tools: ProposalTools;

  constructor(tools: ProposalTools) {
    this.#tools = tools;
  }

  /** The table of answers. */
  answers(): Answers {
    return {
      'exclusion-proposal': (question) => this.#exclusion(question),
      'mode-proposal': (question) => this.#mode(question),
      replay: (question) => this.#replay(question),
    };
  }

  async #exclusion({ id, days, because }: ControlQuestion) {
    const request = String(id);
    // Because a word that begins so would be an option of the command.
    if (request.startsWith('-')) throw new Error(`no request with the id ${request} is remembered`);
    const words = typeof because === 'string' && because !== '' ? [`--because=${because}`] : [];
    const proof = (await this.#tools.commands.json([
      'waf',
      'exclude',
      request,
      `--for=${Number(days)}d`,
      ...words,
    ])) as Proof;
    const next = async (text: string) => {
      const index = await this.#siteIndex(proof.site);
      return withExclusions(text, index, proof.exclusions.map(defined), `request ${request.split('\n', 1)[0]}`);
    };
    return { ...(await this.#proposed(next)), proof };
  }

  #mode({ site, mode }: ControlQuestion) {
    return this.#proposed(async (text) => withMode(text, await this.#siteIndex(String(site)), String(mode)));
  }

  async #siteIndex(site: string): Promise<number> {
    const { sites } = await this.#tools.load();
    const index = sites.findIndex(({ name }) => name === site);
    if (index < 0) throw new Error(`the configuration has no site "${site}"`);
    return index;
  }

  /** The file with what is to be changed in it, and what that changes; `after` is null where the lines have to be put in by hand. */
  async #proposed(next: (text: string) => Promise<string | null>) {
    const { answers } = this.#tools;
    const { file, text, revision, why } = (await answers.configuration!({ ask: 'configuration' })) as File;
    if (why !== '') throw new Error(why);
    const after = await next(text);
    const plan =
      after === null ? null : await answers['configuration-plan']!({ ask: 'configuration-plan', text: after });
    return { file, before: text, after, revision, changes: (plan as { changes: string[] } | null)?.changes ?? [] };
  }

  /** One request that is remembered, or the last of the history, decided once more: by `text`, or by the file as it stands. */
  async #replay({ id, last, text }: ControlQuestion): Promise<unknown> {
    const { answers, beside, dataDirectory } = this.#tools;
    const lines = typeof id === 'string' ? await this.#lineOf(id) : await this.#lastLines(Number(last));
    const under = typeof text === 'string' ? text : ((await answers.configuration!({ ask: '' })) as File).text;
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(dataDirectory, 'replay-'));
    try {
      const journal = join(folder, 'journal');
      await writeFile(journal, `${lines.join('\n')}\n`, { mode: 0o600 });
      return await beside(under, (file) => this.#tools.commands.json(['replay', journal, '--with', file], []));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #lineOf(id: string): Promise<string[]> {
    const { journey } = (await this.#tools.answers.explain!({ ask: 'explain', id })) as { journey: unknown };
    if (journey === null) throw new Error(`no request with the id ${id} is remembered`);
    return [JSON.stringify(journey)];
  }

  async #lastLines(last: number): Promise<string[]> {
    const limit = Math.max(1, Math.min(maxReplayed, last));
    const lines = (await this.#tools.answers['history-lines']!({ ask: 'history-lines', limit })) as string[];
    if (lines.length === 0) throw new Error('no request is in the history yet');
    return lines;
  }
}

function defined(one: Readonly<Record<string, string | undefined>>): WrittenExclusion {
  return Object.fromEntries(Object.entries(one).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
