// What the Core Rule Set costs to stand: CPU time and memory of its load in a worker, what a site adds, and the dearest value through all rules.
//
//   node bench/rules.ts [DIRECTORY of the Core Rule Set]
//
// Each paranoia level has a process of its own, as each worker loads the rules anew.

import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { workerFlags } from '../src/supervisor/link.ts';
import { unoptimised } from '../src/supervisor/unoptimised.ts';
import { Pattern } from '../src/waf/regex/regex.ts';
import { build, type SiteWafSettings, type Waf } from '../src/waf/waf.ts';
import { chanceFrom } from '../test/agree/generate.ts';
import { crsMembers } from '../test/crs-patterns.ts';
import { ask, ordinaryRuleFiles, ordinarySettings, ordinarySite, type Request, tools } from '../test/waf-asking.ts';
import { worstValue } from '../test/worst-values.ts';

const valueBytes = 8192;
const valueCount = 100;
const runs = 8;
/** Time that nothing is refused for, in ms: the bench measures what requests would take. */
const endless = 10_000;

/** Where a value can stand in a request. */
const places: Readonly<Record<string, (value: string) => Request>> = {
  'an argument': (value) => ({ target: `/?q=${encoded(value)}` }),
  'a field of a form': (value) => ({
    target: '/',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: `q=${encoded(value)}`,
  }),
  'a text of JSON': (value) => ({
    target: '/',
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ q: value }),
  }),
  'a name of an argument': (value) => ({ target: `/?${encoded(value)}=1` }),
  'the path': (value) => ({ target: `/${encoded(value)}` }),
  'a header': (value) => ({ target: '/', headers: [['User-Agent', value]] }),
  'a cookie': (value) => ({ target: '/', headers: [['Cookie', `q=${value}`]] }),
};

/** Every byte as the target has it. */
function encoded(value: string): string {
  return [...value].map((one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
}

/** CPU time of this process, in ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** CPU time of this thread, in ms: nothing of the compiler's, which works beside it until code is at its speed. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** What the process holds once nothing is left to collect, in MB. */
function held(): { rss: number; heap: number; outside: number } {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: rss / 1e6, heap: heapUsed / 1e6, outside: external / 1e6 };
}

function more(before: ReturnType<typeof held>): string {
  const now = held();
  const by = (name: 'rss' | 'heap' | 'outside'): string => (now[name] - before[name]).toFixed(1);
  return `${by('rss')} MB resident (heap ${by('heap')}, outside of it ${by('outside')})`;
}

function made(crs: string, paranoia: number, sites: readonly SiteWafSettings[]): Waf {
  const own = { crs, paranoia, detectionParanoia: paranoia, inspectAnswers: true, maxAnswerBytes: 524_288 };
  const ruleFiles = { ...ordinaryRuleFiles, ...own };
  const built = build({ ...ordinarySettings, ruleFiles, cpuBudgetMs: endless }, sites, tools);
  if (!built.ok) throw new Error(built.problems.map(({ says }) => says).join('; '));
  return built.value;
}

/** What the memory of the rest is: the same requests, read and not judged. */
function withoutRules(): Waf {
  const built = build(ordinarySettings, [{ name: 'off.example', waf: { ...ordinarySite, mode: 'off' } }], tools);
  if (!built.ok) throw new Error('nothing stands');
  return built.value;
}

/** Sites with an exclusion of their own each. */
function sitesOf(count: number): SiteWafSettings[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `site${index}.example`,
    waf: { ...ordinarySite, mode: 'detect', exclude: [{ detector: String(942_100 + index), place: `ARGS:q${index}` }] },
  }));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One level, in this process. */
async function measure(crs: string, paranoia: number): Promise<void> {
  const empty = held();
  const begun = cpuMs();
  const clock = performance.now();
  const waf = paranoia === 0 ? withoutRules() : await unoptimised(async () => made(crs, paranoia, sitesOf(1)));
  const spent = cpuMs() - begun;
  const took = performance.now() - clock;
  const name = paranoia === 0 ? 'without the WAF' : `paranoia ${paranoia}`;
  print(`${name}: loaded in ${spent.toFixed(0)} ms of CPU, ${took.toFixed(0)} ms by the clock; ${more(empty)}`);
  const first = cpuMs();
  ask(waf, { target: '/search?q=wool+socks', headers: [['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64)']] });
  print(`  the first request took ${(cpuMs() - first).toFixed(1)} ms of CPU`);
  dearest(waf, crs);
  print(`  after all of them: ${more(empty)}`);
}

/** The dearest value, wherever it can stand: the mean of several runs. */
function dearest(waf: Waf, crs: string): void {
  const patterns = crsMembers(`${crs}/rules`).members.filter((member) => member instanceof Pattern);
  const chance = chanceFrom(1);
  const values = Array.from({ length: valueCount }, (_, index) =>
    worstValue(patterns[(index * 7) % patterns.length]!, patterns, valueBytes, chance),
  );
  for (const [place, requestOf] of Object.entries(places)) {
    let worst = { ms: 0, value: '' };
    // Because code is at its speed once it has run for a while, and a server runs for weeks.
    for (const value of values.slice(0, 20)) ask(waf, requestOf(value));
    for (const value of values) {
      const request = requestOf(value);
      // Because the system counts a thread's time in steps of 4 ms.
      const before = threadMs();
      for (let run = 0; run < runs; run++) ask(waf, request);
      const ms = (threadMs() - before) / runs;
      if (ms > worst.ms) worst = { ms, value };
    }
    if (waf.rules !== null)
      print(
        `  8 KiB in ${place}: ${worst.ms.toFixed(1)} ms of CPU at most: ${JSON.stringify(worst.value.slice(0, 40))}`,
      );
  }
}

/** What sites add to one rule set. */
function overlays(crs: string): void {
  const before = held();
  const sets = [made(crs, 1, sitesOf(1))];
  const one = held();
  sets.push(made(crs, 1, sitesOf(1)));
  const two = held();
  const policies = build({ ...ordinarySettings, ruleFiles: null }, sitesOf(1000), tools);
  const sites = held();
  if (!policies.ok || sets.length !== 2) throw new Error('sites do not stand');
  print(
    `100 sites share one compiled set: a site with an exclusion of its own adds ${(sites.heap - two.heap).toFixed(1)} KB to the heap; a set holds ${(two.heap + two.outside - one.heap - one.outside).toFixed(1)} MB (the first ${(one.heap + one.outside - before.heap - before.outside).toFixed(1)} MB)`,
  );
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  if (words[0] === '--one') {
    if (words[1] === 'sites') overlays(words[2]!);
    else await measure(words[2]!, Number(words[1]));
    return;
  }
  const crs = resolve(words[0] ?? '../shared/crs-4.28.0');
  const flags = [...workerFlags, '--expose-gc'];
  for (const one of ['0', '1', '4', 'sites'])
    execFileSync(process.execPath, [...flags, import.meta.filename, '--one', one, crs], { stdio: 'inherit' });
}

if (import.meta.main) await main();
