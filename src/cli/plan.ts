// `portcullis plan`: what the rules of the configuration would change in the kernel, and whom they would cut off.

import { planFor } from '../supervisor/supervisor.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { kernelOptions, kernelTools, loadCandidate, planJson, planLines, valueOf } from './kernel-tools.ts';

/** The `plan` command. */
export const plan: Command = {
  name: 'plan',
  summary: "What the rules would change in the kernel's firewall, and whom they would cut off",
  usage: '',
  options: kernelOptions,
  examples: [
    { says: 'what `portcullis apply` would open, close and cut', line: 'portcullis plan' },
    { says: 'the same for another file, for a program', line: 'portcullis plan --config staging.yaml --json' },
  ],
  run,
};

/** Exit code 1 where somebody would be locked out. */
async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`"${args.words[0]}" is not expected`);
  const { candidate, loaded } = await loadCandidate(args, world);
  const tools = kernelTools(args, world);
  const former = await tools.store.find(await tools.store.current());
  const pending = await tools.store.pending();
  const found = valueOf(await planFor(candidate, former, tools), loaded);
  const isLockout = found.lockouts.length > 0;
  if (args.options.json === true) {
    const waits =
      pending === null
        ? null
        : { generation: pending.generation.number, deadline: new Date(pending.deadline).toISOString() };
    world.stdout.write(jsonText({ ...planJson(found), generation: former?.number ?? 0, pending: waits }, 2));
    return isLockout ? 1 : 0;
  }
  const lines = planLines(found);
  if (pending !== null)
    lines.unshift(
      tools.now() < pending.deadline
        ? `generation ${pending.generation.number} waits to be confirmed until ${new Date(pending.deadline).toISOString()}`
        : `generation ${pending.generation.number} was not confirmed in time: the former rules hold again`,
    );
  if (isLockout) lines.push('it would lock somebody out, so `portcullis apply` refuses it');
  else if (!found.isSame) lines.push('`portcullis apply --confirm-within 60s` applies it');
  world.stdout.write(`${lines.join('\n')}\n`);
  return isLockout ? 1 : 0;
}
