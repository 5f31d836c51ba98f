// `portcullis firewall analyse` and `firewall diff`: what is odd about the rules, and what other rules would change.

import { difference, findingKinds, analyse as findingsOf, packetText } from '../firewall/firewall.ts';
import { type Arguments, type ExitCode, Trouble, type World } from './command.ts';
import { loadFirewall } from './firewall-load.ts';
import { jsonText } from './json.ts';
import { visible } from './table.ts';

/** What is told where rules are too many to be analysed exactly in seconds. */
const tooLarge = 'the rules have too many combinations of ports and sources to be taken apart in seconds';

/** Lists the findings about the rules of a file; exit code 1 where there are any. */
export async function analyse(args: Arguments, world: World): Promise<ExitCode> {
  const gate = await loadFirewall(args, world, true);
  const findings = findingsOf(gate.ruleSet);
  if (findings === null) throw new Trouble(tooLarge);
  const told = findings.map((finding) => ({ ...finding, at: gate.rules[finding.rule - 1]?.at ?? '' }));
  if (args.options.json === true) world.stdout.write(jsonText({ ok: told.length === 0, findings: told }, 2));
  else if (told.length === 0) world.stdout.write(`nothing is odd about ${rulesText(gate.rules.length)}\n`);
  else {
    for (const { kind, at, says, instead, witness } of told)
      world.stdout.write(
        `${kind}${at && `  ${visible(at)}`}\n  ${says}\n  for example  ${packetText(witness)}\n  instead      ${instead}\n\n`,
      );
    const kinds = Object.keys(findingKinds).flatMap((kind) => {
      const count = told.filter((finding) => finding.kind === kind).length;
      return count === 0 ? [] : [`${count} ${kind}`];
    });
    world.stdout.write(`${rulesText(gate.rules.length)}: ${kinds.join(', ')}\n`);
  }
  return told.length === 0 ? 0 : 1;
}

/** Says what the rules of file B open and close against those of file A; exit code 1 where anything changes, as diff(1) has it. */
export async function diff(args: Arguments, world: World): Promise<ExitCode> {
  const [, before, after] = args.words;
  const loadFrom = (config: string | undefined) =>
    loadFirewall({ words: [], options: { ...args.options, config } }, world, true);
  const [old, young] = [await loadFrom(before), await loadFrom(after)];
  const found = difference(old.ruleSet, young.ruleSet);
  if (found === null) throw new Trouble(tooLarge);
  const { changes } = found;
  if (args.options.json === true)
    world.stdout.write(
      jsonText(
        {
          equivalent: changes.length === 0,
          changes: changes.map(({ kind, protocol, says, witness }) => ({ kind, protocol, says, witness })),
        },
        2,
      ),
    );
  else if (changes.length === 0) world.stdout.write('both decide every packet alike\n');
  else
    for (const { says, witness } of changes)
      world.stdout.write(`${visible(says)}\n  for example  ${packetText(witness)}\n`);
  return changes.length === 0 ? 0 : 1;
}

function rulesText(count: number): string {
  return `${count} rule${count === 1 ? '' : 's'}`;
}
