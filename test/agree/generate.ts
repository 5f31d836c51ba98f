// Makes byte streams that look like HTTP/1.1 connections: valid ones, bent ones, and such as smugglers would send. Repeatable by seed.

import { hidden } from './cases/case.ts';
import { groups } from './cases/cases.ts';

const cases: readonly string[] = groups.flatMap((group) => group.cases.map(([, bytes]) => bytes));

/** A repeatable source of chance: whole numbers below `below`. */
export type Chance = (below: number) => number;

/** Chance from a seed (an LCG of 2^32 with its high bits used; good enough to pick cases). */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const methods = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'get', 'GE T', 'TRACE'];
const targets = ['/', '/', '/a?b=c', '/a/../b', '/%00', '*', 'http://a/', 'http://b/', '/a b', '/\x00', '/#', '//', ''];
const versions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1.1 ',
];
const harmless = [
  'X: y',
  'X:',
  'X:y',
  'X: \ty\t ',
  'Accept: */*',
  'Cookie: a=b; c=d',
  'User-Agent: x/1.0 (y)',
  'X-\xe9',
  'X: \xe9',
];
const steering = [
  'Connection: keep-alive',
  'Connection: close',
  'Connection: X',
  'Connection: keep-alive, Y',
  'Expect: 100-continue',
  'TE: trailers',
  'Host: a',
  'Host: b',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 05',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length : 5',
  'Content-Length\t: 5',
  'Content_Length: 5',
  'content-length:5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  ' Transfer-Encoding: chunked',
  'X: y\r\n Content-Length: 5',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rContent-Length: 5',
  'Transfer_Encoding: chunked',
  'X: y\x00',
  'X y: z',
  ': x',
  'X',
];
const chunkLines = [
  '5',
  '05',
  '5;a=b',
  '5;a="b"',
  '5;a',
  '5 ',
  ' 5',
  '0x5',
  '5;',
  '5;\n',
  '+5',
  '5\x00',
  'FFFFFFFFFFFFFFFFF',
  '4',
  '6',
];
const scraps = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '\x00',
  ':',
  ',',
  ';',
  '0',
  '\r\n\r\n',
  '\x7f',
  '\xff',
  'chunked',
  'HTTP/1.1',
  hidden,
  '0\r\n\r\n',
];

/** One connection's bytes. */
export function generate(chance: Chance): string {
  // A quarter are hand-written cases, bent further.
  if (chance(4) === 0) return bent(cases[chance(cases.length)]!.slice(0, 4096), chance, 1 + chance(2));
  let text = '';
  const isTame = chance(3) > 0;
  for (let count = 1 + chance(3); count > 0; count--) text += isTame ? tame(chance) : wild(chance);
  return chance(3) === 0 ? bent(text, chance, 1) : text;
}

/** A valid request: what it is made of is whatever RFC 9112 allows. */
function tame(chance: Chance): string {
  const lines = [`${methods[chance(9)]} ${targets[chance(4)]} HTTP/1.1`, 'Host: a'];
  for (let count = chance(4); count > 0; count--) lines.push(harmless[chance(7)]!);
  const framing = chance(4);
  const body = 'hello world'.slice(0, chance(12));
  if (framing === 1) lines.push(`Content-Length: ${body.length}`);
  if (framing === 2) lines.push('Transfer-Encoding: chunked');
  const head = `${shuffledTail(lines, chance).join('\r\n')}\r\n\r\n`;
  if (framing === 1) return head + body;
  if (framing !== 2) return head;
  const trailers = chance(3) === 0 ? 'Digest: x\r\n' : '';
  const chunk = body === '' ? '' : `${body.length.toString(16)}${chance(3) === 0 ? ';a=b' : ''}\r\n${body}\r\n`;
  return `${head}${chunk}0\r\n${trailers}\r\n`;
}

function shuffledTail(lines: readonly string[], chance: Chance): string[] {
  const [first, ...rest] = lines;
  const shuffled: string[] = [];
  for (const line of rest) shuffled.splice(chance(shuffled.length + 1), 0, line);
  return [first!, ...shuffled];
}

function wild(chance: Chance): string {
  const lines = [
    `${methods[chance(methods.length)]} ${targets[chance(targets.length)]} ${versions[chance(versions.length)]}`,
  ];
  if (chance(10) > 0) lines.push('Host: a');
  for (let count = chance(4); count > 0; count--)
    lines.push(chance(2) === 0 ? harmless[chance(harmless.length)]! : steering[chance(steering.length)]!);
  let text = '';
  for (const line of shuffledTail(lines, chance))
    text += line + (chance(20) === 0 ? ['\n', '\r', '\r\r\n', ' \r\n'][chance(4)]! : '\r\n');
  text += chance(30) === 0 ? '\n' : '\r\n';
  switch (chance(4)) {
    case 0:
      return `${text}hello`;
    case 1:
      return `${text}${chunkLines[chance(chunkLines.length)]}\r\nhello\r\n0\r\n${chance(4) === 0 ? `${steering[chance(steering.length)]}\r\n` : ''}\r\n`;
    default:
      return text;
  }
}

/** Some bytes taken out, put in, doubled or changed. */
function bent(text: string, chance: Chance, times: number): string {
  let result = text;
  for (let count = times; count > 0; count--) {
    const at = chance(result.length + 1);
    const scrap = scraps[chance(scraps.length)]!;
    const kind = chance(4);
    const removed = kind === 0 ? 0 : 1 + chance(kind === 1 ? 1 : 3);
    const put = kind === 3 ? result.slice(at, at + 4).repeat(2) : kind === 1 ? '' : scrap;
    result = result.slice(0, at) + put + result.slice(at + removed);
  }
  return result;
}
