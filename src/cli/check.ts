// `portcullis check`: every problem of the configuration, those that the stations see included, and nothing started.

import type { Built, Problem } from '../base/problem.ts';
import { ConfigurationTrouble, jsonSchema, type Loaded, loadSettings, pathText } from '../config/config.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';

/** The `check` command. */
export const check: Command = {
  name: 'check',
  summary: 'List every problem of the configuration',
  usage: '[--config FILE] [--schema]',
  options: {
    config: {
      type: 'string',
      value: 'FILE',
      says: 'the configuration (portcullis.yaml, .yml, .json or portcullis.config.ts)',
    },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'where certificates and the control socket live' },
    schema: { type: 'boolean', says: 'print the JSON Schema of the file instead' },
  },
  examples: [
    { says: 'the configuration of this directory', line: 'portcullis check' },
    { says: 'another file, for a program', line: 'portcullis check --config staging.yaml --json' },
    { says: 'completion in an editor', line: 'portcullis check --schema > portcullis.schema.json' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0)
    throw new UsageError(`check takes no words, and was given "${args.words[0]}"; name a file with --config`);
  if (args.options.schema === true) {
    world.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    return 0;
  }
  try {
    const loaded = await loadSettings(args, world);
    const built = await buildStations(loaded);
    if (!built.ok) throw loaded.trouble(built.problems);
    tell(loaded, [...loaded.warnings, ...built.warnings, ...(await warnKernel(loaded))], args, world);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigurationTrouble) || args.options.json !== true) throw error;
    const whole = await withStations(error);
    const problems = whole.problems.map((problem) => described(problem, whole.loaded));
    world.stdout.write(jsonText({ ok: false, problems, warnings: [] }));
    return 1;
  }
}

/** The trouble together with what the stations object to in the settings, as far as those were understood. */
export async function withStations(trouble: ConfigurationTrouble): Promise<ConfigurationTrouble> {
  if (trouble.loaded === null || trouble.isWhole) return trouble;
  const built = await buildStations(trouble.loaded);
  return built.ok ? trouble : trouble.also(built.problems);
}

async function buildStations(loaded: Loaded): Promise<Built<unknown>> {
  const { build } = await import('../generation.ts');
  return build(loaded.settings, { locate: loaded.locate });
}

/** What this machine's kernel is not set to that the configuration needs there. */
async function warnKernel({ settings: { firewall } }: Loaded): Promise<Problem[]> {
  if (!firewall.enforce.includes('kernel') || firewall.kernel.synProxyPorts.length === 0) return [];
  const { synProxyTrouble } = await import('../firewall/firewall.ts');
  const { machineReader } = await import('../ports/ports.ts');
  const unfit = synProxyTrouble(firewall.kernel.synProxyPorts, (path) => machineReader.read(path));
  if (unfit === null) return [];
  const path = ['firewall', 'kernel', 'syn_proxy'];
  return [{ path, code: 'firewall/kernel-unfit', says: unfit.says, instead: unfit.instead }];
}

function tell(loaded: Loaded, warnings: readonly Problem[], args: Arguments, world: World): void {
  if (args.options.json === true) {
    const described_ = warnings.map((warning) => described(warning, loaded));
    world.stdout.write(jsonText({ ok: true, file: loaded.file, problems: [], warnings: described_ }));
    return;
  }
  if (warnings.length > 0) world.stderr.write(`${loaded.print(warnings, true)}\n\n`);
  world.stdout.write(`${loaded.file} is right: ${summary(loaded)}\n`);
}

function summary({ settings }: Loaded): string {
  const { listen, firewall, sites, waf, rates } = settings;
  return [
    counted(listen.length, 'listener'),
    `${counted(firewall.rules.length, 'firewall rule')} (default ${firewall.default})`,
    counted(sites.length, 'site'),
    `WAF ${waf.mode}`,
    counted(rates.length, 'rate limit'),
  ].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function described(problem: Problem, loaded: Loaded | null) {
  const { path, code, says, instead = '' } = problem;
  return { at: loaded?.locate(path) ?? '', path: pathText(problem), code, says, instead };
}
