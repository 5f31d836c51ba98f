import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import type { UpstreamUse } from '../ports/ports.ts';
import { PortWatch } from './port-watch.ts';

/** A clock that is set by hand. */
function clockAt(atMs: number): Clock & { atMs: number } {
  return {
    atMs,
    now() {
      return this.atMs;
    },
    monotonicMs() {
      return this.atMs;
    },
  };
}

const row = (endpoint: string, used: number, portsPerSecond: number | null = null) => ({
  endpoint,
  addresses: ['127.0.0.1'],
  port: 3000,
  ephemeral: { used, available: 100, forecast: portsPerSecond === null ? null : { portsPerSecond, secondsLeft: 1 } },
});

const use = (endpoint: string, used: number) => ({ endpoint, used, connections: used, byState: {}, free: 0 });

const ephemeralOf = (status: Readonly<Record<string, unknown>>) =>
  (status.upstreams as { ephemeral: unknown }[]).map(({ ephemeral }) => ephemeral);

test('what the kernel sees is told where it is more, and the forecast is of all workers', async () => {
  const watch = new PortWatch(clockAt(0), async () => [use('a', 40), use('b', 3), use('c', 100)]);
  const status = await watch.seen({ upstreams: [row('a', 10, 2), row('b', 10), row('c', 1), row('d', 4, -1)] });
  assert.deepEqual(ephemeralOf(status), [
    { used: 40, available: 100, forecast: { portsPerSecond: 2, secondsLeft: 30 } },
    { used: 10, available: 100, forecast: null },
    { used: 100, available: 100, forecast: { portsPerSecond: 0, secondsLeft: 0 } },
    { used: 4, available: 100, forecast: null },
  ]);
});

test('a look that took long is not begun again soon, and what it saw is told meanwhile', async () => {
  const clock = clockAt(1000);
  let looks = 0;
  const watch = new PortWatch(clock, async () => {
    looks++;
    clock.atMs += 500;
    return [use('a', looks)];
  });
  const used = async () => (ephemeralOf(await watch.seen({ upstreams: [row('a', 0)] })) as { used: number }[])[0]!.used;
  assert.equal(await used(), 1);
  clock.atMs += 9_999;
  assert.equal(await used(), 1);
  clock.atMs += 1;
  assert.equal(await used(), 2);
  assert.equal(looks, 2);
});

test('a look that does not end holds nobody up, and none is begun beside it', async () => {
  let looks = 0;
  let see = (): void => {};
  const look = () => {
    looks++;
    return new Promise<readonly UpstreamUse[]>((resolve) => {
      see = () => resolve([use('a', 7)]);
    });
  };
  const watch = new PortWatch(clockAt(0), look, 0);
  const status = { upstreams: [row('a', 5)] };
  const used = async () => (ephemeralOf(await watch.seen(status)) as { used: number }[])[0]!.used;
  assert.equal(await used(), 5);
  assert.equal(await used(), 5);
  see();
  assert.equal(await used(), 7);
  assert.equal(looks, 1);
});

test('where no upstream is reached over TCP, nobody looks', async () => {
  const watch = new PortWatch(clockAt(0), () => assert.fail('looked'));
  assert.deepEqual(await watch.seen({ open: 1 }), { open: 1 });
  const socket = {
    endpoint: 'unix:/run/a',
    addresses: [],
    port: 0,
    ephemeral: { used: 0, available: 0, forecast: null },
  };
  assert.deepEqual(await watch.seen({ upstreams: [socket] }), { upstreams: [socket] });
});
