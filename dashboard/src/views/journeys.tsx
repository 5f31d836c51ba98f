// Journeys: searched, imagined, and one of them opened.

import { useEffect, useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, micros, moment } from '../format.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Failed, Verdict, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { encoded, linkTo, type Route } from '../route.ts';
import type { HistoryRow } from '../shapes.ts';
import { Imagine } from './imagine.tsx';
import { JourneyPage } from './journey.tsx';
import { Records } from './records.tsx';

interface Found {
  readonly rows: readonly HistoryRow[];
  readonly next: number | null;
  readonly isWhole?: boolean;
}

/** The view. */
export function Journeys({ route }: { readonly route: Route }) {
  const [, id] = route.parts;
  if (id === 'imagine') return <Imagine route={route} />;
  return id === undefined ? <Search query={route.query} /> : <JourneyPage id={id} key={id} />;
}

const layers = [
  'ports',
  'connections',
  'firewall',
  'tls',
  'http',
  'rules',
  'bots',
  'rates',
  'model',
  'waf',
  'proxy',
  'app',
];
const verdicts = ['pass', 'detect', 'block', 'fail'];
const spans: readonly (readonly [string, number])[] = [
  ['at any time', 0],
  ['in the last 5 minutes', 5],
  ['in the last hour', 60],
  ['in the last day', 1440],
];
const names = ['client', 'path', 'rule', 'why', 'verdict', 'layer', 'site', 'status', 'minutes'] as const;

function Search({ query }: { readonly query: URLSearchParams }) {
  const words = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ''])) as Record<
    (typeof names)[number],
    string
  >;
  const change = (name: (typeof names)[number], value: string) => {
    const next = new URLSearchParams(query);
    if (value === '') next.delete(name);
    else next.set(name, value);
    history.replaceState(null, '', `#/journeys?${next}`);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  };
  return (
    <>
      <search>
        <form class="tools tools-grid" onSubmit={(event) => event.preventDefault()}>
          <Field
            name="Client"
            hint="203.0.113.0/24"
            value={words.client}
            onChange={(value) => change('client', value)}
          />
          <Field name="Path" hint="/admin/*" value={words.path} onChange={(value) => change('path', value)} />
          <Field
            name="Rule"
            hint="942100, sql-injection"
            value={words.rule}
            onChange={(value) => change('rule', value)}
          />
          <Field name="Status" hint="403, 5xx" value={words.status} onChange={(value) => change('status', value)} />
          <Choice
            name="Verdict"
            values={verdicts}
            value={words.verdict}
            onChange={(value) => change('verdict', value)}
          />
          <Choice name="Decided by" values={layers} value={words.layer} onChange={(value) => change('layer', value)} />
          <label>
            When
            <select value={words.minutes} onChange={(event) => change('minutes', event.currentTarget.value)}>
              {spans.map(([name, minutes]) => (
                <option key={name} value={minutes === 0 ? '' : String(minutes)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <OpenById />
          <a class="button" href="#/journeys/imagine">
            Imagine a request…
          </a>
        </form>
      </search>
      <Results words={words} />
      <Records />
    </>
  );
}

function Field(props: {
  readonly name: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  return (
    <label>
      {props.name}
      <input
        type="text"
        value={text}
        placeholder={props.hint}
        maxLength={256}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={(event) => props.onChange(event.currentTarget.value.trim())}
      />
    </label>
  );
}

function Choice(props: {
  readonly name: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <label>
      {props.name}
      <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="">any</option>
        {props.values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </label>
  );
}

function OpenById() {
  return (
    <label>
      Number of a request
      <input
        type="text"
        placeholder="01JDX3M8RN…"
        maxLength={64}
        spellcheck={false}
        autocomplete="off"
        onChange={(event) => {
          const id = event.currentTarget.value.trim();
          if (id !== '') location.hash = linkTo(`journeys/${encoded(id)}`);
        }}
      />
    </label>
  );
}

function Results({ words }: { readonly words: Readonly<Record<string, string>> }) {
  const what = JSON.stringify(words);
  const [cursors, setCursors] = useState<readonly number[]>([]);
  useEffect(() => setCursors([]), [what]);
  const before = cursors.at(-1);
  const { minutes, ...filters } = words;
  const from = minutes === '' || minutes === undefined ? undefined : Date.now() - Number(minutes) * 60_000;
  const found = useAsked(
    `${what} ${before}`,
    (signal) => get<Found>('/journeys', { ...filters, from, before }, signal),
    before === undefined ? 3000 : 0,
  );
  if (found.trouble !== null) return <Failed says={found.trouble} again={found.again} />;
  if (found.value === null) return <Waiting what="journeys" />;
  const { rows, next } = found.value;
  if (rows.length === 0 && before === undefined)
    return (
      <Empty title="No journey is like that">
        <p>
          A client may be an address or a network, a path may end in *. Without filters everything that is remembered is
          listed.
        </p>
      </Empty>
    );
  return (
    <>
      <Rows rows={rows} />
      <div class="pager">
        {cursors.length > 0 && (
          <button type="button" onClick={() => setCursors(cursors.slice(0, -1))}>
            Newer
          </button>
        )}
        {next !== null && (
          <button type="button" onClick={() => setCursors([...cursors, next])}>
            Older
          </button>
        )}
      </div>
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly HistoryRow[] }) {
  return (
    <Scroll name="Journeys, table">
      <table class="broad">
        <thead>
          <tr>
            <th>When</th>
            <th>Verdict</th>
            <th>By</th>
            <th>Client</th>
            <th>Request</th>
            <th class="wide">Rule</th>
            <th class="num">Status</th>
            <th class="num wide">Took</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.n}>
              <td class="nowrap">
                <a href={linkTo(`journeys/${encoded(row.id)}`)}>{moment(row.at)}</a>
              </td>
              <td>
                <Verdict word={row.verdict} />
              </td>
              <td data-label="by">
                <Text text={row.layer} max={16} />
              </td>
              <td class="mono" data-label="from">
                <Text text={row.client} max={40} />
              </td>
              <td class="mono clip">
                {row.method === '' ? (
                  <Text text={row.says || row.why} max={90} none="no request" />
                ) : (
                  <>
                    <Text text={row.method} max={10} /> <Text text={row.host} max={30} none="" />
                    <Text text={row.path} max={70} none="" />
                  </>
                )}
              </td>
              <td class="wide" data-label={row.rule || row.why ? 'rule' : undefined}>
                <Text text={row.rule || row.why} max={30} none="" />
              </td>
              <td class="num">{row.status === 0 ? '–' : row.status}</td>
              <td class="num wide">{micros(row.ms * 1000) || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">{count(rows.length)} shown, the newest first.</p>
    </Scroll>
  );
}
