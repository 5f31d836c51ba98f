// What the schema says of the setting that a line of YAML is about: found by indentation, which is how people write it.

/** As much of a JSON Schema as is looked at. */
export interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** What is said of one setting. */
export interface Help {
  readonly path: string;
  readonly says: string;
  readonly values: string;
  readonly otherwise: string;
  /** What may stand in it, where it is a group. */
  readonly members: readonly (readonly [string, string])[];
}

/** The help for the line at this offset of the text; that of the whole file where the line names nothing. */
export function helpAt(text: string, offset: number, schema: Schema): Help {
  const path = pathAt(text, offset);
  for (let length = path.length; length >= 0; length--) {
    const found = schemaAt(schema, path.slice(0, length));
    if (found !== null) return helpOf(path.slice(0, length), found);
  }
  return helpOf([], schema);
}

/** The names from the root of the file to this line; items of lists add none. */
export function pathAt(text: string, offset: number): string[] {
  const lines = text.slice(0, offset).split('\n');
  const rest = text.slice(offset).split('\n', 1)[0] ?? '';
  lines[lines.length - 1] += rest;
  const path: string[] = [];
  let limit = Number.POSITIVE_INFINITY;
  for (let at = lines.length - 1; at >= 0; at--) {
    const found = keyOf(lines[at]!);
    if (found === null || found.indent >= limit) continue;
    path.unshift(found.key);
    limit = found.outer;
    if (limit === 0) break;
  }
  return path;
}

/** The key of a line, where it begins, and what must stand further left to hold it. */
function keyOf(line: string): { key: string; indent: number; outer: number } | null {
  const found = /^(\s*)((?:-\s+)*)(?:\{\s*)?["']?([A-Za-z_][\w-]*)["']?\s*:/.exec(line);
  if (found === null) return null;
  const [, spaces = '', dashes = '', key = ''] = found;
  return {
    key,
    indent: spaces.length + dashes.length,
    // The items of a list may stand right below the name of the list.
    outer: dashes === '' ? spaces.length : spaces.length + 1,
  };
}

function schemaAt(schema: Schema, path: readonly string[]): Schema | null {
  let all: readonly Schema[] = [schema];
  for (const name of path) {
    all = all.flatMap(kindsOf).flatMap((one) => one.properties?.[name] ?? []);
    if (all.length === 0) return null;
  }
  return all[0] ?? null;
}

/** The kinds that a value may have, those of the items of its lists included. */
function kindsOf(schema: Schema): readonly Schema[] {
  return [
    schema,
    ...(schema.anyOf ?? []).flatMap(kindsOf),
    ...(schema.items === undefined ? [] : kindsOf(schema.items)),
  ];
}

function helpOf(path: readonly string[], schema: Schema): Help {
  const kinds = kindsOf(schema);
  const members = kinds.flatMap(({ properties = {} }) => Object.entries(properties));
  const values = [...new Set(kinds.flatMap((kind) => kind.enum ?? kind.examples ?? []).map(String))].join(', ');
  return {
    path: path.join('.'),
    says: schema.description ?? '',
    values,
    otherwise: schema.default === undefined || members.length > 0 ? '' : JSON.stringify(schema.default),
    members: members.map(([name, { description = '' }]) => [name, description] as const),
  };
}
