// The regression tests of the OWASP Core Rule Set: read from their YAML files, and made into the bytes that a client sends.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What a stage expects. Ids that must or must not match; patterns that the log must or must not have. */
export interface Expectation {
  readonly status: number | null;
  readonly error: boolean;
  readonly expectIds: readonly number[];
  readonly noExpectIds: readonly number[];
  readonly match: string | null;
  readonly noMatch: string | null;
}

/** One request and what must come of it. */
export interface Stage {
  readonly request: Buffer;
  readonly expects: Expectation;
}

/** One test: `942100-3`. */
export interface CrsTest {
  readonly name: string;
  readonly stages: readonly Stage[];
}

interface Input {
  readonly method?: string;
  readonly uri?: string;
  readonly version?: string;
  readonly headers?: Record<string, string | number> | readonly { readonly name: string; readonly value: string }[];
  readonly data?: string;
  readonly encoded_request?: string;
  readonly autocomplete_headers?: boolean;
}

interface Output {
  readonly status?: number;
  readonly expect_error?: boolean;
  readonly log?: {
    readonly expect_ids?: number[];
    readonly no_expect_ids?: number[];
    readonly match_regex?: string;
    readonly no_match_regex?: string;
  };
}

interface Sheet {
  readonly rule_id: number;
  readonly tests?: readonly {
    readonly test_id: number;
    readonly stages: readonly { readonly input: Input; readonly output: Output }[];
  }[];
}

/** Every test under a directory, in the order of its files. */
export function readTests(directory: string): CrsTest[] {
  const tests: CrsTest[] = [];
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') || name.endsWith('.yml'))
    .sort();
  for (const file of files) {
    const sheet = parse(readFileSync(join(directory, file), 'utf8'), { version: '1.1' }) as Sheet | null;
    for (const test of sheet?.tests ?? [])
      tests.push({
        name: `${sheet!.rule_id}-${test.test_id}`,
        stages: test.stages.map(({ input, output }) => ({ request: requestOf(input), expects: expectationOf(output) })),
      });
  }
  return tests;
}

function expectationOf(output: Output): Expectation {
  return {
    status: output.status ?? null,
    error: output.expect_error ?? false,
    expectIds: output.log?.expect_ids ?? [],
    noExpectIds: output.log?.no_expect_ids ?? [],
    match: output.log?.match_regex ?? null,
    noMatch: output.log?.no_match_regex ?? null,
  };
}

/** The bytes, as the CRS project's own runner makes them: lengths and a form's type are added, plain forms are encoded. */
function requestOf(input: Input): Buffer {
  if (input.encoded_request !== undefined) return Buffer.from(input.encoded_request, 'base64');
  const { method = 'GET', uri = '/', version = 'HTTP/1.1', autocomplete_headers: completes = true } = input;
  const headers: [string, string][] = Array.isArray(input.headers)
    ? input.headers.map(({ name, value }) => [name, String(value)])
    : Object.entries(input.headers ?? {}).map(([name, value]) => [name, String(value)]);
  const has = (name: string) => headers.find(([one]) => one.toLowerCase() === name);
  let data = input.data ?? '';
  if (completes) {
    if (data !== '' && has('content-type') === undefined)
      headers.push(['Content-Type', 'application/x-www-form-urlencoded']);
    if (has('content-type')?.[1] === 'application/x-www-form-urlencoded') data = encodedForm(data);
    const hasBody = data !== '' || method === 'POST' || method === 'PUT' || method === 'PATCH';
    if (hasBody && has('content-length') === undefined)
      headers.push(['Content-Length', String(Buffer.byteLength(data))]);
    if (has('connection') === undefined) headers.push(['Connection', 'close']);
  }
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${uri} ${version}\r\n${lines.join('')}\r\n${data}`, 'utf8');
}

/** A form that nobody encoded yet, encoded; any other as it is. */
function encodedForm(data: string): string {
  if (data.includes('%') || data.includes('+') || data.includes(';')) return data;
  const pairs = data
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? ([pair, ''] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
    });
  const sorted = pairs.toSorted(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return sorted.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&');
}

function escaped(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const one = String.fromCharCode(byte);
      if (one === ' ') return '+';
      return /[A-Za-z0-9_.~-]/.test(one) ? one : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** The set-up under which the CRS project runs its tests, in its own words: everything counts, nothing is refused. */
export const crsTestSetup = `
SecRuleEngine DetectionOnly
SecResponseBodyAccess On
SecAction "id:900005,phase:1,nolog,pass,\\
  ctl:ruleEngine=DetectionOnly,ctl:ruleRemoveById=910000,\\
  setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,\\
  setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,setvar:tx.total_arg_length=64000,\\
  setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`;
