// The dashboard's kernel panel, clicked in a browser against a real kernel: rules on trial with a count-down, kept, taken back, run out; what
// would lock somebody out; and what can be reached.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, it as test } from 'node:test';
import { ask } from '../../src/cli/ask.ts';
import { listTable } from '../../src/firewall/firewall.ts';
import { buildDashboard, type Visit, visit } from '../browser/dashboard-visit.ts';
import { type Guarded, guarded } from '../kernel/guarded.ts';
import { whyNot } from '../kernel/namespace.ts';

const skip = whyNot();

/** A browser in the gate's namespace, where its loopback is. */
async function visitor(t: TestContext, it: Guarded): Promise<Visit> {
  buildDashboard();
  const program = join(it.folder, 'chromium.sh');
  writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${it.gate.name} /usr/bin/chromium "$@"\n`, { mode: 0o755 });
  const seen = await visit(it.gateway, it.data, program);
  t.after(() => seen.end());
  return seen;
}

async function tableText(it: Guarded): Promise<string> {
  const listed = await listTable(it.gate.nft);
  assert.ok(listed.ok);
  return JSON.stringify(listed.value);
}

test('rules on trial are applied, kept, taken back and run out in the browser, and the kernel does as it says', {
  skip,
  timeout: 180_000,
}, async (t) => {
  const it = await guarded(t);
  const session = await it.call();
  assert.equal((await session.say('apply')).code, 0);
  it.allow('10.50.0.0/24', 'allow tcp 8443 from any', 'allow tcp 3306 from 10.0.0.0/8');
  const seen = await visitor(t, it);
  const { page } = seen;
  await seen.open('firewall', 'Firewall');
  const kernel = page.getByRole('region', { name: 'Kernel', exact: true });
  await kernel.getByText(/3306/).first().waitFor();
  await kernel.getByText('cuts no live connection').waitFor();
  await kernel.getByLabel('On trial for').selectOption({ label: '30 s' });
  await kernel.getByRole('button', { name: 'Apply on trial' }).click();
  await kernel.getByText(/^Generation 2 stands on trial\. The former rules come back in (2\d|30) s unless/).waitFor();
  await kernel.getByText(/come back in 2[0-8] s/).waitFor();
  await seen.look('trial');
  assert.match(await tableText(it), /3306/);
  await kernel.getByRole('button', { name: 'Keep them' }).click();
  await kernel.getByText('The kernel has the rules of the configuration.').waitFor();
  await kernel.getByRole('row', { name: /^2 .* stands$/ }).waitFor();

  it.allow('10.50.0.0/24', 'allow tcp 8443 from any');
  await kernel.getByRole('button', { name: 'Look again' }).click();
  await kernel.getByRole('button', { name: 'Apply on trial' }).click();
  await kernel.getByText(/^Generation 3 stands on trial/).waitFor();
  assert.equal(JSON.stringify(await ask(it.data, { ask: 'firewall' }, 60_000)).includes('3306'), false);
  await kernel.getByRole('button', { name: 'Take back now' }).click();
  await page.getByText('The former rules are back').waitFor();
  await kernel.getByRole('button', { name: 'Apply on trial' }).waitFor();
  assert.match(await tableText(it), /3306/);

  // Somebody at a shell begins a trial and goes: the page counts it down to its end.
  assert.equal((await session.say('apply --confirm-within 5s')).code, 0);
  await kernel.getByRole('button', { name: 'Look again' }).click();
  await kernel.getByText(/^Generation \d stands on trial\. The former rules come back in [0-5] s/).waitFor();
  await kernel.getByText(/stands on trial/).waitFor({ state: 'detached' });
  await kernel.getByRole('button', { name: 'Apply on trial' }).waitFor();

  // What would cut off the shell that is open is refused, and the reason is told.
  it.allow('10.99.0.0/24', 'allow tcp 8443 from any');
  await kernel.getByRole('button', { name: 'Look again' }).click();
  await kernel.getByText(/It would lock somebody out \(1 connection\)/).waitFor();
  await kernel.getByRole('button', { name: 'Apply on trial' }).click();
  await page
    .getByText(/lock|cut/)
    .last()
    .waitFor();
  assert.match(await tableText(it), /10\.50\.0\.0/);

  await page.getByRole('button', { name: 'Look', exact: true }).click();
  const exposure = page.getByRole('region', { name: 'What can be reached', exact: true });
  // The file says another network than the kernel, which is what the table is for.
  await exposure.getByText(/ do not agree\.$/).waitFor();
  await exposure.getByRole('row', { name: /^22\/tcp IPv4 10\.99\.\S+ allowed by rule 1 .* blocked$/ }).waitFor();
  await seen.look('exposure');
  assert.deepEqual(
    seen.complaints().filter((text) => !text.includes('status of 422')),
    [],
  );
});
