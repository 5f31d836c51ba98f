// A journey as the guide tells it: seven steps from the name to the answer, who decided what, and how to allow it.

import type { Journey } from '../traffic/journey.ts';
import type { Reason } from '../traffic/verdict.ts';
import { printNotes, printSteps, type Step } from './layout.ts';
import { quoted } from './plain.ts';

export interface ExplainOptions {
  readonly color: boolean;
  /** What step 1 says, where somebody asked the DNS; otherwise the name and the address that the gate saw. */
  readonly dns?: string;
  /** The reasons of all stations, by `station/slug`. */
  readonly reasons?: Readonly<Record<string, Reason>>;
  /** The journey was made up by a question and carried no traffic. */
  readonly rehearsed?: boolean;
}

/** A journey with what is looked up in it more than once. */
interface Story {
  readonly journey: Journey;
  readonly rehearsed: boolean;
  /** The step at which it ended, or 8 where it went all the way. */
  readonly end: number;
}

/** The step of the guide at which each station stands. */
const stepOf: Readonly<Record<string, number>> = Object.freeze({
  ports: 2,
  connections: 2,
  firewall: 3,
  gateway: 3,
  tls: 4,
  http: 5,
  bots: 5,
  model: 5,
  rules: 5,
  rates: 5,
  waf: 5,
  proxy: 6,
});

/** Findings that are shown; more only repeat what is clear by then. */
const maxFindings = 8;

/** Why connections end that never said anything. */
const silent: ReadonlySet<string> = new Set(['', 'http/no-request', 'http/client-reset', 'http/idle', 'http/drained']);

const notReached = 'not reached';
const notRehearsed = 'not rehearsed';

/** The explanation, as lines each ended by a line feed. Nothing that came from traffic can steer the terminal. */
export function explain(journey: Journey, options: ExplainOptions): string {
  const story: Story = { journey, rehearsed: options.rehearsed === true, end: endOf(journey) };
  const steps = [
    { name: 'DNS', text: options.dns ?? nameText(story), us: -1, more: [] },
    tcpStep(story),
    firewallStep(story),
    tlsStep(story),
    wafStep(story),
    serverStep(story),
    responseStep(story),
  ];
  const notes = notesOf(journey, options.reasons ?? {});
  return printSteps(steps, options.color) + (notes.length > 0 ? `\n${printNotes(notes)}` : '');
}

function endOf({ firewall, request, upstream, verdict }: Journey): number {
  const station = verdict.station || verdict.why.slice(0, Math.max(0, verdict.why.indexOf('/')));
  if (station === 'connections' || station === 'ports') return 2;
  if (firewall.action === 'DENY') return 3;
  if (verdict.why === '') return request === null ? 5 : 8;
  const step = Object.hasOwn(stepOf, station) ? stepOf[station]! : 6;
  if (request === null) return Math.min(step, 5);
  // Nobody refused it and the server had it: what ended it, ended the answer.
  return verdict.action === 'pass' && upstream !== null && step < 6 ? 7 : step;
}

function nameText({ journey: { connection, request, tls }, rehearsed }: Story): string {
  const name = request?.host || tls?.sni || '';
  const address = addressOf(connection.to);
  if (name === '') return rehearsed ? notRehearsed : 'no name reached the gate';
  return isAnywhere(address) ? name : `${name} → ${address}`;
}

function tcpStep({ journey, rehearsed, end }: Story): Step {
  const { connection, client } = journey;
  const port = Number(connection.from.slice(connection.from.lastIndexOf(':') + 1));
  const kind = port >= 32_768 ? 'ephemeral port' : port >= 1024 ? 'chosen port' : 'privileged port';
  const socket = rehearsed
    ? 'no socket, a rehearsal'
    : end <= 3
      ? 'closed at once'
      : `${connection.reused ? 'kept' : 'connected'} socket ${connection.id} of listener ${connection.listener}`;
  const to = isAnywhere(addressOf(connection.to)) ? connection.to.slice(connection.to.lastIndexOf(':')) : connection.to;
  const more: string[] = [];
  const peer = addressOf(connection.from);
  if (client !== '' && client !== peer) more.push(`client ${client}, for whom the trusted proxy ${peer} speaks`);
  if (connection.via !== undefined) more.push(`announced by ${connection.via}, which this listener trusts`);
  if (end === 2) more.push(`CLOSE  ${verdictText(journey)}`);
  return { name: 'TCP', text: `${connection.from} → ${to}   ${kind}, ${socket}`, us: -1, more };
}

