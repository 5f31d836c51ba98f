// The keeper of certificates within a gate: whom it tells, and whom it asks.

import { Certificates } from './certificates/certificates.ts';
import { askAll } from './commands.ts';
import type { Crew } from './crew.ts';
import type { Bound } from './listeners.ts';
import type { StartTools } from './running.ts';
import type { TlsKeeper } from './tls-keeper.ts';

/** Certificates that are kept in `dataDirectory` for these workers. */
export function certificatesOf(
  dataDirectory: string,
  crew: Crew,
  tls: TlsKeeper,
  bound: () => readonly Bound[],
  share: (name: string, what: unknown) => void,
  tools: Pick<StartTools, 'say'>,
): Certificates {
  return new Certificates(dataDirectory, {
    order: (order) => crew.everyone(order),
    put: (changes) => tls.put(changes),
    share,
    listeners: () => bound().map(({ facts }) => facts),
    ask: (question) => askAll(crew, question.ask, question),
    say: (text) => tools.say?.(text),
  });
}
