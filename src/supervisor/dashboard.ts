// The admin station within the supervisor: what it is handed, and what of it can be asked over the control socket.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Admin } from '../admin/admin.ts';
import { systemClock } from '../base/clock.ts';
import { jsonSchema, type Settings } from '../config/config.ts';
import { analyse, build } from '../firewall/firewall.ts';
import type { Blueprint } from './blueprint.ts';
import type { Totals } from './chronicle.ts';
import { ConfigurationDesk } from './configuration-desk.ts';
import type { Answers } from './control.ts';
import { version } from './figures.ts';
import { overviews } from './overviews.ts';
import { OwnCommands } from './own-commands.ts';
import { Proposals } from './proposals.ts';
import type { DashboardTools } from './running.ts';
import { GateTrouble } from './trouble.ts';

/** Where the build of `dashboard/` lies, in a clone and in the package. */
const assets = join(import.meta.dirname, '../../dashboard/dist');

/** What of its gate the station works with. */
export interface House {
  readonly settings: Settings;
  /** Undefined where the station is not wanted. */
  readonly tools: DashboardTools | undefined;
  /** What can be asked; the station adds its own. */
  readonly answers: Record<string, Answers[string]>;
  blueprint(): Blueprint;
}

/** The station, listening, or null where none is wanted. Rejects with `GateTrouble`. */
export async function openAdmin(house: House): Promise<Admin | null> {
  const { settings, answers, tools } = house;
  if (tools === undefined) {
    answers.dashboard = () => {
      throw new Error('this gate serves no dashboard');
    };
    return null;
  }
  const admin = new Admin(settings.admin, {
    clock: systemClock,
    random: (count) => randomBytes(count),
    dataDirectory: settings.dataDirectory,
    assets,
    version: version(),
    ask: async (question) => {
      const answer = answers[question.ask];
      if (answer === undefined) throw new Error(`this gate does not know the question "${question.ask}"`);
      return answer(question);
    },
    every: (ms, call) => {
      const timer = setInterval(call, ms).unref();
      return () => clearInterval(timer);
    },
  });
  try {
    await admin.start();
  } catch (error) {
    throw new GateTrouble(
      `${(error as Error).message}\n  name another place: admin: { listen: 127.0.0.1:9444 }, or off`,
    );
  }
  Object.assign(answers, ownAnswers(admin), houseAnswers(house, tools));
  return admin;
}

function ownAnswers(admin: Admin): Answers {
  return {
    admin: () => ({ url: admin.url, tuples: admin.tuples() }),
    dashboard: () => {
      const link = admin.link();
      if (link === null) throw new Error('this gate serves no dashboard: `admin.listen` is off');
      return { link };
    },
  };
}

/** What the dashboard asks beside the gate's own answers: the file, the rules' oddities, the kernel by our own commands. */
function houseAnswers({ settings: { dataDirectory }, answers, blueprint }: House, tools: DashboardTools): Answers {
  const { file, cwd } = tools;
  const config = file === null ? [] : ['--config', file];
  const commands = new OwnCommands(['--data-dir', dataDirectory, ...config], cwd);
  const bare = ['--data-dir', dataDirectory];
  const desk = new ConfigurationDesk({
    file,
    dataDirectory,
    commands,
    now: () => systemClock.now(),
    settings: () => blueprint().settings,
    load: tools.load,
    reload: async () => answers.reload!({ ask: 'reload' }),
  });
  const proposals = new Proposals({
    dataDirectory,
    commands,
    answers,
    load: async () => (await tools.load(file ?? '')).settings,
    beside: (text, look) => desk.beside(text, look),
  });
  const needsFile = (run: () => Promise<unknown>) => async () => {
    if (file === null) throw new Error('this gate runs without a configuration file');
    return run();
  };
  return {
    ...desk.answers(),
    ...proposals.answers(),
    ...overviews(() => blueprint().settings, answers),
    'configuration-schema': () => jsonSchema(),
    listening: () => commands.json(['ports', '--listening'], []),
    learn: ({ what, count, hear }) =>
      commands.lines(['learn', what === 'threads' ? 'threads' : 'crowd', '--count', String(Number(count))], (line) => {
        if (typeof hear === 'function') hear(line);
      }),
    'firewall-analysis': () => analysisOf(blueprint()),
    'waf-sites': async () =>
      wafOf(blueprint().settings, (await answers.excused!({ ask: 'excused' })) as Record<string, number[]>),
    'waf-found': async () => foundOf((await answers.figures!({ ask: 'figures' })) as Totals | null),
    'kernel-exposure': needsFile(() => commands.json(['firewall', 'exposure'])),
    'kernel-drift': needsFile(() => commands.json(['firewall', 'verify'])),
    'kernel-plan': needsFile(() => commands.json(['plan'])),
    'kernel-generations': () => commands.json(['rollback', '--list'], bare),
    'kernel-apply': ({ confirmSeconds }) =>
      needsFile(() => commands.json(['apply', '--confirm-within', `${Number(confirmSeconds)}s`]))(),
    'kernel-confirm': () => commands.json(['confirm'], bare),
    'kernel-rollback': ({ number }) =>
      commands.json(['rollback', ...(typeof number === 'number' ? [String(number)] : [])], bare),
  };
}

/** What is odd about the rules in force; `findings` is null where they are too many to say. */
function analysisOf({ settings, places }: Blueprint) {
  const locate = (path: readonly (string | number)[]) => places.get(JSON.stringify(['firewall', ...path])) ?? '';
  const result = build(settings.firewall, { locate });
  const findings = result.ok ? analyse(result.value.ruleSet) : null;
  return { enforce: settings.firewall.enforce, findings };
}

/** What the WAF does where; `excused` says how often each exclusion had something to excuse. */
function wafOf({ waf, sites }: Settings, excused: Readonly<Record<string, readonly number[]>>) {
  return {
    mode: waf.mode,
    threshold: waf.ruleFiles?.inboundThreshold ?? waf.threshold,
    rules: waf.ruleFiles === null ? 'built-in' : (waf.ruleFiles.crs ?? waf.ruleFiles.files.join(', ')),
    paranoia: waf.ruleFiles?.crs === null ? 0 : (waf.ruleFiles?.paranoia ?? 0),
    sites: sites.map(({ name, waf: own }) => ({
      name,
      mode: own.mode,
      exclusions: own.exclude.map((one, index) => ({ ...one, excused: excused[name]?.[index] ?? 0 })),
    })),
  };
}

/** Rules by how often they found something, since the gate started. */
function foundOf(totals: Totals | null) {
  return Object.entries(totals?.traffic.rules ?? {})
    .map(([rule, count]) => ({ rule, count }))
    .sort((one, other) => other.count - one.count);
}
