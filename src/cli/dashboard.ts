// `portcullis dashboard`: a link that logs one browser in to the running gate's dashboard, or a token for a program.

import { randomBytes } from 'node:crypto';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';

/** The `dashboard` command. */
export const dashboard: Command = {
  name: 'dashboard',
  summary: 'A link to the dashboard of the running gate',
  usage: '[--new-token]',
  options: {
    'new-token': {
      type: 'boolean',
      says: 'make a token for a program instead, and the line of the configuration for it',
    },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'a link for a browser on this machine', line: 'portcullis dashboard' },
    { says: 'a token for a program, such as Prometheus', line: 'portcullis dashboard --new-token' },
  ],
  run,
};

const tokenBytes = 32;

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`dashboard takes no words, and was given "${args.words[0]}"`);
  if (args.options['new-token'] === true) return sayToken(args, world);
  const { link } = (await ask(dataDirectoryOf(args, world), { ask: 'dashboard' })) as { link: string };
  if (args.options.json === true) world.stdout.write(jsonText({ link }));
  else
    world.stdout.write(
      `${link}\n  for one browser, within 15 minutes; from elsewhere through ssh -L ${portIn(link)}:127.0.0.1:${portIn(link)}\n`,
    );
  return 0;
}

async function sayToken(args: Arguments, world: World): Promise<ExitCode> {
  const { digestOf } = await import('../admin/admin.ts');
  const token = randomBytes(tokenBytes).toString('base64url');
  const sha256 = digestOf(token).toString('hex');
  if (args.options.json === true) world.stdout.write(jsonText({ token, sha256 }));
  else
    world.stdout.write(
      `${token}\n  the token, which is kept nowhere; the program sends it as Authorization: Bearer\n` +
        `admin: { tokens: [{ name: program, role: read, sha256: ${sha256} }] }\n  the line of the configuration that lets it in\n`,
    );
  return 0;
}

function portIn(link: string): string {
  return new URL(link).port;
}