function firewallStep({ journey: { firewall, verdict }, end }: Story): Step {
  const { action, rule, description, at, us } = firewall;
  const isShutOut = verdict.why === 'firewall/banned' || verdict.why === 'firewall/blocklisted';
  if (isShutOut && end === 3) return { name: 'Firewall', text: `${action}  ${verdict.says}`, us, more: [] };
  const named = rule === 0 ? 'by default, no rule matches' : `rule ${rule}${description && ` "${description}"`}`;
  const more = end === 3 && action === 'ALLOW' ? [`CLOSE  ${verdict.why}  ${verdict.says}`] : [];
  return { name: 'Firewall', text: `${action}  ${named}${at && ` (${at})`}`, us, more };
}

function tlsStep({ journey, rehearsed, end }: Story): Step {
  const { tls, request } = journey;
  const step = (text: string, us = -1): Step => ({ name: 'TLS', text, us, more: [] });
  if (end < 4) return step(notReached);
  if (end === 4 && journey.verdict.why !== '') return step(`FAILED  ${verdictText(journey)}`);
  if (tls === null) return step(rehearsed ? notRehearsed : request === null ? 'no handshake' : 'none, plain HTTP');
  const version = tls.version.startsWith('TLSv') ? tls.version.slice(4) : tls.version;
  const facts = [
    version,
    tls.group || tls.cipher,
    tls.alpn,
    tls.sni && `SNI ${tls.sni}`,
    tls.resumed ? 'resumed' : '',
    tls.client === null ? '' : `client ${tls.client.subject}`,
  ];
  return step(facts.filter((fact) => fact !== '').join('  '), tls.us);
}

function wafStep({ journey, rehearsed, end }: Story): Step {
  const { request, waf, verdict, rates, response } = journey;
  const step = (text: string, us = -1, more: string[] = []): Step => ({ name: 'WAF', text, us, more });
  if (end < 5) return step(notReached);
  if (request === null && rehearsed && verdict.why === '') return step(notRehearsed);
  if (request === null) return step(silent.has(verdict.why) ? 'no request came' : `REFUSE  ${verdictText(journey)}`);
  if (isOwnWord(verdict.station) && verdict.action !== 'pass') {
    // A redirect is an answer that the gate gives by itself, and nothing was refused.
    const word = (response?.status ?? 400) < 400 ? 'ANSWER' : 'REFUSE';
    const more = journey.bot === undefined ? [] : [botText(journey.bot)];
    return step(`${word}  ${verdictText(journey)}`, rates?.us ?? -1, more);
  }
  const more: string[] = [];
  const score = waf !== null && waf.threshold > 0 ? `  score ${waf.score}/${waf.threshold}` : '';
  const [first, ...others] = waf?.rules ?? [];
  if (waf !== null && first !== undefined) {
    more.push(findingNote(first));
    for (const rule of others.slice(0, maxFindings - 1))
      more.push(`${findingText(rule)}  +${rule.score}`, findingNote(rule));
    if (others.length >= maxFindings) more.push(`and ${others.length - maxFindings + 1} more`);
  }
  if (journey.bot !== undefined) more.push(botText(journey.bot));
  if (rates?.shadow !== undefined)
    more.push(`rates  would have been refused by "${rates.shadow}", which is in shadow mode`);
  if (rates !== null && rates.limit >= 0)
    more.push(`rates  ${rates.remaining} of ${rates.limit} left, whole in ${rates.resetSeconds} s  (${rates.policy})`);
  if (waf === null) return step('not asked', -1, more);
  const refused = waf.action === 'block' && first === undefined ? `  ${verdictText(journey)}` : '';
  const text = first !== undefined ? `  ${findingText(first)}` : waf.action === 'off' ? '  for this site' : refused;
  return step(`${waf.action.toUpperCase()}${text}${waf.action === 'off' ? '' : score}`, waf.us, more);
}

function botText({ name, standing }: NonNullable<Journey['bot']>): string {
  const says = {
    verified: 'is one: the name of its address leads back to it',
    false: 'is none: its address has no such name, or the name leads elsewhere',
    unknown: 'may be one: the DNS has not said so',
  }[standing];
  return `bot  says to be ${name} and ${says}`;
}

