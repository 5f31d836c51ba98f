// The manual of the API as OpenAPI 3.1, written from the same schemas that read what comes and check what goes.

import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/** The document for these endpoints, which stand under `base`. */
export function openApi(endpoints: readonly Endpoint[], base: string, version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    const path = `${base}${endpoint.path}`;
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portcullis admin API',
      version,
      description:
        'Programs send `Authorization: Bearer TOKEN`. Browsers send the cookie of their session and, with every request, the header `x-portcullis-csrf`.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [], csrf: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'portcullis' },
        csrf: { type: 'apiKey', in: 'header', name: 'x-portcullis-csrf' },
      },
      responses: {
        Trouble: {
          description: 'Why it was not done.',
          content: { 'application/json': { schema: z.toJSONSchema(troubleBody) } },
        },
      },
    },
  };
}

/** What every refusal looks like. */
export const troubleBody = z.object({
  error: z.object({
    code: z.string().describe('A word for programs.'),
    says: z.string().describe('A sentence for people.'),
    problems: z
      .array(z.object({ at: z.string(), says: z.string(), instead: z.string() }))
      .optional()
      .describe('Each thing that is wrong, and how to mend it.'),
  }),
});

function operation({ method, path, role, says, input, body, answer }: Endpoint): object {
  return {
    summary: says,
    operationId: `${method.toLowerCase()}${path.replaceAll('/', '-').replaceAll('{', '').replaceAll('}', '')}`,
    'x-role': role,
    ...(input === null ? {} : { parameters: parametersOf(input, path) }),
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      200: { description: says, content: { 'application/json': { schema: schemaOf(answer, 'output') } } },
      default: { $ref: '#/components/responses/Trouble' },
    },
  };
}

function parametersOf(input: z.ZodType, path: string): object[] {
  const { properties = {}, required = [] } = schemaOf(input, 'input') as JsonSchema;
  return Object.entries(properties).map(([name, schema]) => {
    const isInPath = path.includes(`{${name}}`);
    return { name, in: isInPath ? 'path' : 'query', required: isInPath || required.includes(name), schema };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as { $schema?: unknown };
  return rest;
}
