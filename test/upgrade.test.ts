// One program takes the place of another while clients ask: what they lose is counted, and what is wrong with the new one is refused.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from './free-ports.ts';
import { answerOn, load, opened, type Place, place, roomy } from './loaded-gate.ts';
import { portcullis } from './portcullis-process.ts';

/** Each starts a dozen processes, which may have to wait for a busy machine. */
const patient = { timeout: 300_000 };

/** One worker, where two would show no more. */
const single = roomy.replace('workers: 2', 'workers: 1');

/** Upgrades, and gives the pid that runs then. */
async function upgraded({ command, status }: Place, ...words: string[]): Promise<number> {
  const { code, stdout, stderr } = await command('upgrade', ...words);
  assert.equal(code, 0, stderr);
  const told = /^upgraded: version \d\S* runs as pid (\d+) after \d+ ms; the former process drains\n$/.exec(stdout);
  assert.ok(told !== null, stdout);
  const { pid } = await status();
  assert.equal(pid, Number(told[1]));
  return pid;
}

/** HTTP/2 requests one after the other over one connection, and over a new one where it is told to go. */
async function loadHttp2(port: number, isOver: () => boolean): Promise<{ answered: number; lost: number }> {
  const outcome = { answered: 0, lost: 0 };
  while (!isOver()) {
    const session = connect(`http://127.0.0.1:${port}`).on('error', () => {});
    let isGoing = false;
    session.on('goaway', () => {
      isGoing = true;
    });
    while (!isGoing && !session.closed && !isOver()) {
      const path = `/${outcome.answered}`;
      const stream = session.request({ ':path': path }).on('error', () => {});
      const closed = new Promise<void>((resolve) => {
        stream.once('close', resolve);
      });
      let text = '';
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      await closed;
      // Asked before it had read that it is to go: told that nothing was done, it asks again (RFC 9113 8.7).
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) break;
      if (text === `you asked ${path}`) outcome.answered++;
      else outcome.lost++;
    }
    session.close();
  }
  return outcome;
}

test('an upgrade under load from two workers loses nothing, twice, and everything goes over', {
  timeout: 120_000,
}, async (t) => {
  const there = await place(t, `${roomy}\nbans: { never_loopback: false }`);
  const { gate, ports, command, directory } = there;
  assert.equal((await command('bans', 'add', '203.0.113.7', '--because', 'test')).code, 0);
  let isOver = false;
  const loads = load(ports[0]!, 16, ({ answered }) => isOver && answered >= 1500);
  const http2 = loadHttp2(ports[0]!, () => isOver);
  const first = gate.child.pid!;
  // Because a quick machine has drained before the question about the new process is answered.
  const drained = once(gate.child, 'exit');
  const second = await upgraded(there);
  assert.equal((await drained)[0], 0, 'the former process drains and ends');
  const third = await upgraded(there);
  assert.equal(new Set([first, second, third]).size, 3);
  isOver = true;
  const { answered, lost, wrong } = await loads;
  assert.deepEqual({ lost, wrong }, { lost: 0, wrong: 0 });
  assert.ok(answered >= 1500);
  const over2 = await http2;
  assert.equal(over2.lost, 0);
  assert.ok(over2.answered > 50, `${over2.answered} over HTTP/2`);
  assert.match((await command('bans', 'list')).stdout, /203\.0\.113\.7/);
  assert.equal((await there.status()).generation, 3);

  process.kill(third, 'SIGTERM');
  await gate.ended;
  assert.ok(!existsSync(join(directory, 'data/control.sock')), 'the last one takes the control socket away');
  const lines = readFileSync(join(directory, 'journal'), 'utf8').trimEnd().split('\n');
  const journeys = lines.map((line) => JSON.parse(line) as { id: string; connection: { id: number; from: string } });
  assert.equal(new Set(journeys.map(({ id }) => id)).size, lines.length, 'every id is given once');
  const owners = new Map<number, string>();
  for (const { connection } of journeys) {
    const owner = owners.get(connection.id) ?? connection.from;
    assert.equal(owner, connection.from, 'every connection number is given once');
    owners.set(connection.id, connection.from);
  }
});

