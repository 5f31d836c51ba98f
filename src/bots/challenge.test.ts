// Tasks and their cookies: who gets which, what a browser's script makes of them, and everything that is not accepted.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import vm from 'node:vm';
import { ManualClock } from '../base/clock.ts';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { answer, type Refusal } from '../traffic/verdict.ts';
import { Challenge } from './challenge.ts';
import { answerPath, challengePage, pageFields, script } from './challenge-page.ts';
import { isSolved } from './proof-of-work.ts';

const settings = { bits: 8, answerWithinMs: 300_000, validMs: 3_600_000 };
const key = Buffer.alloc(32, 7);
const refusal = answer(403, 'rules/challenged', 'rule 1');

interface Asking {
  readonly client?: string;
  readonly host?: string;
  readonly target?: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly secure?: boolean;
}

function asked({ client = '203.0.113.7', host = 'a.example', target = '/', ...more }: Asking = {}): Exchange {
  const [path = '', query = ''] = target.split('?');
  const connection = new Connection(1, client, 50000, '192.0.2.1', 443, ':443', more.secure ?? false, 0);
  const headers = Headers.from(more.headers ?? [['accept', 'text/html,*/*']]);
  const method = more.method ?? 'GET';
  return new Exchange('01ID', connection, 1, 0, method, target, path, query, '1.1', host, headers, 0);
}

function taskIn({ page }: Refusal): string {
  return /data-task="([^"]+)"/.exec(page!.body)![1]!;
}

function solve(task: string, bits: number): string {
  for (let number = 0; ; number++) if (isSolved(task, String(number), bits)) return String(number);
}

function bring(challenge: Challenge, task: string, solution: string, who: Asking = {}): Refusal {
  return challenge.accept(asked({ method: 'POST', ...who, target: `${answerPath}?task=${task}&answer=${solution}` }));
}

function cookieIn({ page }: Refusal): string {
  return /^Set-Cookie: (portcullis_proof=[^;]+);/m.exec(page!.fields)![1]!;
}

const clock = new ManualClock();
const now = () => clock.now();

test('a browser gets a task, and for its answer a cookie that holds for its client and host', () => {
  const challenge = new Challenge(settings, key, now);
  const task = taskIn(challenge.pose(asked(), refusal));
  const accepted = bring(challenge, task, solve(task, settings.bits));
  assert.equal(accepted.status, 204);
  assert.match(accepted.page!.fields, /; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax\r\n$/);
  const cookie = cookieIn(accepted);
  const withCookie = (who: Asking = {}) =>
    challenge.isProven(asked({ ...who, headers: [['cookie', `x=1; ${cookie}`]] }));
  assert.ok(withCookie());
  assert.ok(withCookie(), 'and again from memory');
  assert.ok(!withCookie({ client: '203.0.113.8' }), 'another client');
  assert.ok(!withCookie({ host: 'b.example' }), 'another host');
  assert.ok(!challenge.isProven(asked()), 'no cookie');
  const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  assert.ok(!challenge.isProven(asked({ headers: [['cookie', forged]] })), 'a forged one');
  const later = createHmac('sha256', key).update('1.zzzzzzz').digest().subarray(0, 16).toString('base64url');
  assert.ok(!challenge.isProven(asked({ headers: [['cookie', `portcullis_proof=1.zzzzzzz.${later}`]] })));
  assert.ok(new Challenge(settings, key, now).isProven(asked({ headers: [['cookie', cookie]] })), 'another worker');
  assert.ok(!new Challenge(settings, Buffer.alloc(32), now).isProven(asked({ headers: [['cookie', cookie]] })));
  assert.equal(cookieIn(bring(challenge, task, solve(task, 8))), cookie, 'an answer brought twice brings nothing new');
  clock.advance(settings.validMs);
  assert.ok(!withCookie(), 'expired');
});

test('an IPv6 client keeps its cookie within its /64', () => {
  const challenge = new Challenge(settings, key, now);
  const client = '2001:db8:1:2::1';
  const task = taskIn(challenge.pose(asked({ client }), refusal));
  const cookie = cookieIn(bring(challenge, task, solve(task, 8), { client }));
  const isProven = (other: string) => challenge.isProven(asked({ client: other, headers: [['cookie', cookie]] }));
  assert.deepEqual([isProven('2001:db8:1:2:ffff::9'), isProven('2001:db8:1:3::1')], [true, false]);
});

