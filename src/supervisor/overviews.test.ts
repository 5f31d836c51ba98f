import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFrom } from '../config/config.ts';
import type { Answers } from './control.ts';
import { plainLearnt } from './learnt-keeper.ts';
import { overviews } from './overviews.ts';

const settings = settingsFrom({
  sites: [
    { host: 'a.example', to: [3000], learn: ['/'] },
    { host: 'b.example', to: [3000], model: { file: '/b.yaml', mode: 'detect' } },
  ],
  bots: { verified: [{ name: 'Good', agent: 'Goodbot', domains: 'good.example' }] },
  recording: { bodies: 'shapes' },
} as never);

const history = { journeys: 3, bytes: 4096, maxBytes: 1, written: 3, notKept: 0, lost: 0, trouble: '' };
const refusedByWhy = {
  'rules/challenged': 2,
  'rates/challenged': 1,
  'bots/proven': 1,
  'rates/tarpit': 4,
  'model/missing': 5,
};
const shape = () => ({ kinds: 0, count: 0 });

/** What was learnt of a.example: GET / and GET /x/{any}. */
const method = { seen: 12, query: shape(), bodies: new Map(), bare: 12 };
const path = (children: Map<string, unknown>, open: unknown, methods: Map<string, unknown>) => ({
  children,
  isCrowded: false,
  open,
  segment: shape(),
  methods,
});
const leaf = () => path(new Map(), null, new Map([['GET', method]]));
const root = path(
  new Map<string, unknown>([
    ['', leaf()],
    ['x', path(new Map(), leaf(), new Map())],
  ]),
  null,
  new Map(),
);
const learnt = new Map([['a.example', { requests: 24, lost: 1, from: 5, to: 9, root }]]);

function house() {
  const asked: unknown[] = [];
  let known: Map<string, unknown> = learnt;
  const answers: Answers = {
    status: () => ({ requests: { refusedByWhy }, bots: { held: 2 }, history }),
    learnt: (question) => {
      asked.push(question);
      if (question.forget === true) known = new Map();
      return plainLearnt(known as never);
    },
  };
  const table = overviews(() => settings, answers);
  return { asked, ask: (name: string, more: object = {}) => table[name]!({ ask: name, ...more }) as Promise<never> };
}

test('tasks and the tarpit are counted from the reasons, whoever set them', async () => {
  const told = (await house().ask('bots-overview')) as Record<string, Record<string, unknown>>;
  const { posed, done, wrong, bits } = told.tasks!;
  assert.deepEqual([posed, done, wrong, bits], [3, 1, 0, 16]);
  assert.deepEqual(
    [told.tarpit!.held, told.tarpit!.refused, told.tarpit!.maxHeld],
    [2, 4, settings.bots.tarpit.maxHeld],
  );
  assert.deepEqual(told.robots, [{ name: 'Good', agent: 'goodbot', domains: ['good.example'] }]);
});

test('each site has what it is held against, and what was learnt of it', async () => {
  const told = (await house().ask('models-overview')) as { sites: Record<string, unknown>[]; refused: object };
  assert.deepEqual(told.refused, { 'model/missing': 5 });
  const [a, b] = told.sites;
  assert.deepEqual(a!.learnt, { requests: 24, lost: 1, from: 5, to: 9, routes: 2 });
  assert.deepEqual([a!.model, a!.learn], [null, ['/']]);
  assert.deepEqual([(b!.model as { mode: string }).mode, b!.learnt], ['detect', null]);
});

test('a site of which nothing was learnt has no document, and what is forgotten is asked for no more', async () => {
  const { ask, asked } = house();
  await assert.rejects(ask('model-proposal', { site: 'b.example' }), /nothing was learnt of that site/);
  await assert.rejects(ask('model-proposal', {}), /nothing was learnt of that site/);
  assert.deepEqual(await ask('model-forget'), { forgotten: true });
  assert.deepEqual(asked.at(-1), { ask: 'learnt', forget: true });
});

test('what is written down is told with how much of it there is', async () => {
  const told = (await house().ask('records-overview')) as Record<string, unknown>;
  assert.deepEqual([told.bodies, told.maxBodyBytes, told.history], ['shapes', 16 * 1024, history]);
  assert.equal(told.historyBytes, settings.observe.historyBytes);
});