test('a WebSocket lives on with the former process until the drain deadline', patient, async (t) => {
  const there = await place(t, single.replace('drain_timeout: 10s', 'drain_timeout: 3s'));
  const { gate, ports } = there;
  const tunnel = await opened(ports[0]!);
  tunnel.write(
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  assert.match(String((await once(tunnel, 'data'))[0]), /^HTTP\/1\.1 101 /);
  await upgraded(there);
  tunnel.write('still there');
  assert.equal(String((await once(tunnel, 'data'))[0]), 'still there');
  const ended = once(tunnel.resume(), 'close');
  const [code] = await once(gate.child, 'exit');
  assert.equal(code, 0);
  await ended;
  assert.match((await answerOn(await opened(ports[0]!), '/next'))!, /you asked \/next$/);
});

test('limits go over: who had none left has none left', patient, async (t) => {
  const there = await place(t, 'workers: 2\nrates: [{ limit: 20 per 10m, by: client }]');
  const ask = async (count: number) => {
    let passed = 0;
    for (let round = 0; round < count; round++) {
      const text = await answerOn(await opened(there.ports[0]!), '/');
      if (text?.startsWith('HTTP/1.1 200 ')) passed++;
    }
    return passed;
  };
  assert.ok((await ask(60)) >= 20);
  await upgraded(there);
  assert.equal(await ask(10), 0);
});

test(
  'a program that is broken, another, or against the configuration is refused, and everything stays as it was',
  patient,
  async (t) => {
    const there = await place(t, single);
    const { gate, command, directory, ports, status, write } = there;
    const programs = {
      broken: 'throw new Error("made to fail")\n',
      other: 'console.log("another 1.0.0")\n',
      dying: 'if (process.argv[2] === "--version") console.log("portcullis 9.9.9"); else process.exit(3)\n',
      deaf: 'if (process.argv[2] === "--version") console.log("portcullis 9.9.9"); else process.send({ kind: "failed", says: "I will not" })\n',
    };
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(directory, `${name}.mjs`), text);
    const refused = async (...words: string[]) => {
      const { code, stdout, stderr } = await command('upgrade', ...words);
      assert.deepEqual([code, stdout], [1, '']);
      return stderr;
    };
    assert.match(
      await refused('broken.mjs'),
      /broken\.mjs cannot be started, and everything stays as it was\n[\s\S]*made to fail/,
    );
    assert.match(
      await refused('other.mjs'),
      /other\.mjs is another program: asked for its version it said\n {2}\| another 1\.0\.0/,
    );
    assert.match(
      await refused('dying.mjs'),
      /the new program ended before it had taken over: what it wrote to the log of the gate says why/,
    );
    assert.match(await refused('deaf.mjs'), /^portcullis: I will not$/m);
    assert.match(await refused('nothing.mjs'), /the program \S*nothing\.mjs cannot be read: ENOENT/);
    write(`${single}\nwaf: { mode: blok }\ntrusted_proxies: [elsewhere]`);
    const problems = await refused();
    assert.match(problems, /expected block, detect or off, found "blok"/);
    assert.match(problems, /elsewhere/);
    assert.equal((await status()).pid, gate.child.pid);
    assert.match((await answerOn(await opened(ports[0]!), '/still'))!, /you asked \/still$/);

    write(single);
    assert.equal((await there.reload()).code, 0, 'it still reloads');
    assert.notEqual(await upgraded(there, portcullis), gate.child.pid, 'and still upgrades');
  },
);

test(
  'the dashboard goes over: the same address is served by the new process, and a link of its own opens it',
  patient,
  async (t) => {
    const [port] = await freePorts(1);
    const there = await place(t, `${single}\nadmin: { listen: '127.0.0.1:${port}' }`);
    const { command, status, gate } = there;
    const page = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
    const link = async () => (await command('dashboard')).stdout.trim();
    assert.equal(await page(), 200);
    const before = await link();
    assert.match(before, /^http:\/\/127\.0\.0\.1:\d+\/\S*#\S+$/m, 'a link');
    const drained = once(gate.child, 'exit');
    const pid = await upgraded(there);
    assert.equal((await drained)[0], 0);
    assert.equal(await page(), 200);
    const after = await link();
    assert.equal(new URL(after).port, String(port));
    assert.notEqual(after, before);
    assert.equal((await status()).pid, pid);
  },
);

test('SIGURG upgrades, too; listeners that are new open, and those that are gone close', patient, async (t) => {
  const there = await place(t, single);
  const { gate, ports, status, write } = there;
  const [first, second] = ports as [number, number];
  write(single, [second]);
  gate.child.kill('SIGURG');
  await gate.says(/^upgraded: version \S+ runs as pid \d+, and this process \(\d+\) drains$/m);
  await once(gate.child, 'exit');
  assert.notEqual((await status()).pid, gate.child.pid);
  assert.match((await answerOn(await opened(second), '/second'))!, /you asked \/second$/);
  await assert.rejects(opened(first), { code: 'ECONNREFUSED' });
});

/** Processes that were started so and by whom, by their pids. */
function processes(): { pid: number; parent: number; words: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [
        { pid: Number(name), parent, words: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ') },
      ];
    } catch {
      return [];
    }
  });
}

/** Whether a process was started in a directory. */
function isIn(pid: number, directory: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory);
  } catch {
    // It is gone, or somebody else's.
    return false;
  }
}

test('a gate that is killed while the workers of its successor start is replaced all the same', patient, async (t) => {
  const there = await place(t, single);
  const { gate, command, directory, ports } = there;
  const upgrade = command('upgrade');
  let heir = 0;
  // Told from everything else that runs here by the directory that it was started in.
  const isHeir = (asked: number) => (one: { pid: number }) =>
    one.pid === asked && asked > 1 && asked !== gate.child.pid && isIn(asked, directory);
  while (heir === 0) {
    const all = processes();
    const worker = all.find(({ words, parent }) => words.includes(' worker ') && all.some(isHeir(parent)));
    if (worker !== undefined) heir = worker.parent;
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  gate.child.kill('SIGKILL');
  await upgrade;
  await gate.says(/^the gate stands \(pid \d+[\s\S]*^the gate stands \(pid /m);
  assert.match((await answerOn(await opened(ports[0]!), '/heir'))!, /you asked \/heir$/);
  assert.equal((await there.status()).pid, heir);
});

test(
  'a second upgrade and a reload are refused while one is under way; ending the gate ends the one that was to follow',
  patient,
  async (t) => {
    const there = await place(t, single);
    const { gate, command, directory } = there;
    const slow = join(directory, 'slow.mjs');
    const begun = join(directory, 'begun');
    writeFileSync(
      slow,
      `import { writeFileSync } from 'node:fs';
if (process.argv[2] === '--version') console.log('portcullis 9.9.9');
else {
  writeFileSync(${JSON.stringify(begun)}, '');
  process.on('message', () => {});
}\n`,
    );
    const upgrade = command('upgrade', slow);
    while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match((await command('upgrade')).stderr, /an upgrade is under way already/);
    assert.match((await there.reload()).stderr, /an upgrade is under way: reload when it is done/);
    const { code } = await gate.stop('SIGTERM');
    assert.equal(code, 0);
    assert.equal((await upgrade).code, 1);
  },
);
