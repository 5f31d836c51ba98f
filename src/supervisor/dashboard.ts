// The admin station within the supervisor: what it is handed, and what of it can be asked over the control socket.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Admin } from '../admin/admin.ts';
import { systemClock } from '../base/clock.ts';
import type { Settings } from '../config/config.ts';

import type { Answers } from './control.ts';
import { version } from './figures.ts';
import { GateTrouble } from './trouble.ts';

/** Where the build of `dashboard/` lies, in a clone and in the package. */
const assets = join(import.meta.dirname, '../../dashboard/dist');

/** The station for these settings, listening, over the answers of its gate, to which it adds its own. Rejects with `GateTrouble`. */
export async function openAdmin(settings: Settings, answers: Record<string, Answers[string]>): Promise<Admin> {
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
  Object.assign(answers, {
    admin: () => ({ url: admin.url, tuples: admin.tuples() }),
    dashboard: () => {
      const link = admin.link();
      if (link === null) throw new Error('this gate serves no dashboard: `admin.listen` is off');
      return { link };
    },
  } satisfies Answers);
  return admin;
}
