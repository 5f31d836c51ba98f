// A request that nobody sends: the same stations judge it, and nothing is counted.

import { useState } from 'preact/hooks';
import { post } from '../api.ts';
import { Failed } from '../parts/states.tsx';
import type { Route } from '../route.ts';
import type { Told } from '../shapes.ts';
import { JourneyBody } from './journey-body.tsx';

/** The form, and what it brings about. */
export function Imagine({ route: { query } }: { readonly route: Route }) {
  const [told, setTold] = useState<Told | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const words = Object.fromEntries(
      [...form].flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [[name, value]] : [])),
    );
    try {
      setTold(await post<Told>('/rehearsals', words));
      setTrouble(null);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  const field = (name: string, label: string, hint: string, initial = '') => (
    <label>
      {label}
      <input
        type="text"
        name={name}
        defaultValue={query.get(name) ?? initial}
        placeholder={hint}
        spellcheck={false}
        autocomplete="off"
        maxLength={8192}
      />
    </label>
  );
  return (
    <>
      <p>
        <a href="#/journeys">← All journeys</a>
      </p>
      <p class="lead">What would the gate say? Nothing is sent, and nothing is counted.</p>
      <form class="tools tools-grid" onSubmit={submit}>
        {field('method', 'Method', 'GET')}
        {field('target', 'Path and query', '/users?id=1;DROP TABLE users;--', '/')}
        {field('host', 'Host', 'the first site')}
        {field('from', 'From', '203.0.113.7:52431')}
        <label>
          Body
          <textarea name="body" rows={1} maxLength={40_000} spellcheck={false} />
        </label>
        <button type="submit" class="accent">
          Ask
        </button>
      </form>
      {trouble !== null && <Failed says={trouble} />}
      {told !== null && <JourneyBody journey={told.journey} reason={told.reason} isImagined />}
    </>
  );
}