function serverStep({ journey, rehearsed, end }: Story): Step {
  const { upstream, request } = journey;
  const us = upstream === null ? -1 : upstream.ms * 1000;
  const step = (text: string, more: string[] = []): Step => ({ name: 'Server', text, us, more });
  if (end < 6) return step(rehearsed && journey.verdict.why === '' ? notRehearsed : notReached);
  const failed = end === 6 ? `FAILED  ${verdictText(journey)}` : '';
  if (upstream === null) {
    if (failed !== '') return step(failed);
    const site = request?.site ? `, it would be asked for site ${request.site}` : '';
    return step(rehearsed ? `not asked in a rehearsal${site}` : 'not asked, the gate answered by itself');
  }
  const from = upstream.from === '' ? '' : `${upstream.from} → `;
  const site = request?.site ? `   site ${request.site}` : '';
  const text = `${from}${upstream.to}   ${upstream.reused ? 'kept socket' : 'new socket'}${site}`;
  return failed === '' ? step(text) : step(failed, [text]);
}

function responseStep({ journey, rehearsed, end }: Story): Step {
  const { response, id, ms, request, verdict } = journey;
  const step = (text: string): Step => ({ name: 'Response', text, us: ms * 1000, more: [] });
  const mark = rehearsed ? '' : `  id ${id}  \`portcullis explain ${id}\``;
  if (response !== null) {
    const bytes = response.bytes > 0 ? `  ${response.bytes} bytes` : '';
    return step(`${response.status}${bytes}${mark}`);
  }
  if (rehearsed && verdict.why === '') return step(request === null ? notRehearsed : 'whatever the server answers');
  // What cannot be read as a request is answered nevertheless, and that answer has no exchange to stand in.
  if (request === null && end === 5 && !silent.has(verdict.why))
    return step(`a refusal, and the connection ${rehearsed ? 'would be' : 'was'} closed${mark}`);
  if (verdict.action === 'close' || request === null)
    return step(`none, the connection ${rehearsed ? 'would be' : 'was'} closed${mark}`);
  return step(`none${mark}`);
}

/** Why, by which rule, on what evidence, and how to allow it; nothing for a journey without an objection. */
function notesOf({ verdict, waf }: Journey, reasons: Readonly<Record<string, Reason>>): [string, string[]][] {
  const { why, says, rule, at, place, value } = verdict;
  const notes: [string, string[]][] = [];
  const detected = waf?.action === 'detect';
  if (detected)
    notes.push(['Detected', ['the WAF only watches this site (mode: detect); in mode: block this request is refused']]);
  if (why === '') return notes;
  const reason = Object.hasOwn(reasons, why) ? reasons[why]! : null;
  notes.push(['Why', [`${why}${reason === null ? '' : `  ${reason.says}`}`, ...(says === '' ? [] : [says])]]);
  if (rule !== '') notes.push(['Rule', [`${rule}${at && ` (${at})`}`]]);
  if (place !== '') notes.push(['Evidence', [`${placeText(place)} = ${quoted(value)}`]]);
  if (reason !== null && reason.allow !== '') notes.push(['Allow it', [reason.allow]]);
  return notes;
}

type FoundRule = NonNullable<Journey['waf']>['rules'][number];

function findingText({ detector, variable, value }: FoundRule): string {
  return `${detector}  ${placeText(variable)} = ${quoted(value)}`;
}

function findingNote({ id, message, decoded }: FoundRule): string {
  return `rule ${id}: ${message}${decoded.length > 0 ? ` (after ${decoded.join(', ')})` : ''}`;
}

/** Names of arguments and cookies come from outside too: one that could be taken for our own words stands in quotes. */
function placeText(place: string): string {
  for (const character of place)
    if (character <= ' ' || character === '"' || character === '=' || character > '~') return quoted(place, 80);
  return place.length > 80 ? quoted(place, 80) : place;
}

/** Stations that refuse in the step of the WAF without being it. */
function isOwnWord(station: string): boolean {
  return station === 'http' || station === 'rules' || station === 'rates' || station === 'bots' || station === 'model';
}

function verdictText({ verdict: { why, says } }: Journey): string {
  return says === '' ? why : `${why}  ${says}`;
}

/** No address in particular, which is what a rehearsal has where nobody named one. */
function isAnywhere(address: string): boolean {
  return address === '' || address === '::' || address === '0.0.0.0';
}

/** The address of `address:port`, without the brackets of IPv6; '' where there is none. */
function addressOf(endpoint: string): string {
  const address = endpoint.slice(0, Math.max(0, endpoint.lastIndexOf(':')));
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
}
