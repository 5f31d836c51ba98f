// A journey as the guide's seven steps: what happened at each, in facts, and what the step is for, in a sentence.

import { addressOf, count, micros, size } from '../format.ts';
import type { Journey } from '../shapes.ts';

/** How a step went. */
export type StepState = 'passed' | 'watched' | 'ended' | 'unreached' | 'absent';

/** One step. */
export interface Step {
  readonly number: number;
  readonly name: string;
  /** What the step is for. */
  readonly teaches: string;
  readonly state: StepState;
  /** `ALLOW`, `BLOCK`, … or '' where the step gives no verdict. */
  readonly verdict: string;
  readonly headline: string;
  readonly facts: readonly (readonly [string, string])[];
  /** `0.2 µs`, or ''. */
  readonly time: string;
}

const stepOfStation: Readonly<Record<string, number>> = {
  ports: 2,
  connections: 2,
  firewall: 3,
  gateway: 3,
  tls: 4,
  http: 5,
  rates: 5,
  waf: 5,
  proxy: 6,
};

const teaches = [
  'A name is turned into an address. The address finds the machine; which of its services is meant is not said yet.',
  'The client takes a port of its own for this connection. Its address and port with ours are four values that no other connection has, which is why thousands can share one port of ours.',
  'The firewall reads the envelope: who calls, over which protocol, at which port. The first rule that matches decides, and none of them looks inside.',
  'Both sides agree on keys. From here on, nobody between them can read along or change a byte.',
  'The WAF opens the letter: path, query, headers and body. What would do harm in the application stays here; everything else goes on.',
  'The application gets the request over a connection of the gate, which has four values of its own, and does its work.',
  'The answer goes back over the same four values. That is how it reaches this one tab and no other.',
];

/** The seven steps. `isImagined` where no traffic made it. */
export function stepsOf(journey: Journey, isImagined = false): Step[] {
  const end = endOf(journey);
  const all = [nameStep, tcpStep, firewallStep, tlsStep, wafStep, serverStep, answerStep];
  const names = ['DNS', 'TCP', 'Firewall', 'TLS', 'WAF', 'Server', 'Response'];
  return all.map((make, index) => {
    const number = index + 1;
    const isReached = number <= end || number === 7;
    const made = isReached
      ? make(journey, end, isImagined)
      : { headline: isImagined && journey.verdict.why === '' ? 'not part of a rehearsal' : 'not reached' };
    const state: StepState = !isReached
      ? 'unreached'
      : number === end && journey.verdict.why !== ''
        ? 'ended'
        : (made.state ?? 'passed');
    return { verdict: '', facts: [], time: '', ...made, number, name: names[index]!, teaches: teaches[index]!, state };
  });
}

/** The step at which it ended; 8 where it went all the way. */
function endOf({ firewall, request, upstream, verdict }: Journey): number {
  const station = verdict.station || verdict.why.split('/')[0]!;
  if (station === 'connections' || station === 'ports') return 2;
  if (firewall.action === 'DENY') return 3;
  if (verdict.why === '') return request === null ? 5 : 8;
  const step = stepOfStation[station] ?? 6;
  if (request === null) return Math.min(step, 5);
  // Nobody refused it and the server had it: what ended it, ended the answer.
  return verdict.action === 'pass' && upstream !== null && step < 6 ? 7 : step;
}

type Made = Partial<Pick<Step, 'verdict' | 'facts' | 'time' | 'state'>> & { readonly headline: string };

function nameStep({ connection, request, tls }: Journey): Made {
  const name = request?.host || tls?.sni || '';
  if (name === '') return { headline: 'no name reached the gate', state: 'absent' };
  return { headline: `${name} → ${addressOf(connection.to) || 'this machine'}` };
}

function tcpStep({ connection, client, verdict }: Journey, end: number, isImagined: boolean): Made {
  const port = Number(connection.from.slice(connection.from.lastIndexOf(':') + 1));
  const peer = addressOf(connection.from);
  const facts: [string, string][] = [
    ['From', connection.from],
    ['To', connection.to],
    [
      'Port of the client',
      port >= 32_768 ? 'ephemeral: taken for this connection alone' : port >= 1024 ? 'chosen' : 'privileged',
    ],
    ['Listener', connection.listener],
  ];
  if (!isImagined && connection.id > 0)
    facts.push(['Socket', `${connection.id}${connection.reused ? ', kept from an earlier request' : ''}`]);
  if (client !== '' && client !== peer) facts.push(['Client', `${client}, for whom the trusted proxy ${peer} speaks`]);
  if (connection.via !== undefined) facts.push(['Announced by', connection.via]);
  return {
    headline: `${connection.from} → ${connection.to}`,
    facts,
    verdict: end === 2 ? 'CLOSE' : '',
    ...(end === 2 ? { headline: verdict.says || verdict.why } : {}),
  };
}

