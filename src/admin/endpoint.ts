// What an endpoint of the API is: a row with its schemas, by which what comes is read, what goes is checked, and the manual is written.

import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Caller, Role } from './sessions.ts';

/** What endpoints are made of: whatever the gate can be asked, as its commands ask it. */
export interface Backend {
  readonly clock: Clock;
  /** The gate's answer to a question; rejects with a sentence where it refuses. */
  ask(question: { readonly ask: string } & Readonly<Record<string, unknown>>): Promise<unknown>;
  /** What the station knows by itself, by name: the audit trail, who is connected to it. */
  own(name: string): unknown;
  /** Tells everybody who reads along. */
  publish(kind: string, state: unknown): void;
}

/** A request that was read and may be answered. */
export interface Asked<I, B> {
  /** The query, with what the path holds. */
  readonly input: I;
  readonly body: B;
  readonly caller: Caller;
}

/** One endpoint. Its path may end in `/{name}`, which is then part of the input. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT';
  readonly path: string;
  readonly role: Role;
  /** One sentence for the manual, and what the audit trail calls it. */
  readonly says: string;
  readonly input: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly answer: z.ZodType;
  readonly run: (asked: Asked<never, never>, backend: Backend) => unknown;
}

/** A row as it is written: `run` gets what the schemas read. */
interface Row<I extends z.ZodType, B extends z.ZodType> extends Omit<Endpoint, 'input' | 'body' | 'run'> {
  readonly input?: I;
  readonly body?: B;
  readonly run: (asked: Asked<z.output<I>, z.output<B>>, backend: Backend) => unknown;
}

/** The endpoint of a row. */
export function endpoint<I extends z.ZodType, B extends z.ZodType>(row: Row<I, B>): Endpoint {
  return { input: null, body: null, ...row } as Endpoint;
}

/** What an endpoint throws to answer with a status and a sentence of its own. */
export class ApiTrouble extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, says: string) {
    super(says);
    this.status = status;
    this.code = code;
  }
}

/** The endpoint of a method and path, with what its path holds; the methods there are where only the path is known; null for neither. */
export function match(
  endpoints: readonly Endpoint[],
  method: string,
  path: string,
):
  | { readonly endpoint: Endpoint; readonly held: Readonly<Record<string, string>> }
  | { readonly methods: string[] }
  | null {
  const there = endpoints.flatMap((candidate) => {
    const held = heldIn(candidate.path, path);
    return held === null ? [] : [{ endpoint: candidate, held }];
  });
  if (there.length === 0) return null;
  // A path that is written out is meant rather than one with a place in it.
  const exact = there.filter(({ held }) => Object.keys(held).length === 0);
  const candidates = exact.length > 0 ? exact : there;
  return (
    candidates.find((found) => found.endpoint.method === method) ?? {
      methods: candidates.map((found) => found.endpoint.method),
    }
  );
}

function heldIn(template: string, path: string): Record<string, string> | null {
  if (template === path) return {};
  const at = template.indexOf('{');
  if (at < 0) return null;
  const prefix = template.slice(0, at);
  const rest = path.slice(prefix.length);
  if (!path.startsWith(prefix) || rest === '' || rest.includes('/')) return null;
  try {
    return { [template.slice(at + 1, -1)]: decodeURIComponent(rest) };
  } catch {
    return null;
  }
}
