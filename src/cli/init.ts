// `portcullis init`: writes a commented portcullis.yaml that is right as it stands.

import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ConfigurationTrouble, settingsFrom } from '../config/config.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';

/** What the file is written for. */
interface Plan {
  readonly host: string;
  readonly to: string;
  readonly port: number;
  readonly httpPort: number;
}

/** The `init` command. */
export const init: Command = {
  name: 'init',
  summary: 'Write a portcullis.yaml to begin with',
  usage: '[--to PORT|HOST:PORT] [--host NAME] [--port PORT] [--http-port PORT] [--config FILE] [--force]',
  options: {
    to: { type: 'string', value: 'PORT|HOST:PORT', says: 'where the application listens (3000)' },
    host: { type: 'string', value: 'NAME', says: 'the name people type (localhost)' },
    port: { type: 'string', value: 'PORT', says: 'the port for HTTPS (443)' },
    'http-port': { type: 'string', value: 'PORT', says: 'the port that redirects to it (80)' },
    config: { type: 'string', value: 'FILE', says: 'the file to write (portcullis.yaml)' },
    force: { type: 'boolean', says: 'write over a file that is there' },
  },
  examples: [
    { says: 'an application on port 3000 of this machine', line: 'portcullis init --to 3000 --host example.com' },
    { says: 'on ports that need no privilege', line: 'portcullis init --port 8443 --http-port 8080' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0) throw new UsageError(`init takes no words, and was given "${args.words[0]}"`);
  const name = typeof args.options.config === 'string' ? args.options.config : 'portcullis.yaml';
  if (!name.endsWith('.yaml') && !name.endsWith('.yml'))
    throw new UsageError('init writes YAML: name a file ending in .yaml');
  const text = fileText(planOf(args));
  try {
    await writeFile(resolve(world.cwd, name), text, { flag: args.options.force === true ? 'w' : 'wx' });
  } catch (error) {
    throw new Trouble(reasonOf(error as NodeJS.ErrnoException, name));
  }
  if (args.options.json === true) world.stdout.write(`${JSON.stringify({ file: name })}\n`);
  else {
    const config = name === 'portcullis.yaml' ? '' : ` --config ${name}`;
    world.stdout.write(`wrote ${name}\n  portcullis check${config}    lists what is wrong with it\n`);
    world.stdout.write(`  portcullis run${config}      starts the gate\n`);
  }
  return 0;
}

function planOf({ options }: Arguments): Plan {
  const plan = {
    host: typeof options.host === 'string' ? options.host : 'localhost',
    to: typeof options.to === 'string' ? options.to : '3000',
    port: portOf('--port', options.port, 443),
    httpPort: portOf('--http-port', options['http-port'], 80),
  };
  if (plan.port === plan.httpPort) throw new UsageError('--port and --http-port are the same');
  try {
    const { sites } = settingsFrom({
      listen: [{ port: plan.port, tls: true }, { port: plan.httpPort }],
      sites: [{ host: plan.host, to: plan.to }],
      firewall: { default: 'allow' },
    });
    return { ...plan, host: sites[0]!.hosts[0]!, to: sites[0]!.to[0]!.url };
  } catch (error) {
    if (!(error instanceof ConfigurationTrouble)) throw error;
    const [problem] = error.problems;
    throw new UsageError(`${problem!.says}${problem!.instead === undefined ? '' : `; ${problem!.instead}`}`);
  }
}

function portOf(option: string, written: unknown, otherwise: number): number {
  if (written === undefined) return otherwise;
  const port = Number(written);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw new UsageError(`${option} is a whole number from 1 to 65535`);
}

function fileText({ host, to, port, httpPort }: Plan): string {
  const names =
    host === '*' || host === 'localhost'
      ? ['localhost']
      : [host.startsWith('[') ? host.slice(1, -1) : host, 'localhost'];
  const certificate = host === '*' || host.startsWith('[') ? 'site' : host.replace('*.', '');
  return `# Portcullis: the gate before ${to}.
#   portcullis check     lists every problem of this file
#   portcullis run       starts the gate
#   portcullis check --schema     every setting, with its default and limits

listen:
${aligned(`  - { port: ${port}, tls: true }`, 'HTTPS')}
${aligned(`  - { port: ${httpPort}, redirect: https }`, 'HTTP, sent on to HTTPS')}

firewall:
  default: deny                                   # whoever no rule allows
${aligned('  rules:', 'the first that matches decides')}
${aligned(`    - allow tcp ${port} from any`, 'HTTPS from anywhere')}
${aligned(`    - allow tcp ${httpPort} from any`, 'HTTP from anywhere')}
    # - allow tcp 22 from 10.0.0.0/8              # SSH from the internal network only

tls:
  # certificates:                                 # from files, where you have them
  #   - { certificate: ${certificate}.crt, key: ${certificate}.key }
  # The gate's own CA signs for these names; browsers warn until they trust it.
  local_names: [${[...new Set([...names, '127.0.0.1', '::1'])].map(quoted).join(', ')}]

sites:
  - host: ${quoted(host)}
${aligned(`    to: [${quoted(to)}]`, 'one upstream, or several')}
    # hsts: 180d                                  # once HTTPS works for good
    # waf:
    #   exclude:
    #     - { detector: sql-injection, place: 'ARGS:query', path: /console, because: it is a SQL console }

${aligned('waf: { mode: block }', 'or detect (only tells), or off')}

rates:
${aligned('  - { limit: 500 per 10s, by: client, then: 429 }', 'an IPv6 client is its /64')}

${aligned('trusted_proxies: []', 'CIDRs whose X-Forwarded-For is believed')}
`;
}

function aligned(text: string, comment: string): string {
  return `${text.padEnd(49)} # ${comment}`;
}

/** Quotes where YAML would read something else. */
function quoted(text: string): string {
  return '*[:'.includes(text[0]!) || text.endsWith(':') ? `'${text}'` : text;
}

function reasonOf(error: NodeJS.ErrnoException, name: string): string {
  switch (error.code) {
    case 'EEXIST':
      return `${name} is there already, and stays as it is\n  portcullis init --force writes over it`;
    case 'ENOENT':
      return `there is no directory for ${name}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `this user may not write ${basename(name)} there`;
    default:
      return `${name} cannot be written: ${error.message}`;
  }
}
