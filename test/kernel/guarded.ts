// A machine in a namespace on which a gate runs, with its dashboard.

import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Running, start } from '../portcullis-process.ts';
import { type Machine, machine } from './machine.ts';

/** The machine and its gate. */
export interface Guarded extends Machine {
  readonly gateway: Running;
  /** Its data directory. */
  readonly data: string;
  /** Where a command runs as on that machine. */
  readonly inside: { readonly cwd: string; readonly through: readonly string[] };
}

/** Starts it; all is gone with the test. */
export async function guarded(t: TestContext): Promise<Guarded> {
  const wire = await machine(t);
  wire.allow('10.50.0.0/24', 'allow tcp 8443 from any');
  const inside = { cwd: wire.folder, through: ['ip', 'netns', 'exec', wire.gate.name] };
  const gateway = start(['run'], inside);
  t.after(() => gateway.stop('SIGKILL'));
  await gateway.says(/^Ctrl-C ends it$/m);
  return Object.assign(wire, { gateway, data: join(wire.folder, 'data'), inside });
}
