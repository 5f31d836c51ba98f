// A strict reader of the two formats of metrics: whatever a scraper could stumble over is an error.

import assert from 'node:assert/strict';

/** A family as it was read. */
export interface ReadFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: ReadonlyMap<string, string>;
    readonly value: number;
  }[];
}

const nameForm = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const numberForm = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

const exemplarForm = /^\{[a-zA-Z_]\w*="[^"\\\n]*"\} \d+(?:\.\d+)?(?:e-?\d+)? \d+(?:\.\d+)?$/;

/** The families of a text; throws where it is not as the format (OpenMetrics 1.0, or Prometheus 0.0.4) has it. */
export function readExposition(text: string, isOpen: boolean): Map<string, ReadFamily> {
  if (text === '' && !isOpen) return new Map();
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const lines = text.slice(0, -1).split('\n');
  if (isOpen) assert.equal(lines.pop(), '# EOF', 'it ends with EOF');
  const families = new Map<string, ReadFamily>();
  let at = 0;
  while (at < lines.length) {
    const [helpName, help] = commentOf(lines[at++]!, 'HELP');
    const [name, type] = commentOf(lines[at++]!, 'TYPE');
    assert.equal(name, helpName, 'HELP and TYPE are of one family');
    assert.match(name, nameForm);
    assert.ok(['counter', 'gauge', 'histogram'].includes(type), `${name} is a ${type}`);
    assert.ok(!families.has(name), `${name} comes once`);
    let unit = '';
    if (lines[at]?.startsWith('# UNIT ')) {
      const [unitName, said] = commentOf(lines[at++]!, 'UNIT');
      assert.equal(unitName, name);
      assert.ok(isOpen && name.endsWith(`_${said}`), `${name} ends with its unit ${said}`);
      unit = said;
    }
    const samples: ReadFamily['samples'][number][] = [];
    while (at < lines.length && !lines[at]!.startsWith('#')) samples.push(sampleOf(lines[at++]!, isOpen));
    assert.ok(samples.length > 0, `${name} has samples`);
    const family = { name, help: unescaped(help), type, unit, samples };
    examine(family, isOpen);
    families.set(name, family);
  }
  return families;
}

function commentOf(line: string, word: string): [string, string] {
  assert.ok(line.startsWith(`# ${word} `), `${word} expected: ${line}`);
  const rest = line.slice(word.length + 3);
  const space = rest.indexOf(' ');
  assert.ok(space > 0, line);
  return [rest.slice(0, space), rest.slice(space + 1)];
}

function sampleOf(line: string, isOpen: boolean): ReadFamily['samples'][number] {
  const labels = new Map<string, string>();
  let at = 0;
  while (at < line.length && line[at] !== '{' && line[at] !== ' ') at++;
  const name = line.slice(0, at);
  assert.match(name, nameForm);
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const equals = line.indexOf('="', at);
      const label = line.slice(at, equals);
      assert.match(label, nameForm, line);
      assert.ok(!labels.has(label), `${label} comes once: ${line}`);
      let end = equals + 2;
      while (line[end] !== '"') {
        assert.ok(end < line.length, line);
        end += line[end] === '\\' ? 2 : 1;
      }
      labels.set(label, unescaped(line.slice(equals + 2, end)));
      at = end + 1;
      if (line[at] === ',') at++;
      else assert.equal(line[at], '}', line);
    }
    at++;
  }
  assert.equal(line[at], ' ', line);
  const [number = '', exemplar, ...more] = line.slice(at + 1).split(' # ');
  assert.match(number, numberForm, line);
  assert.equal(more.length, 0, line);
  if (exemplar !== undefined) {
    assert.ok(isOpen && name.endsWith('_bucket'), `only buckets of OpenMetrics have exemplars: ${line}`);
    assert.match(exemplar, exemplarForm, line);
    // OpenMetrics 1.0: the value lies in the bucket, and its labels have at most 128 characters.
    assert.ok(Number(exemplar.split(' ')[1]) <= Number(labels.get('le')!.replace('+Inf', 'Infinity')), line);
    assert.ok(exemplar.indexOf('}') <= 128, line);
  }
  return { name, labels, value: number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number) };
}

function unescaped(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') out += text[at];
    else {
      const next = text[++at];
      assert.ok(next === '\\' || next === 'n' || next === '"', `\\${next}`);
      out += next === 'n' ? '\n' : next;
    }
  }
  return out;
}

function examine({ name, type, samples }: ReadFamily, isOpen: boolean): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = `${sample.name} ${JSON.stringify([...sample.labels].sort())}`;
    assert.ok(!seen.has(key), `${key} comes once`);
    seen.add(key);
    const suffixes =
      type === 'counter' ? [isOpen ? '_total' : ''] : type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    assert.ok(
      suffixes.some((suffix) => sample.name === name + suffix),
      `${sample.name} belongs to ${name}`,
    );
    if (type !== 'gauge') assert.ok(sample.value >= 0, key);
  }
  if (type === 'counter' && !isOpen) assert.ok(name.endsWith('_total'), name);
  if (type === 'histogram') examineHistogram(name, samples);
}

function examineHistogram(name: string, samples: ReadFamily['samples']): void {
  const series = new Map<string, { bounds: number[]; counts: number[]; count: number; sum: number }>();
  for (const { name: own, labels, value } of samples) {
    const rest = JSON.stringify([...labels].filter(([label]) => label !== 'le'));
    const one = series.get(rest) ?? { bounds: [], counts: [], count: -1, sum: -1 };
    series.set(rest, one);
    if (own === `${name}_bucket`) {
      const le = labels.get('le')!;
      one.bounds.push(le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le));
      one.counts.push(value);
    } else if (own === `${name}_count`) one.count = value;
    else one.sum = value;
  }
  for (const [rest, { bounds, counts, count, sum }] of series) {
    assert.ok(
      bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!),
      `${rest}: bounds rise`,
    );
    assert.ok(
      counts.every((value, index) => index === 0 || value >= counts[index - 1]!),
      `${rest}: counts never fall`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, rest);
    assert.equal(counts.at(-1), count, `${rest}: +Inf is the count`);
    assert.ok(sum >= 0, rest);
  }
}
