// One claim of a bearer token, read without a check of its signature: good for counting, never for trusting.

import { Buffer } from 'node:buffer';
import type { Headers } from '../traffic/headers.ts';

/** Longest token that is looked into, in characters; a longer one counts as none. */
const maxTokenLength = 8192;

/**
 * The claim of the JSON Web Token in `Authorization: Bearer` (RFC 7519, RFC 6750 2.1) as text; '' where there is no such
 * field, more than one, no token, or no claim of that name that is a text, a number or a boolean. Nobody has verified the
 * token yet: whoever counts by it must count by something else beside it.
 */
export function readClaim(headers: Headers, claim: string): string {
  const { names, values } = headers;
  const index = names.indexOf('authorization');
  if (index < 0 || names.indexOf('authorization', index + 1) >= 0) return '';
  const value = values[index]!;
  if (value.length > maxTokenLength || value.slice(0, 7).toLowerCase() !== 'bearer ') return '';
  const payloadFrom = value.indexOf('.') + 1;
  const payloadTo = value.indexOf('.', payloadFrom);
  if (payloadFrom === 0 || payloadTo <= payloadFrom) return '';
  return claimIn(value.slice(payloadFrom, payloadTo), claim);
}

function claimIn(payload: string, claim: string): string {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return '';
  }
  if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, claim)) return '';
  const found: unknown = (claims as Readonly<Record<string, unknown>>)[claim];
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}
