import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { endpoint, match } from './endpoint.ts';

const row = (method: 'GET' | 'POST' | 'DELETE', path: string) =>
  endpoint({ method, path, role: 'read', says: path, answer: z.null(), run: () => null });
const rows = [
  row('GET', '/bans'),
  row('POST', '/bans'),
  row('GET', '/journeys/groups'),
  row('GET', '/journeys/{id}'),
  row('DELETE', '/bans/{target}'),
];

const found = (method: string, path: string) => {
  const result = match(rows, method, path);
  return result === null ? null : 'endpoint' in result ? [result.endpoint.path, result.held] : result.methods;
};

test('an endpoint is found by method and path', () => {
  assert.deepEqual(found('POST', '/bans'), ['/bans', {}]);
  assert.deepEqual(found('GET', '/journeys/01X'), ['/journeys/{id}', { id: '01X' }]);
  assert.deepEqual(found('GET', '/journeys/groups'), ['/journeys/groups', {}]);
  assert.deepEqual(found('DELETE', '/bans/192.0.2.0%2F24'), ['/bans/{target}', { target: '192.0.2.0/24' }]);
});

test('a known path with another method tells the methods, an unknown path nothing', () => {
  assert.deepEqual(found('PUT', '/bans'), ['GET', 'POST']);
  for (const path of ['/', '/ban', '/bans/', '/journeys/', '/journeys/a/b', '/bans/%', '/journeys'])
    assert.equal(found('GET', path), null, path);
});
