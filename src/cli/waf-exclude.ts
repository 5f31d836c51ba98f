// `portcullis waf exclude`: the smallest exclusion that lets one recorded request through, what it lets through beside it, and the lines
// for the configuration.

import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { findConfiguration, type Loaded, parseDuration, type Settings, withExclusions } from '../config/config.ts';
import type { Generation } from '../generation.ts';
import { type Hypothesis, rehearse } from '../rehearsal.ts';
import type { Journey } from '../traffic/journey.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { attackSamples } from './attack-samples.ts';
import { type Arguments, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { findInJournal } from './explain-journal.ts';
import { jsonText } from './json.ts';
import { builtOf, loadedOf } from './offline.ts';
import { hangsOnUnrecorded, recordedOf } from './recorded.ts';
import { visible } from './table.ts';

type Exclusion = Settings['sites'][number]['waf']['exclude'][number];

/** What was worked out. */
interface Proposal {
  readonly site: string;
  readonly exclusions: readonly Exclusion[];
  /** Whether the recorded request passes with them; null where its body, which is not recorded, has the last word. */
  readonly passes: boolean | null;
  /** Samples of attacks that were refused in the excluded places and are not any more, and how many were tried. */
  readonly newlyPassing: readonly string[];
  readonly tried: number;
  /** The same attacks in another place of the same route: how many are still refused. */
  readonly stillRefusedBeside: number;
}

/** How long an exclusion holds unless `--for` says otherwise. */
const usualMs = 90 * 86_400_000;

/** `waf exclude ID`: exit code 1 where the request would be refused all the same. */
export async function excludeFinding(args: Arguments, world: World): Promise<ExitCode> {
  const id = args.words[1];
  if (id === undefined)
    throw new UsageError('waf exclude needs the id of a request, as block pages, journals and `explain` show it');
  const journey = await journeyWith(id, args, world);
  const loaded = await loadedOf(args, world);
  const { until, because } = wordsOf(args, journey);
  const index = loaded.settings.sites.findIndex(({ name }) => name === journey.request?.site);
  if (index < 0) throw new Trouble(`the configuration has no site "${visible(journey.request?.site ?? '')}" any more`);
  const exclusions = exclusionsFor(journey, until, because);
  const proposal = await prove(journey, loaded, index, exclusions);
  const written = args.options.write === true ? await write(args, world, index, exclusions, journey) : null;
  if (args.options.json === true) world.stdout.write(jsonText({ ...proposal, written }));
  else world.stdout.write(screen(proposal, written));
  return proposal.passes === false ? 1 : 0;
}

async function journeyWith(id: string, args: Arguments, world: World): Promise<Journey> {
  const { journal } = args.options;
  const found =
    typeof journal === 'string'
      ? (await findInJournal(resolve(world.cwd, journal), { kind: 'id', id }, 1, world))[0]
      : ((await ask(dataDirectoryOf(args, world), { ask: 'explain', id })) as { journey: Journey | null }).journey;
  if (found === undefined || found === null)
    throw new Trouble(`no request ${visible(id)} is remembered; --journal FILE looks into a journal`);
  return found;
}

function wordsOf({ options }: Arguments, { id }: Journey): { until: string; because: string } {
  let lengthMs = usualMs;
  if (typeof options.for === 'string') {
    const read = parseDuration(options.for);
    if (!('value' in read) || read.value < 86_400_000)
      throw new UsageError(`--for ${options.for} is no time of a day or more: write 30d`);
    lengthMs = read.value;
  }
  const until = new Date(systemClock.now() + lengthMs).toISOString().slice(0, 10);
  return { until, because: typeof options.because === 'string' ? options.because : `false alarm of request ${id}` };
}

/** One exclusion for each rule in each place that found something: no other rule, place, route or method. */
function exclusionsFor({ request, waf }: Journey, until: string, because: string): Exclusion[] {
  const rules = (waf?.rules ?? []).filter(({ score, detector }) => score > 0 && detector !== 'own-rule');
  if (request === null || rules.length === 0)
    throw new Trouble(
      'the WAF found nothing in this request: there is nothing to exclude (`explain` says who refused it)',
    );
  const path = request.target.split('?', 1)[0]!;
  const seen = new Set<string>();
  return rules.flatMap(({ id, variable }) => {
    const key = `${id} ${variable}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ detector: String(id), place: variable, path, method: request.method, until, because }];
  });
}

async function prove(
  journey: Journey,
  loaded: Loaded,
  index: number,
  exclusions: readonly Exclusion[],
): Promise<Proposal> {
  const before = await builtOf(loaded);
  const sites = loaded.settings.sites.map((site, at) =>
    at === index ? { ...site, waf: { ...site.waf, exclude: [...site.waf.exclude, ...exclusions] } } : site,
  );
  const after = await builtOf(loaded, { ...loaded.settings, sites });
  const request = recordedOf(journey)!;
  const isPassing = verdictOf(after, request) === 'pass';
  const attacks = exclusions.flatMap((one) => attacksIn(one, request));
  const newlyPassing = attacks.filter(
    ({ attack }) => verdictOf(before, attack) !== 'pass' && verdictOf(after, attack) === 'pass',
  );
  const beside = attackSamples.filter(
    ({ value }) => verdictOf(after, withArgument(request, besideName, value)) !== 'pass',
  );
  return {
    site: loaded.settings.sites[index]!.name,
    exclusions,
    passes: isPassing && hangsOnUnrecorded(journey) ? null : isPassing,
    newlyPassing: newlyPassing.map(({ says }) => says),
    tried: attacks.length,
    stillRefusedBeside: beside.length,
  };
}

const besideName = 'portcullis-beside';

function verdictOf(generation: Generation, request: Hypothesis): string {
  return rehearse(generation, request, systemClock.now()).journey.verdict.action;
}

/** The samples put into the place that is excluded; none where a place cannot be written to by itself. */
function attacksIn({ place = '' }: Exclusion, request: Hypothesis): { says: string; attack: Hypothesis }[] {
  const colon = place.indexOf(':');
  const [collection, name] = colon < 0 ? [place, ''] : [place.slice(0, colon), place.slice(colon + 1)];
  return attackSamples.flatMap(({ kind, value }) => {
    const attack = attackAt(collection, name, value, request);
    return attack === null ? [] : [{ says: `${kind}  ${value}`, attack }];
  });
}

function attackAt(collection: string, name: string, value: string, request: Hypothesis): Hypothesis | null {
  switch (collection) {
    case 'ARGS':
      return request.method === 'GET' || request.method === 'HEAD'
        ? withArgument(request, name, value)
        : {
            ...bare(request),
            headers: [['content-type', 'application/x-www-form-urlencoded']],
            body: argument(name, value),
          };
    case 'JSON':
      return {
        ...bare(request),
        headers: [['content-type', 'application/json']],
        body: JSON.stringify({ [name]: value }),
      };
    case 'REQUEST_HEADERS':
      return { ...bare(request), headers: [[name, value]] };
    case 'REQUEST_COOKIES':
      return { ...bare(request), headers: [['cookie', `${name}=${encodeURIComponent(value)}`]] };
    default:
      return null;
  }
}

function bare(request: Hypothesis): Hypothesis {
  return { ...request, target: request.target!.split('?', 1)[0]!, headers: [] };
}

function withArgument(request: Hypothesis, name: string, value: string): Hypothesis {
  const plain = bare(request);
  return {
    ...plain,
    method: request.method === 'HEAD' ? 'HEAD' : 'GET',
    target: `${plain.target}?${argument(name, value)}`,
  };
}

function argument(name: string, value: string): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
}

/** Writes the lines into the file; gives its name, or the reason why they could not be. */
async function write(
  args: Arguments,
  world: World,
  index: number,
  exclusions: readonly Exclusion[],
  { id, request }: Journey,
): Promise<string> {
  const file = findConfiguration(args, world);
  if (file === null) throw new Trouble('there is no configuration file to write to');
  const text = await readFile(file, 'utf8');
  const comment = `${request?.method ?? ''} ${request?.target.split('?', 1)[0] ?? ''}, request ${id}`;
  const lines = exclusions.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)),
  );
  const next = withExclusions(text, index, lines as Record<string, string>[], visible(comment));
  if (next === null)
    throw new Trouble(
      `${visible(file)} has no place where lines can be added without changing others: put them in by hand\n${linesOf(exclusions)}`,
    );
  await writeFile(file, next);
  return file;
}

function linesOf(exclusions: readonly Exclusion[]): string {
  return exclusions.map((one) => `  - ${JSON.stringify(one)}`).join('\n');
}

/** The proposal for people. */
function screen(proposal: Proposal, written: string | null): string {
  const { site, exclusions, passes, newlyPassing, tried, stillRefusedBeside } = proposal;
  const lines = [`site ${site}, waf.exclude:`, ...linesOf(exclusions).split('\n'), ''];
  lines.push(
    passes === true
      ? 'The recorded request passes with it.'
      : passes === null
        ? 'What was recorded of the request passes with it; its body, or a secret value, is not recorded, and was found fault with.'
        : 'The recorded request is refused all the same: `portcullis waf test` shows by what.',
  );
  lines.push(
    tried === 0
      ? 'No sample of an attack can be put into that place alone: look at the rule before you exclude it.'
      : `Of ${tried} samples of attacks in that place, ${newlyPassing.length} would newly pass${newlyPassing.length === 0 ? '' : ':'}`,
    ...newlyPassing.map((says) => `  ${says}`),
    `In another argument of the same route ${stillRefusedBeside} of ${attackSamples.length} are still refused.`,
  );
  lines.push(
    '',
    written === null
      ? '--write puts it into the configuration.'
      : `Written to ${written}: \`portcullis check\`, then \`portcullis reload\`.`,
  );
  return `${lines.map((line) => visible(line)).join('\n')}\n`;
}
