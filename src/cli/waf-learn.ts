// `portcullis waf learn`: what was learnt of a site's requests, as an OpenAPI document that can be its model.

import { join } from 'node:path';
import { plainText } from '../config/config.ts';
import { type Learnt, proposalOf } from '../model/model.ts';
import { learntOf, readLearnt } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf, NoGate } from './ask.ts';
import { type Arguments, type ExitCode, UsageError, type World } from './command.ts';
import { count } from './figures.ts';
import { jsonText } from './json.ts';

/** Requests that a method of a path must have had, unless `--at-least` says otherwise. */
const usualAtLeast = 10;

/** `waf learn`: exit code 1 where nothing was learnt yet. */
export async function proposeModel(args: Arguments, world: World): Promise<ExitCode> {
  const { site, forget } = args.options;
  const atLeast = atLeastOf(args.options['at-least']);
  const directory = dataDirectoryOf(args, world);
  const sites = await learntIn(directory, forget === true);
  if (forget === true) {
    if (args.options.json === true) world.stdout.write(jsonText({ forgotten: true }));
    else world.stdout.write('What was learnt is forgotten; learning begins anew.\n');
    return 0;
  }
  const names = [...sites.keys()];
  const name = site === undefined ? names[0] : String(site);
  const learnt = name === undefined ? undefined : sites.get(name);
  if (name === undefined || learnt === undefined) {
    const known = names.length === 0 ? '' : ` Learnt so far: ${names.join(', ')}.`;
    if (args.options.json === true) world.stdout.write(jsonText(null));
    else
      world.stdout.write(
        `Nothing was learnt${site === undefined ? '' : ` of ${String(site)}`} yet: \`learn: /\` in a site of the configuration begins it.${known}\n`,
      );
    return 1;
  }
  const proposal = proposalOf(learnt, name, atLeast);
  if (args.options.json === true) world.stdout.write(jsonText(proposal.document));
  else world.stdout.write(headOf(name, names, learnt, proposal, atLeast) + plainText(proposal.document));
  return 0;
}

function atLeastOf(option: unknown): number {
  if (option === undefined) return usualAtLeast;
  const number = Number(option);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError(`--at-least ${String(option)} is no number of requests: write a whole number from 1`);
}

async function learntIn(directory: string, forget: boolean): Promise<ReadonlyMap<string, Learnt>> {
  try {
    return learntOf(await ask(directory, { ask: 'learnt', forget }));
  } catch (error) {
    if (!(error instanceof NoGate) || forget) throw error;
    return readLearnt(join(directory, 'learnt.json'));
  }
}

function headOf(
  name: string,
  names: readonly string[],
  { requests, lost, from, to }: Learnt,
  { paths, skipped }: { readonly paths: number; readonly skipped: number },
  atLeast: number,
): string {
  const lines = [
    `What was learnt of ${name}: ${count(requests)} requests from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, ${count(paths)} paths.`,
    ...(skipped > 0
      ? [`Left out: ${count(skipped)} that were asked for fewer than ${atLeast} times (--at-least).`]
      : []),
    ...(lost > 0 ? [`Not learnt: ${count(lost)} requests, because there was no room for more paths.`] : []),
    ...(names.length > 1 ? [`Other sites (--site): ${names.filter((other) => other !== name).join(', ')}.`] : []),
    'Look through it, put it into a file, and begin with: model: { file: learnt.yaml, mode: detect }',
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}
