// Blueprints whose rules are those that stand in the kernel, where the configuration has them there.

import { built, failed, type Path, type Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { build } from '../firewall/firewall.ts';
import { type Blueprint, type DrawingTools, draw } from './blueprint.ts';
import { generationInForce, inForceTools, withRulesOf } from './kernel/kernel.ts';

/** A configuration as its owner wrote it. */
interface Asked {
  readonly settings: Settings;
  locate(path: Path): string;
}

/** As `draw`, with the rules that stand in the kernel; those of the configuration are looked at all the same. */
export async function drawInForce(settings: Settings, tools: DrawingTools): ReturnType<typeof draw> {
  const generation = await generationInForce(settings.firewall, inForceTools(settings));
  if (generation === null) return draw(settings, tools);
  const own = build(settings.firewall, { locate: (path) => tools.locate(['firewall', ...path]) });
  const inForce = { ...settings, firewall: withRulesOf(settings.firewall, generation) };
  const isElsewhere = ([part]: Path) => part === 'firewall';
  const result = await draw(inForce, { ...tools, locate: (path) => (isElsewhere(path) ? '' : tools.locate(path)) });
  const rooted = (problem: Problem): Problem => ({ ...problem, path: ['firewall', ...problem.path] });
  if (!own.ok || !result.ok)
    return failed([...(own.ok ? [] : own.problems.map(rooted)), ...(result.ok ? [] : result.problems)]);
  const warnings = result.warnings.filter(({ path }) => !isElsewhere(path));
  const says = `at accept, too, the rules of generation ${generation.number} hold, which stands in the kernel; the configuration has others`;
  const instead =
    '`portcullis plan` says what would change, `portcullis apply --confirm-within 60s` has them hold in both places';
  const differs: Problem = { path: ['firewall', 'rules'], code: 'firewall/not-applied', says, instead };
  return built(result.value, [...own.warnings.map(rooted), ...warnings, differs]);
}

/** The blueprint of a gate that runs, with the rules that stand in the kernel now; null where it has them already. */
export async function followed(
  blueprint: Blueprint,
  { settings: { firewall: own, ...rest }, locate }: Asked,
): Promise<Blueprint | null> {
  const generation = await generationInForce(own, inForceTools(rest));
  const firewall = generation === null ? own : withRulesOf(own, generation);
  if (JSON.stringify(firewall) === JSON.stringify(blueprint.settings.firewall)) return null;
  const places = new Map([...blueprint.places].filter(([path]) => !path.startsWith('["firewall",')));
  const noted = (path: Path): string => {
    const place = generation === null ? locate(['firewall', ...path]) : '';
    if (place !== '') places.set(JSON.stringify(['firewall', ...path]), place);
    return place;
  };
  const result = build(firewall, { locate: noted });
  if (!result.ok) throw new Error(result.problems[0]!.says);
  return { ...blueprint, settings: { ...blueprint.settings, firewall }, places };
}
