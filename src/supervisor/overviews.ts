// What the dashboard shows of bots, of models, and of what is recorded: settings, with what became of them.

import { plainText, type Settings } from '../config/config.ts';
import { type Learnt, proposalOf, routesIn } from '../model/model.ts';
import type { HistoryCounts } from '../traffic/history.ts';
import type { Answers, ControlQuestion } from './control.ts';
import { learntOf } from './learnt-keeper.ts';

/** What of the status is looked at. */
interface Told {
  readonly requests: { readonly refusedByWhy: Readonly<Record<string, number>> };
  readonly bots: { readonly held: number };
  readonly history: HistoryCounts | null;
}

/** The table of answers; `answers` are those of the whole gate. */
export function overviews(settings: () => Settings, answers: Answers): Answers {
  const status = async () => (await answers.status!({ ask: 'status' })) as Told;
  const learnt = async (forget = false) => learntOf(await answers.learnt!({ ask: 'learnt', forget }));
  return {
    'bots-overview': async () => botsOf(settings(), await status()),
    'models-overview': async () => modelsOf(settings(), await learnt(), await status()),
    'model-proposal': async (question) => proposalFor(await learnt(), question),
    'model-forget': async () => ({ forgotten: (await learnt(true)).size === 0 }),
    'records-overview': async () => recordsOf(settings(), await status()),
  };
}

/** Tasks, the tarpit and robots by name: how they are set, and what came of them since the start. */
function botsOf({ bots }: Settings, { requests: { refusedByWhy }, bots: { held } }: Told) {
  const { tarpit, challenge, verified } = bots;
  const times = (...whys: readonly string[]) => whys.reduce((sum, why) => sum + (refusedByWhy[why] ?? 0), 0);
  return {
    tasks: {
      ...challenge,
      posed: times('rules/challenged', 'rates/challenged'),
      done: times('bots/proven'),
      wrong: times('bots/wrong-answer'),
    },
    tarpit: { ...tarpit, held, refused: times('rules/tarpit', 'rates/tarpit') },
    robots: verified.map(({ name, agent, domains }) => ({ name, agent, domains })),
  };
}

/** What each site learns and is held against. */
function modelsOf({ sites }: Settings, learnt: ReadonlyMap<string, Learnt>, { requests: { refusedByWhy } }: Told) {
  return {
    sites: sites.map(({ name, learn, model }) => {
      const known = learnt.get(name);
      if (known === undefined) return { name, learn, model, learnt: null };
      const { requests, lost, from, to } = known;
      return { name, learn, model, learnt: { requests, lost, from, to, routes: routesIn(known) } };
    }),
    refused: Object.fromEntries(Object.entries(refusedByWhy).filter(([why]) => why.startsWith('model/'))),
  };
}

/** The OpenAPI document of what was learnt of a site, to look through and save. */
function proposalFor(learnt: ReadonlyMap<string, Learnt>, { site, atLeast }: ControlQuestion) {
  const known = typeof site === 'string' ? learnt.get(site) : undefined;
  if (known === undefined) throw new Error('nothing was learnt of that site yet');
  const { document, paths, skipped } = proposalOf(known, String(site), typeof atLeast === 'number' ? atLeast : 10);
  return { text: plainText(document), paths, skipped };
}

/** What is written down of requests, and how much of it there is. */
function recordsOf({ observe: { recording, historyBytes, maxJourneys } }: Settings, { history }: Told) {
  return { ...recording, historyBytes, maxJourneys, history };
}
