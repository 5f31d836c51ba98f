// The API as the page uses it: every request carries the secret of the session, and every refusal is a sentence.

/** Why something was not done, for people. */
export class Trouble extends Error {
  readonly status: number;
  readonly problems: readonly { readonly at: string; readonly says: string; readonly instead: string }[];

  constructor(status: number, says: string, problems: Trouble['problems'] = []) {
    super(says);
    this.status = status;
    this.problems = problems;
  }
}

const base = '/api/v1';
const key = 'portcullis-csrf';

/** Whether this browser was logged in; only the station knows whether it still is. */
export function hasSession(): boolean {
  return localStorage.getItem(key) !== null;
}

/** Forgets the session, as after a logout. */
export function forgetSession(): void {
  localStorage.removeItem(key);
  window.dispatchEvent(new Event('sessionchange'));
}

/** Logs in with the token of a link. */
export async function login(token: string): Promise<void> {
  const { csrf } = await post<{ csrf: string }>('/session', { token });
  localStorage.setItem(key, csrf);
  window.dispatchEvent(new Event('sessionchange'));
}

/** Values that stand in a query; what is missing or empty is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** What the station answers to a question. */
export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') words.set(name, String(value));
  const text = words.toString();
  return send<T>('GET', text === '' ? path : `${path}?${text}`, undefined, signal);
}

/** Has something changed, or judged. */
export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send<T>('POST', path, body, signal);
}

/** Puts something in the place of what is there. */
export function put<T>(path: string, body: unknown): Promise<T> {
  return send<T>('PUT', path, body);
}

/** Has something taken away. */
export function remove<T>(path: string): Promise<T> {
  return send<T>('DELETE', path);
}

/** Opens the stream of events; the caller reads it and ends it by its signal. */
export async function openEvents(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${base}/events`, { headers: headers(), signal, cache: 'no-store' });
  if (!response.ok || response.body === null) throw await troubleOf(response);
  return response.body;
}

async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, headers: headers(body !== undefined), cache: 'no-store' };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal !== undefined) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(`${base}${path}`, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Trouble(0, 'the gate does not answer; has it ended?');
  }
  if (!response.ok) throw await troubleOf(response);
  return (await response.json()) as T;
}

function headers(hasBody = false): Record<string, string> {
  const csrf = localStorage.getItem(key) ?? '';
  return {
    ...(csrf === '' ? {} : { 'x-portcullis-csrf': csrf }),
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
  };
}

async function troubleOf(response: Response): Promise<Trouble> {
  const { error } = (await response.json().catch(() => ({}))) as {
    error?: { code?: string; says?: string; problems?: Trouble['problems'] };
  };
  if (error?.code === 'nobody') forgetSession();
  return new Trouble(response.status, error?.says ?? `the gate answered ${response.status}`, error?.problems ?? []);
}
