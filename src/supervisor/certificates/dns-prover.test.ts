import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zoneServers } from '../../../test/zone-server.ts';
import { dnsText } from '../../acme/acme.ts';
import { systemClock } from '../../base/clock.ts';
import { callHook, dnsProver } from './dns-prover.ts';

const proof = { name: 'shop.example.net', token: 't', answer: 't.thumbprint' };

test('the record is set first, then the servers of the zone are looked at, and the fixed wait is left out', async (context) => {
  const { port, servers } = await zoneServers(context, ['127.0.0.1']);
  const directory = mkdtempSync(join(tmpdir(), 'dns-prover-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  servers[0]!.records = {
    'example.net NS': ['ns.example.net'],
    'ns.example.net A': ['127.0.0.1'],
    [`_acme-challenge.${proof.name} TXT`]: [dnsText(proof)],
  };
  const notes: string[] = [];
  const note = (says: string): void => void notes.push(says);
  // An hour would be longer than any test.
  const settings = { update: null, waitMs: 3_600_000, propagationMs: 60_000 };
  const hook = ['sh', '-c', `echo "$0 $1" >> ${join(directory, 'calls')}`];
  const tools = { clock: systemClock, resolvers: [`127.0.0.1:${port}`], port, note };
  await dnsProver({ ...settings, hook }, tools).show([proof]);
  assert.deepEqual(notes, []);
  assert.ok(servers[0]!.asked.includes(`_acme-challenge.${proof.name} TXT`));
});

test('a hook that cannot be run is named', async () => {
  await assert.rejects(
    callHook(['/nonexistent/hook'], 'present', 'a'),
    /the DNS hook \/nonexistent\/hook present a cannot be run/,
  );
});
