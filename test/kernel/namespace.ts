// Two network namespaces of a test's own, joined by a veth pair: packets between them are real, and nothing of the machine is touched.

import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { conntrackProgram, nftProgram, type Program } from '../../src/firewall/firewall.ts';

/** A namespace that is there until the test ends. */
export interface Namespace {
  readonly name: string;
  readonly nft: Program;
  readonly conntrack: Program;
  /** Runs a command in it and gives its output; throws where it fails. */
  run(command: string, ...args: string[]): string;
}

/** The gate's namespace and a caller's, both with IPv4 and IPv6. */
export interface World {
  readonly gate: Namespace;
  readonly caller: Namespace;
}

/** Addresses of the two ends. */
export const addresses = {
  gate: { four: '10.50.0.1', six: 'fd50::1', mac: '02:50:00:00:00:01' },
  caller: { four: '10.50.0.2', six: 'fd50::2', mac: '02:50:00:00:00:02' },
} as const;

/** Why namespaces cannot be made here, or false: what `test(name, { skip })` takes. */
export function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const program of ['ip', 'nft'])
    if (
      spawnSync(program, ['--version'], { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).error !==
      undefined
    )
      return `${program} is not installed`;
  // Because a container may have root and no right to make a network of its own.
  if (spawnSync('unshare', ['--net', 'true'], { stdio: 'ignore' }).status !== 0)
    return 'this machine gives no network namespaces';
  return false;
}

/** Makes one namespace with its loopback up; it goes when the test ends, also when it fails. */
export function namespace(t: Pick<TestContext, 'after'>, name: string): Namespace {
  const full = `pc-${process.pid}-${randomBytes(3).toString('hex')}-${name}`;
  ip('netns', 'add', full);
  t.after(() => ip('netns', 'delete', full));
  ip('-n', full, 'link', 'set', 'lo', 'up');
  const inside = ['ip', 'netns', 'exec', full];
  return {
    name: full,
    nft: nftProgram({ command: [...inside, 'nft'] }),
    conntrack: conntrackProgram({ command: [...inside, 'conntrack'] }),
    run: (command, ...args) =>
      execFileSync('ip', ['netns', 'exec', full, command, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
  };
}

/** Two namespaces joined by a wire. The gate answers whoever calls, from whatever address. */
export function world(t: Pick<TestContext, 'after'>): World {
  const gate = namespace(t, 'gate');
  const caller = namespace(t, 'caller');
  ip(
    'link',
    'add',
    'wire',
    'netns',
    gate.name,
    'address',
    addresses.gate.mac,
    'type',
    'veth',
    'peer',
    'name',
    'wire',
    'netns',
    caller.name,
    'address',
    addresses.caller.mac,
  );
  for (const [end, own, other] of [
    [gate, addresses.gate, addresses.caller],
    [caller, addresses.caller, addresses.gate],
  ] as const) {
    ip('-n', end.name, 'address', 'add', `${own.four}/24`, 'dev', 'wire');
    ip('-n', end.name, 'address', 'add', `${own.six}/64`, 'dev', 'wire', 'nodad');
    ip('-n', end.name, 'link', 'set', 'wire', 'up');
    ip('-n', end.name, 'route', 'add', 'default', 'via', other.four);
    ip('-n', end.name, 'route', 'add', 'default', 'via', other.six);
  }
  return { gate, caller };
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
