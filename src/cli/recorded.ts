// A request that was recorded, as far as it was: what can be asked of the stations once more.

import { endpoint, splitEndpoint } from '../traffic/connection.ts';
import type { Journey } from '../traffic/journey.ts';

/** What `rehearse` takes. */
export interface Recorded {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** Fields that frame a body, which is not recorded, or that the rehearsal writes itself. */
const leftOut: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'trailer',
  'expect',
  'connection',
  'upgrade',
  'te',
]);

/** The request of a journey with what was written down of it; null where none came. Redacted values are left out. */
export function recordedOf(journey: Journey): Recorded | null {
  const { request, connection } = journey;
  if (request === null || !request.target.startsWith('/')) return null;
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (leftOut.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) if (one !== redacted) headers.push([name, one]);
  }
  const to = splitEndpoint(connection.to);
  return {
    from: connection.from,
    to: endpoint(to.address, to.port),
    method: request.method,
    target: request.target,
    host: request.host,
    headers,
    ...(request.body?.text === undefined ? {} : { body: request.body.text }),
  };
}

const redacted = '[redacted]';

/** Whether what was decided hangs on a body, or on a value that was not written down. */
export function hangsOnUnrecorded({ waf, verdict, request }: Journey): boolean {
  const rules = waf?.rules ?? [];
  const hasBody = request?.body?.text !== undefined;
  return (
    rules.some(({ phase, value }) => (phase !== 1 && !hasBody) || value === redacted) ||
    (!hasBody && (verdict.why.startsWith('waf/body') || verdict.why.startsWith('model/'))) ||
    verdict.why.startsWith('http/body')
  );
}