test('under TLS the cookie is Secure', () => {
  const challenge = new Challenge(settings, key, now);
  const task = taskIn(challenge.pose(asked({ secure: true }), refusal));
  const { page } = bring(challenge, task, solve(task, 8), { secure: true });
  assert.match(page!.fields, /; HttpOnly; SameSite=Lax; Secure\r\n$/);
});

test('what is no answer is told so, and brings no cookie', () => {
  const challenge = new Challenge(settings, key, now);
  const task = taskIn(challenge.pose(asked(), refusal));
  const right = solve(task, 8);
  const wrong = [...Array(1000).keys()].map(String).find((one) => !isSolved(task, one, 8))!;
  const other = taskIn(new Challenge({ ...settings, bits: 9 }, key, now).pose(asked(), refusal));
  const cases: readonly (readonly [Refusal, string])[] = [
    [bring(challenge, task, wrong), 'the answer does not solve the task'],
    [bring(challenge, task, ''), 'the answer does not solve the task'],
    [bring(challenge, task, `${right}x`), 'the answer does not solve the task'],
    [bring(challenge, task, '1'.repeat(16)), 'the answer does not solve the task'],
    [bring(challenge, '', right), 'the task was not set to this client for this host by this gate'],
    [bring(challenge, `${task}x`, right), 'the task was not set to this client for this host by this gate'],
    [bring(challenge, other, solve(other, 8)), 'the task was not set to this client for this host by this gate'],
    [
      bring(challenge, task, right, { client: '203.0.113.8' }),
      'the task was not set to this client for this host by this gate',
    ],
    [
      bring(challenge, task, right, { host: 'b.example' }),
      'the task was not set to this client for this host by this gate',
    ],
    [bring(challenge, task, right, { method: 'GET' }), 'answers are brought by POST'],
  ];
  for (const [told, says] of cases) {
    assert.deepEqual([told.status, told.why, told.says], [403, 'bots/wrong-answer', says]);
    assert.doesNotMatch(told.page!.fields, /Set-Cookie/);
  }
  clock.advance(settings.answerWithinMs);
  assert.equal(bring(challenge, task, right).says, 'the task has expired');
});

test('programs are told in words what is wanted', () => {
  const challenge = new Challenge(settings, key, now);
  const shown = (accept: string) => challenge.pose(asked({ headers: [['accept', accept]] }), refusal).page!;
  assert.match(shown('*/*').fields, /^Content-Type: text\/plain/);
  assert.match(shown('*/*').body, /Open it in a browser with scripts and cookies/);
  assert.equal(JSON.parse(shown('application/json').body).error, 'challenge');
  assert.match(shown('text/html').body, /<noscript><p>The check is a small script/);
});

test('the policy of the page names its script and style by digest, and nothing else runs', () => {
  const page = challengePage({ task: '1.a.8.x', bits: 8, id: '01ID', isRepeatable: true });
  const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
  const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) => text!);
  assert.deepEqual([scripts.length, styles.length], [1, 1]);
  const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  assert.ok(pageFields.includes(`script-src ${digest(scripts[0]!)};`));
  assert.ok(pageFields.includes(`style-src ${digest(styles[0]!)};`));
  assert.doesNotMatch(page, / on[a-z]+=|https?:|javascript:| style=/);
  assert.ok(
    [...page].every((character) => character <= '~'),
    'ASCII, as its length is counted in characters',
  );
});

test("the script's own SHA-256 solves tasks as the gate checks them", async () => {
  for (const bits of [8, 12]) {
    const task = `1.abc.${bits}.AAAAAAAAAAAAAAAAAAAAAA`;
    const brought = await run(task, bits);
    assert.equal(brought, `${answerPath}?task=${task}&answer=${solve(task, bits)}`);
  }
});

/** Runs the page's script as a browser would, and gives where it brings its answer. */
function run(task: string, bits: number): Promise<string> {
  const attributes: Record<string, string> = { 'data-task': task, 'data-bits': String(bits), 'data-to': answerPath };
  const root = { getAttribute: (name: string) => attributes[name] ?? '', hasAttribute: () => true };
  return new Promise((resolve) => {
    const document = { getElementById: (id: string) => (id === 'task' ? root : {}) };
    const fetch = (target: string) => {
      resolve(target);
      return Promise.resolve({ ok: false });
    };
    vm.runInNewContext(script, { document, fetch, navigator: { cookieEnabled: true }, setTimeout, sessionStorage: {} });
  });
}
