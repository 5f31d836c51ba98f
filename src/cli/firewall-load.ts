// The firewall that a configuration file describes, for commands that look at rules without a gate.

import { type Loaded, loadSettings } from '../config/config.ts';
import { build, type Firewall } from '../firewall/firewall.ts';
import { type Arguments, Trouble, type World } from './command.ts';

/** The firewall of the configuration. Its warnings go to stderr, so that JSON on stdout stays whole, or nowhere. */
export async function loadFirewall(args: Arguments, world: World, isQuiet = false): Promise<Firewall> {
  const loaded: Loaded = await loadSettings(args, world);
  const rooted = (path: readonly (string | number)[]) => ['firewall', ...path];
  const result = build(loaded.settings.firewall, { locate: (path) => loaded.locate(rooted(path)) });
  const found = result.ok ? result.warnings : result.problems;
  const text = found.length === 0 ? '' : loaded.print(found.map((each) => ({ ...each, path: rooted(each.path) })));
  if (!result.ok) throw new Trouble(text.trimEnd());
  if (text !== '' && !isQuiet) world.stderr.write(`${text.trimEnd()}\n`);
  return result.value;
}
