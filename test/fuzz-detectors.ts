// Each detector of values against generated inputs: it never throws, its finding lies within the value, and the same value gives the same answer.
//
//   node test/fuzz-detectors.ts [--count N] [--detector NAME] [--seed TEXT]

import { parseArgs } from 'node:util';
import { Subject } from '../src/waf/detectors/detection.ts';
import { detectHtml } from '../src/waf/detectors/html.ts';
import { detectPath } from '../src/waf/detectors/path.ts';
import { detectProbe } from '../src/waf/detectors/probe.ts';
import { detectFileContent, detectFileName } from '../src/waf/detectors/upload.ts';
import { detectors, signSet } from '../src/waf/detectors.ts';
import { argument } from '../src/waf/places.ts';
import { Chance, templatesOf } from './corpus/slots.ts';
import { bearings } from './waf-asking.ts';

type Answer = { readonly score: number; readonly start: number; readonly end: number; readonly says: string } | null;

/** Every detector by its name, as a function of text. */
export const underFuzz: ReadonlyMap<string, (text: string) => Answer> = new Map<string, (text: string) => Answer>([
  ...detectors.map(
    ({ name, detect }) =>
      [name, (text: string) => detect(new Subject(signSet, text, 'next', false, false), argument, bearings)] as const,
  ),
  ...detectors.map(
    ({ name, detect }) =>
      [
        `${name} of names`,
        (text: string) => detect(new Subject(signSet, text, text, true, true), argument, bearings),
      ] as const,
  ),
  ['cross-site-scripting of markup', (text) => detectHtml(`<${text}`)],
  ['path-traversal of paths', (text) => detectPath(`/${text}`, { isPath: true, inHead: true })],
  ['sensitive-path', (text) => detectProbe(`/${text}`)],
  ['file-upload by name', detectFileName],
  ['file-upload by content', (text) => detectFileContent(text, 'a.png', 'image/png')],
]);

/** Pieces of attacks, marks and odd characters: what inputs are made of. */
const pieces: readonly string[] = [
  ...['sql', 'html', 'shell', 'files', 'code', 'query'].flatMap((name) =>
    templatesOf(`attacks/${name}.txt`).flatMap(({ text }) => text.split(/(?<=[ ;,()<>{}"'])/)),
  ),
  ...'\'"`<>()[]{};|&$#%\\/=*!^@?:+-_.,~ \t\n\r\0'.split(''),
  ...[
    '\u0130',
    '\ud800',
    '\udfff',
    '\uffff',
    '\u560a',
    '。',
    'é',
    '\x80',
    '\xff',
    '/*',
    '*/',
    '--',
    '${',
    '{{',
    '<!',
    '-->',
    '&#x',
    '%00',
    '0x',
    '\\u',
  ],
];

/** One generated input: mostly short, at times long, always the same for the same chance. */
export function inputOf(chance: Chance): string {
  const count = chance.below(100) === 0 ? 1 + chance.below(60) : 1 + chance.below(7);
  let text = '';
  for (let index = 0; index < count; index++)
    text +=
      chance.below(12) === 0
        ? String.fromCharCode(chance.below(chance.below(2) === 0 ? 256 : 65_536))
        : chance.of(pieces);
  return text;
}

/** Puts `count` inputs to one detector; throws with the input that broke it. How many were found. */
export function fuzz(name: string, count: number, seed: string): number {
  const detect = underFuzz.get(name);
  if (detect === undefined) throw new Error(`no detector ${name}: ${[...underFuzz.keys()].join(', ')}`);
  const chance = new Chance(`${seed}/${name}`);
  let found = 0;
  for (let index = 0; index < count; index++) {
    const text = inputOf(chance);
    let answer: Answer;
    try {
      answer = detect(text);
    } catch (error) {
      throw new Error(`${name} threw on ${JSON.stringify(text)}`, { cause: error });
    }
    if (answer === null) continue;
    found++;
    const isWell =
      answer.start >= 0 &&
      answer.start <= answer.end &&
      answer.start <= text.length + 1 &&
      answer.score > 0 &&
      answer.score <= 5 &&
      answer.says !== '';
    if (!isWell) throw new Error(`${name} answered ${JSON.stringify(answer)} on ${JSON.stringify(text)}`);
    if (index % 64 === 0 && JSON.stringify(detect(text)) !== JSON.stringify(answer))
      throw new Error(`${name} changed its mind about ${JSON.stringify(text)}`);
  }
  return found;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '10000000' },
      detector: { type: 'string' },
      seed: { type: 'string', default: 'fuzz' },
    },
  });
  for (const name of values.detector === undefined ? underFuzz.keys() : [values.detector]) {
    const before = process.cpuUsage().user;
    const found = fuzz(name, Number(values.count), values.seed);
    const seconds = (process.cpuUsage().user - before) / 1e6;
    process.stdout.write(`${name.padEnd(36)} ${values.count} inputs, ${found} found, ${seconds.toFixed(0)} s\n`);
  }
}

if (import.meta.main) main();
