// The last minute in a line: how many came, how long they took, what was refused.

import type { Series } from '../traffic/series.ts';
import { count } from './figures.ts';

const steps = '▁▂▃▄▅▆▇█';
/** Points of the curve; each is the mean of as many seconds as it takes. */
const curvePoints = 20;

/** `▁▂▅█ 1,234 requests a second, median 1.2 ms, 99 % 8.1 ms, refused 12 a second (waf 10, rates 2)`; '' before there is anything. */
export function lastMinute({ at, columns }: Series): string {
  if (at.length === 0) return '';
  const requests = numbers(columns.requests);
  const parts = [`${curve(requests)} ${rate(mean(requests))} requests a second`];
  for (const [name, column] of [
    ['median', 'exchangeP50Ms'],
    ['99 %', 'exchangeP99Ms'],
  ] as const) {
    const values = numbers(columns[column]);
    if (values.length > 0) parts.push(`${name} ${milliseconds(Math.max(...values.slice(-10)))}`);
  }
  const cores = mean(numbers(columns.cpuCores));
  parts.push(`${cores.toFixed(2)} cores`);
  const refused = Object.entries(columns).flatMap(([name, values]): [string, number][] =>
    name.startsWith('block.') && mean(numbers(values)) > 0
      ? [[name.slice('block.'.length), mean(numbers(values))]]
      : [],
  );
  refused.sort(([, a], [, b]) => b - a);
  const sum = refused.reduce((all, [, value]) => all + value, 0);
  if (sum > 0)
    parts.push(
      `refused ${rate(sum)} a second (${refused.map(([layer, value]) => `${layer} ${rate(value)}`).join(', ')})`,
    );
  return parts.join(', ');
}

function numbers(column: readonly (number | null)[] | undefined): number[] {
  return (column ?? []).filter((value) => value !== null);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function curve(values: readonly number[]): string {
  const width = Math.max(1, Math.ceil(values.length / curvePoints));
  const means: number[] = [];
  for (let from = 0; from < values.length; from += width) means.push(mean(values.slice(from, from + width)));
  const top = Math.max(...means);
  return means
    .map((value) => steps[top === 0 ? 0 : Math.min(steps.length - 1, Math.floor((value / top) * steps.length))])
    .join('');
}

function rate(value: number): string {
  return count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
