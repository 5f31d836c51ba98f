// What the built-in rules cost, beside the Core Rule Set in the same engine and the same run: CPU time of the judgement of one request.
//
//   node bench/waf-own.ts [DIRECTORY of the Core Rule Set]
//
// In one process and without sockets, so that nothing else is measured. Values change with every request.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Waf } from '../src/waf/waf.ts';
import { ask, gate, ordinaryRuleFiles, type Request } from '../test/waf-asking.ts';

const head: readonly (readonly [string, string])[] = [
  ['Host', 'shop.example'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Cookie', 'session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; _ga=GA1.2.1234567890.1612345678'],
  ['Referer', 'https://shop.example/products/list?page=2'],
];
const words =
  'the quick brown fox, who lives in Müller street 5 (left), says: "it is fine" & sells socks; select any from the table or ask Anna O\'Brien. '.split(
    ' ',
  );

function text(length: number, n: number): string {
  let out = `${n} `;
  for (let index = n; out.length < length; index++) out += `${words[index % words.length]} `;
  return out.slice(0, length);
}

function post(type: string, body: string): Request {
  return { target: '/orders', headers: [...head, ['Content-Type', type]], body };
}

/** The requests of the issue, with the most that one may cost in µs of CPU. */
const requests: readonly (readonly [string, number, (n: number) => Request])[] = [
  ['browser GET', 12, (n) => ({ target: `/products/list?page=${n}&sort=price&q=red+shoes+${n * 7}`, headers: head })],
  [
    '1 KB of JSON',
    40,
    (n) =>
      post(
        'application/json',
        JSON.stringify({
          user: { name: `Ann ${n}`, email: `ann${n}@example.com`, city: 'Springfield' },
          items: Array.from({ length: 13 }, (_, item) => ({
            sku: `SKU-${n + item}`,
            quantity: item,
            title: `A fine product ${n}`,
          })),
        }),
      ),
  ],
  [
    '4 KB form',
    60,
    (n) =>
      post(
        'application/x-www-form-urlencoded',
        Array.from(
          { length: 40 },
          (_, field) =>
            `field${field}=${encodeURIComponent(`Ordinary text ${n} of a person, in field ${field}; with commas and (brackets).`)}`,
        )
          .join('&')
          .slice(0, 4090)
          .replace(/%.?$/, ''),
      ),
  ],
  ['128 KB of text', 3000, (n) => post('text/plain', text(125_000, n))],
];

/** How often the requests that warm up are asked. */
const warmRounds = 12;

function measure(waf: Waf, make: (n: number) => Request, count: number): number {
  const made = Array.from({ length: count }, (_, index) => make(1_000_000 + index));
  // Because what compiles meanwhile, in other threads of the process, would be counted with what is measured.
  for (let round = 0; round < warmRounds; round++) for (const request of made) ask(waf, request);
  const fresh = Array.from({ length: count }, (_, index) => make(index));
  const before = process.cpuUsage();
  for (const request of fresh) ask(waf, request);
  const used = process.cpuUsage(before);
  return (used.user + used.system) / count;
}

function main(): void {
  const crs = resolve(process.argv[2] ?? '../shared/crs-4.28.0');
  const off = gate('off');
  const own = gate('block');
  const rules = existsSync(crs)
    ? gate('block', [], {
        ruleFiles: { ...ordinaryRuleFiles, crs, maxAnswerBytes: 0 },
      })
    : null;
  for (const [name, most, make] of requests) {
    const count = name.startsWith('128') ? 30 : 3000;
    const nothing = measure(off, make, count);
    const ours = measure(own, make, count) - nothing;
    const theirs = rules === null ? 0 : measure(rules, make, Math.ceil(count / 20)) - nothing;
    const ratio = theirs === 0 ? '' : `; CRS ${theirs.toFixed(0)} µs, ${(theirs / ours).toFixed(1)} times as much`;
    process.stdout.write(`${name.padEnd(16)} ${ours.toFixed(1)} µs of at most ${most}${ratio}\n`);
  }
}

if (import.meta.main) main();