function firewallStep({ firewall, verdict }: Journey, end: number): Made {
  const { action, rule, description, at, us } = firewall;
  const isShutOut = end === 3 && (verdict.why === 'firewall/banned' || verdict.why === 'firewall/blocklisted');
  const headline = isShutOut
    ? verdict.says
    : rule === 0
      ? 'by default: no rule matches'
      : `rule ${rule}${description === '' ? '' : `, “${description}”`}`;
  const facts: [string, string][] = [];
  if (at !== '') facts.push(['Written at', at]);
  return { headline, facts, verdict: action, time: micros(us) };
}

function tlsStep({ tls, request, verdict }: Journey, end: number): Made {
  if (end === 4 && verdict.why !== '') return { headline: verdict.says || verdict.why, verdict: 'FAILED' };
  if (tls === null)
    return { headline: request === null ? 'no handshake' : 'none: plain HTTP, readable on the way', state: 'absent' };
  return {
    headline: [tls.version.replace('TLSv', 'TLS '), tls.alpn, tls.resumed ? 'resumed' : '']
      .filter((part) => part !== '')
      .join(', '),
    facts: [
      ['Cipher', tls.cipher],
      ['Key exchange', tls.group],
      ['Name asked for (SNI)', tls.sni],
    ].filter(([, value]) => value !== '') as [string, string][],
    time: micros(tls.us),
  };
}

function wafStep({ request, waf, rates, verdict, response }: Journey): Made {
  const facts: [string, string][] = [];
  if (rates !== null)
    facts.push([
      'Rates',
      `${count(rates.remaining)} of ${count(rates.limit)} left, whole again in ${rates.resetSeconds} s`,
    ]);
  if (request === null)
    return {
      headline: verdict.why === '' ? 'no request came' : verdict.says || verdict.why,
      state: 'absent',
      verdict: '',
    };
  if ((verdict.station === 'http' || verdict.station === 'rates') && verdict.action !== 'pass')
    return {
      headline: verdict.says || verdict.why,
      verdict: (response?.status ?? 400) < 400 ? 'ANSWER' : 'REFUSE',
      facts,
      time: micros(rates?.us ?? -1),
    };
  if (waf === null) return { headline: 'not asked', state: 'absent', facts };
  if (waf.action === 'off') return { headline: 'off for this site', verdict: 'OFF', state: 'absent', facts };
  if (waf.threshold > 0) facts.unshift(['Score', `${waf.score}, and ${waf.threshold} is refused`]);
  const [first] = waf.rules;
  const headline =
    first === undefined
      ? verdict.why.startsWith('waf/')
        ? verdict.says
        : 'nothing found'
      : `${first.detector} in ${first.variable}`;
  return {
    headline,
    verdict: waf.action.toUpperCase(),
    facts,
    time: micros(waf.us),
    ...(waf.action === 'detect' ? { state: 'watched' as const } : {}),
  };
}

function serverStep({ upstream, request, verdict }: Journey, end: number, isImagined: boolean): Made {
  const facts: [string, string][] =
    upstream === null
      ? []
      : [
          ['From', upstream.from],
          ['To', upstream.to],
          ['Socket', upstream.reused ? 'kept' : 'new'],
        ];
  if (request?.site) facts.push(['Site', request.site]);
  if (end === 6) return { headline: verdict.says || verdict.why, verdict: 'FAILED', facts };
  if (upstream === null)
    return {
      headline: isImagined ? 'not asked in a rehearsal' : 'not asked: the gate answered by itself',
      state: 'absent',
      facts,
    };
  return {
    headline: `${upstream.from === '' ? '' : `${upstream.from} → `}${upstream.to}`,
    facts: facts.filter(([, value]) => value !== ''),
    time: micros(upstream.ms * 1000),
  };
}

function answerStep({ response, ms, verdict }: Journey, end: number, isImagined: boolean): Made {
  const time = micros(ms * 1000);
  if (response !== null)
    return {
      headline: `${response.status}${response.bytes > 0 ? `, ${size(response.bytes)}` : ''}`,
      time,
      state: end === 8 ? 'passed' : 'absent',
    };
  if (isImagined && verdict.why === '') return { headline: 'whatever the server answers', state: 'absent' };
  return { headline: `none: the connection ${isImagined ? 'would be' : 'was'} closed`, time, state: 'absent' };
}
