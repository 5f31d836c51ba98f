// `node test/generated-pages.ts`: writes the pages that come from the code, every setting and every reason, so that they cannot drift.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema } from '../src/config/config.ts';
import { configuration } from '../src/config/schema.ts';
import { allReasons } from '../src/generation.ts';
import { metricsPage } from './metrics-page.ts';
import { seclangPage } from './seclang-page.ts';
import { root } from './source.ts';

/** As much of a JSON Schema as ours uses. */
interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** One setting: its path in the file, and what the schema says of it. */
export interface Setting {
  readonly path: string;
  readonly values: string;
  readonly otherwise: string;
  readonly says: string;
}

/** Every setting, groups and lists before what is in them. */
export function settings(): Setting[] {
  const found: Setting[] = [];
  collect(jsonSchema() as Schema, '', found);
  return found;
}

function collect(schema: Schema, path: string, found: Setting[]): void {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const own = path === '' ? name : `${path}.${name}`;
    const isNeeded = schema.required?.includes(name) === true;
    found.push({
      path: own,
      values: 'properties' in child ? 'a group' : expectationOf(own),
      otherwise: otherwiseOf(child, isNeeded),
      says: child.description ?? '',
    });
    collect(child, own, found);
    const kinds = kindsOf(child);
    const inLists = kinds.flatMap(({ items }) => (items === undefined ? [] : kindsOf(items))).filter(isGroup);
    // What may be written alone or in a list is shown as a list.
    if (inLists.length > 0) for (const part of inLists) collect(part, `${own}[]`, found);
    else for (const part of kinds) if (part !== child && isGroup(part)) collect(part, own, found);
  }
}

/** The kinds that a value may have, those within kinds included. */
function kindsOf(schema: Schema): Schema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(kindsOf);
}

function isGroup({ properties }: Schema): boolean {
  return properties !== undefined;
}

/** What the setting expects, in the words in which it says so to whoever writes something else. */
function expectationOf(path: string): string {
  const result = configuration.safeParse(nested(path.split('.'), null));
  const wanted = path.replaceAll('[]', '.0');
  const message = messageAt(result.error?.issues ?? [], '', wanted);
  if (message === null) throw new Error(`${path}: what it expects cannot be found out`);
  return message.replace(/^(a (?:duration|size) .*), such as .*$/, '$1');
}

/** As much of a schema's issue as is read here; a union has the issues of each of its kinds. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

function messageAt(issues: readonly Issue[], before: string, wanted: string): string | null {
  for (const issue of issues) {
    const path = [before, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    if (path === wanted) return issue.message;
    for (const kind of issue.errors ?? []) {
      const found = messageAt(kind, path, wanted);
      if (found !== null) return found;
    }
  }
  return null;
}

/** A configuration in which nothing but this setting is written. */
function nested([first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  const inner = nested(rest, value);
  return first.endsWith('[]') ? { [first.slice(0, -2)]: [inner] } : { [first]: inner };
}

function otherwiseOf({ default: otherwise, properties }: Schema, isNeeded: boolean): string {
  if (isNeeded) return 'needed';
  if (otherwise === undefined || properties !== undefined) return '';
  return `\`${typeof otherwise === 'string' ? otherwise : JSON.stringify(otherwise)}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** docs/configuration.md. */
export function configurationPage(): string {
  const rows = settings().map(({ path, values, otherwise, says }) => row([`\`${path}\``, values, otherwise, says]));
  return `# Configuration

<!-- Written by \`node test/generated-pages.ts\` from src/config/schema.ts. -->

\`portcullis.yaml\` in the working directory, or \`portcullis.yml\`, \`portcullis.json\`, \`portcullis.config.ts\`, or the file that \`--config\` names. JSON is read as YAML is; a
\`portcullis.config.ts\` exports \`defineConfig({ … })\` with the same words. Unknown keys are errors, and every problem is listed at once:

\`\`\`sh
portcullis check
portcullis check --schema > portcullis.schema.json
\`\`\`

The second line writes a JSON Schema, with which editors complete and check the file. A whole one:

\`\`\`yaml
listen:
  - { port: 8443, tls: true }
  - { port: 8080, redirect: https }
firewall:
  default: deny
  rules:
    - allow tcp 8443 from any                       # HTTPS from anywhere
    - allow tcp 8080 from any                       # HTTP from anywhere
tls:
  local_names: [localhost, shop.example]
sites:
  - host: shop.example
    path: /api
    to: [localhost:4000, localhost:4001]
  - host: '*'
    to: 3000
waf: { mode: block }
rates:
  - { limit: 500 per 10s, by: client }
trusted_proxies: []
\`\`\`

A request goes to the site with its host, exact names before \`*.example.com\` before \`*\`, and of those to the longest path. Sizes are written \`8KiB\`, \`10MiB\`; durations
\`500ms\`, \`30s\`, \`10m\`, \`1h\`, \`180d\`.

## Every setting

| Setting | Values | Default | What it is |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** docs/reasons.md. */
export function reasonsPage(): string {
  const rows = Object.entries(allReasons()).map(([why, { says, allow }]) => row([`\`${why}\``, says, allow]));
  return `# Reasons

<!-- Written by \`node test/generated-pages.ts\` from the tables of the stations. -->

Every \`why\` that a journey can have: why a request or connection was refused, or ended early.

| Why | What it means | How to let it pass, where that is right |
|---|---|---|
${rows.join('\n')}
`;
}

/** Every page that comes from the code, by its path. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/metrics.md': metricsPage,
  'docs/reasons.md': reasonsPage,
  'docs/seclang.md': seclangPage,
};

if (import.meta.main)
  for (const [path, text] of Object.entries(generatedPages)) writeFileSync(join(root, path), text());
