// The house of patterns beside the engine of the runtime: every pattern of the Core Rule Set over ordinary values, and the dearest value.
// Usage: node bench/patterns.ts [DIRECTORY OF RULES]

import { compileSet, Pattern } from '../src/waf/regex/regex.ts';
import { chanceFrom } from '../test/agree/generate.ts';
import { crsMembers, crsRules } from '../test/crs-patterns.ts';
import { stepsOf, worstValue } from '../test/worst-values.ts';

const values = [
  '42',
  'john.doe@example.com',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Dear Sir or Madam, I would like to order 3 copies of the book; see https://example.com/a/b?c=d&e=f. '.repeat(4),
];

/** CPU time of this process, in ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU time of one call in µs, once it is warm. */
function measure(call: () => void): number {
  for (let count = 0; count < 500; count++) call();
  const begun = cpuMs();
  const calls = 3000;
  for (let count = 0; count < calls; count++) call();
  return ((cpuMs() - begun) * 1000) / calls;
}

function main(folder: string): void {
  const begun = cpuMs();
  const { members } = crsMembers(folder);
  const set = compileSet(members);
  const patterns = members.filter((member) => member instanceof Pattern);
  process.stdout.write(
    `${folder}: ${patterns.length} patterns, ${members.length - patterns.length} phrase lists, made in ${(cpuMs() - begun).toFixed(0)} ms of CPU\n\n`,
  );
  const theirs = patterns.flatMap(({ source }) => runtimePattern(source));
  const hits = new Uint32Array(Math.ceil(set.size / 32));
  for (const value of values) {
    const own = measure(() => set.match(value, hits));
    const other = measure(() => {
      for (const pattern of theirs) pattern.test(value);
    });
    process.stdout.write(
      `${String(value.length).padStart(4)} bytes: all at once ${own.toFixed(1)} µs; one by one in V8 ${other.toFixed(1)} µs (${theirs.length} of them), ${(other / own).toFixed(1)} times as much\n`,
    );
  }
  const chance = chanceFrom(1);
  let worst = { ms: 0, steps: 0, value: '' };
  const dear = Array.from({ length: 500 }, (_, index) =>
    worstValue(patterns[index % patterns.length]!, patterns, 8192, chance),
  );
  // Because the first values would pay for the compiler of the engine: one that costs 13 ms later took 130.
  for (const value of dear.slice(0, 50)) stepsOf(set, members, value);
  for (const value of dear) {
    // Because a collector or another process may come between, the best of three counts.
    let [ms, steps] = [Number.POSITIVE_INFINITY, 0];
    for (let run = 0; run < 3; run++) {
      const before = cpuMs();
      steps = stepsOf(set, members, value);
      ms = Math.min(ms, cpuMs() - before);
    }
    if (ms > worst.ms) worst = { ms, steps, value };
  }
  process.stdout.write(
    `\nthe dearest of 500 values of 8 KiB, captures included: ${worst.ms.toFixed(1)} ms of CPU, ${worst.steps} steps: ${JSON.stringify(worst.value.slice(0, 60))}\n`,
  );
}

/** The same pattern for V8, where it has the syntax. */
function runtimePattern(source: string): RegExp[] {
  const isFree = source.startsWith('(?i)');
  try {
    return [new RegExp(isFree ? source.slice(4) : source, isFree ? 'ism' : 'sm')];
  } catch {
    return [];
  }
}

main(process.argv[2] ?? crsRules());
