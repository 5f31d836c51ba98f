// Learn: the guide's ten sections, each with something that really happens on this machine.

import { useEffect, useState } from 'preact/hooks';
import type { Crowd, Model } from '../../../src/traffic/experiment.ts';
import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { hearExperiments } from '../experiments.ts';
import { count, duration, size } from '../format.ts';
import { useLive } from '../live.ts';
import { Failed, Panel, Pending, Verdict } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import { linkTo } from '../route.ts';
import type { Told } from '../shapes.ts';
import { forecastText } from './forecast.ts';

interface Listening {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly scope: string;
  readonly process: { readonly pid: number; readonly name: string } | null;
  readonly service: string;
  readonly reachable: string;
}

interface Tuple {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
}

/** The view. */
export function Learn() {
  return (
    <>
      <p class="lead">
        Ten short lessons. Nothing here is drawn by heart: what you see happens on this machine while you look, on the
        loopback, and leaves nothing behind.
      </p>
      <Ports />
      <Numbers />
      <OtherPorts />
      <Rules />
      <Letters />
      <CrowdAtOnePort />
      <TwoTabs />
      <Models />
      <Ephemeral />
      <Whole />
    </>
  );
}

function Ports() {
  const ports = useAsked('listening', (signal) => get<readonly Listening[]>('/learn/listening', {}, signal));
  return (
    <Panel title="1. What is a port?">
      <p class="say">
        An address finds the machine, a port finds the service in it. These services of this machine wait at a port now.
        Several of them share one address, and nobody gets another's letters.
      </p>
      <Pending asked={ports} what="what listens" />
      {ports.value !== null && (
        <Table
          name="What listens"
          columns={listeningColumns}
          rows={ports.value.slice(0, 60)}
          isBroad
          place="scroll low"
        />
      )}
    </Panel>
  );
}

const listeningColumns: readonly TableColumn<Listening>[] = [
  {
    name: 'Port',
    isNumber: true,
    cell: ({ port, protocol }) => (
      <>
        {port}/<Text text={protocol} max={8} />
      </>
    ),
  },
  { name: 'Address', isCode: true, cell: ({ address }) => <Text text={address} max={46} /> },
  { name: 'Known as', cell: ({ service }) => <Text text={service} max={30} /> },
  {
    name: 'Who waits there',
    cell: ({ process }) => <Text text={process === null ? '' : `${process.name} (${process.pid})`} max={50} />,
  },
  {
    name: 'Reachable',
    cell: ({ reachable }) => (
      <span class="quiet">
        <Text text={reachable} max={80} />
      </span>
    ),
  },
];

const known: readonly (readonly [number, string])[] = [
  [22, 'a shell, over SSH'],
  [25, 'mail between servers'],
  [53, 'names become addresses (DNS)'],
  [80, 'the web, readable by everybody on the way'],
  [443, 'the web, encrypted'],
  [5432, 'a PostgreSQL database'],
  [6379, 'Redis'],
];

function Numbers() {
  const { status } = useLive();
  const [port, setPort] = useState('443');
  const number = Number(port);
  const isPort = Number.isInteger(number) && number >= 0 && number <= 65_535 && port !== '';
  const meaning = known.find(([its]) => its === number)?.[1];
  const band =
    number < 1024
      ? 'well known: given out by IANA, and only the system may listen there'
      : number < 49_152
        ? 'registered: meant for one service, free for any'
        : 'for clients: taken for one connection and given back';
  const ours = status?.listeners.some((listener) => listener.port === number) === true;
  return (
    <Panel title="2. What do 80, 443 and 22 mean?">
      <p class="say">
        Nothing by nature. Everybody agreed to find the web at 80 and 443, so that nobody has to type it. Try a number.
      </p>
      <div class="tools">
        <label class="check">
          Port{' '}
          <input
            type="text"
            inputMode="numeric"
            value={port}
            maxLength={5}
            onInput={(event) => setPort(event.currentTarget.value)}
            class="short"
          />
        </label>
        <p role="status">
          {isPort ? (
            <>
              {meaning !== undefined && <b>{meaning}; </b>}
              {band}
              {ours && (
                <>
                  ; <b>this gate listens there</b>
                </>
              )}
            </>
          ) : (
            'A port is a number from 0 to 65535: 16 bits.'
          )}
        </p>
      </div>
    </Panel>
  );
}

function OtherPorts() {
  const { status } = useLive();
  return (
    <Panel title="3. Why can't other ports be used?">
      <p class="say">
        They can. This gate does it: a browser only has to be told, because it adds 443 or 80 by itself and nothing
        else.
      </p>
      <ul class="plain mono">
        {(status?.listeners ?? []).map(({ name, port, tls }) => (
          <li key={name}>
            {tls ? 'https' : 'http'}://localhost{port === (tls ? 443 : 80) ? '' : `:${port}`}{' '}
            <span class="quiet">
              {port === (tls ? 443 : 80) ? 'the browser adds the port' : 'the port has to be said'}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Rules() {
  return (
    <Panel title="4. Firewall rules">
      <p class="say">
        The firewall reads the envelope, from the first rule to the first that matches. Ask the rules of this gate about
        a stranger who tries a database.
      </p>
      <Ask name="Knock at the database" body={{ from: '203.0.113.7:50000', to: ':5432/tcp' }} />
    </Panel>
  );
}

function Letters() {
  return (
    <Panel title="5. The WAF">
      <p class="say">
        Whoever comes to the open port may send anything. The WAF opens the letter: the same visitor, the same port, two
        letters.
      </p>
      <div class="columns">
        <Ask name="Ask for user 1" body={{ target: '/users?id=1' }} />
        <Ask name="Ask for user 1 and drop the table" body={{ target: '/users?id=1;DROP TABLE users;--' }} />
      </div>
    </Panel>
  );
}

/** A button that has the gate judge something, and says who decided. */
function Ask({ name, body }: { readonly name: string; readonly body: Readonly<Record<string, string>> }) {
  const [told, setTold] = useState<Told | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const ask = () =>
    post<Told>('/rehearsals', body).then(
      (found) => {
        setTold(found);
        setTrouble(null);
      },
      (error: Error) => setTrouble(error.message),
    );
  const why = told?.journey.verdict.why ?? '';
  return (
    <div class="try">
      <button type="button" onClick={() => void ask()}>
        {name}
      </button>
      <div role="status">
        {trouble !== null && <Failed says={trouble} />}
        {told !== null && (
          <p>
            <Verdict word={told.journey.firewall.action === 'DENY' ? 'DENY' : why === '' ? 'PASS' : 'BLOCK'} />{' '}
            {told.journey.firewall.action === 'DENY' ? (
              <>
                by the firewall:{' '}
                <Text
                  text={
                    told.journey.firewall.rule === 0
                      ? 'no rule names it'
                      : `rule ${told.journey.firewall.rule}, ${told.journey.firewall.description}`
                  }
                  max={120}
                />
              </>
            ) : why === '' ? (
              <>
                the firewall let it in
                {told.journey.waf?.action === 'detect' ? ', and the WAF only watches here' : ', and so did the WAF'}
              </>
            ) : (
              <>
                <Text text={why} max={60} />: <Text text={told.reason?.says ?? told.journey.verdict.says} max={160} />
              </>
            )}{' '}
            <a href={linkTo('journeys/imagine', body)}>the whole journey</a>
          </p>
        )}
      </div>
    </div>
  );
}

function useExperiment<T>(what: string) {
  const [lines, setLines] = useState<readonly T[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isRunning, setRunning] = useState(false);
  useEffect(() => hearExperiments((its, line) => its === what && setLines((before) => [...before, line as T])), [what]);
  const run = async (number: number) => {
    setLines([]);
    setTrouble(null);
    setRunning(true);
    try {
      setLines(await post<T[]>(`/learn/${what}`, { count: number }));
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setRunning(false);
  };
  return { lines, trouble, isRunning, run };
}

function CrowdAtOnePort() {
  const { lines, trouble, isRunning, run } = useExperiment<Crowd>('crowd');
  const [number, setNumber] = useState(2000);
  const last = lines.at(-1);
  const held = lines.findLast(({ state }) => state === 'held') ?? last;
  const reached = lines.reduce((most, { open }) => Math.max(most, open), 0);
  return (
    <Panel title="6. Thousands of users at one port?" side={<a href="#/connections">The live table</a>}>
      <p class="say">
        They do not meet. Open a crowd of connections to a single port of this machine, and see what runs short: not the
        port, but memory and descriptors.
      </p>
      <div class="tools">
        <label class="check">
          Connections
          <select value={number} onChange={(event) => setNumber(Number(event.currentTarget.value))}>
            {[100, 1000, 2000, 5000, 10_000].map((many) => (
              <option key={many} value={many}>
                {count(many)}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="accent" disabled={isRunning} onClick={() => void run(number)}>
          {isRunning ? 'Opening…' : 'Open them'}
        </button>
      </div>
      {trouble !== null && <Failed says={trouble} />}
      {last !== undefined && held !== undefined && (
        <div role="status">
          <ul class="meters meters-plain">
            <li>
              <span>Connections to port {held.port}</span>
              <meter min={0} max={held.wanted} value={last.open} aria-label="Connections" />
              <span class="num">
                {count(last.open)} of {count(held.wanted)}
              </span>
            </li>
            <li>
              <span>Descriptors, both ends</span>
              <meter
                min={0}
                max={Math.max(1, held.descriptorLimit)}
                value={last.descriptors}
                aria-label="Descriptors"
              />
              <span class="num">
                {count(last.descriptors)} of {count(last.descriptorLimit)}
              </span>
            </li>
            <li>
              <span>Source ports of the range</span>
              <meter
                min={0}
                max={Math.max(1, held.range[1] - held.range[0])}
                value={last.open}
                aria-label="Source ports"
              />
              <span class="num">
                {count(last.open)} of {count(held.range[1] - held.range[0] + 1)}
              </span>
            </li>
          </ul>
          <p>
            {count(reached)} stood at once after {duration(held.msToOpen)}, with {size(held.rssBytes)} of memory for
            both ends together{reached < held.wanted && '; more descriptors are not to be had here'}.
            {last.state === 'over' && ' All are closed again.'}
          </p>
          <ul class="plain mono">
            {held.tuples.map((tuple) => (
              <li key={tuple}>
                <Text text={tuple} max={80} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

function TwoTabs() {
  const tuples = useAsked('tuples', (signal) => get<readonly Tuple[]>('/learn/tuples', {}, signal), 2000);
  return (
    <Panel title="7. How connections stay unique">
      <p class="say">
        Four values make a connection: two addresses, two ports. These are the connections of your own browser to this
        dashboard. Open a second tab of it, and look here again: same addresses, same port of ours, another port of
        yours.
      </p>
      {tuples.trouble !== null && <Failed says={tuples.trouble} />}
      {tuples.value !== null && (
        <Table
          name="Connections to the dashboard"
          columns={tupleColumns}
          rows={tuples.value.slice(0, 20)}
          keyOf={({ from, fromPort }) => `${from}${fromPort}`}
          isBroad
          class="narrow"
        />
      )}
    </Panel>
  );
}

const tupleColumns: readonly TableColumn<Tuple>[] = [
  { name: 'From', isCode: true, cell: ({ from }) => <Text text={from} /> },
  { name: 'its port', isNumber: true, cell: ({ fromPort }) => <b>{fromPort}</b> },
  { name: 'To', isCode: true, cell: ({ to }) => <Text text={to} /> },
  { name: 'our port', isNumber: true, cell: ({ toPort }) => toPort },
];

function Models() {
  const { lines, trouble, isRunning, run } = useExperiment<Model>('threads');
  const { status } = useLive();
  const most = Math.max(1, ...lines.map(({ grownBytes }) => grownBytes));
  return (
    <Panel title="8. What happens inside the server">
      <p class="say">
        One listening socket accepts, and each connection gets a socket of its own. Whoever serves them may give every
        visitor a thread, or serve all from one loop that never waits. Let 24 visitors wait 200 ms each, both ways.
      </p>
      <div class="tools">
        <button type="button" class="accent" disabled={isRunning} onClick={() => void run(24)}>
          {isRunning ? 'Serving…' : 'Serve them'}
        </button>
        {status !== null && (
          <span class="quiet">
            This gate: {count(status.connections.open)} connections now, in {status.workers} processes with one loop
            each.
          </span>
        )}
      </div>
      {trouble !== null && <Failed says={trouble} />}
      <div role="status">
        {lines.length > 0 && (
          <ul class="meters meters-plain">
            {lines.map(({ name, threads, grownBytes, ms }) => (
              <li key={name}>
                <span>
                  <Text text={name} max={30} />
                </span>
                <meter min={0} max={most} value={Math.max(0, grownBytes)} aria-label={`Memory of ${safe(name)}`} />
                <span class="num">
                  {size(Math.max(0, grownBytes))} more, {threads} threads, {duration(ms)}
                </span>
              </li>
            ))}
          </ul>
        )}
        {lines.length > 1 && (
          <p class="hint">
            Both answer all in about the same time, because everybody only waits. A thread of Node carries an engine of
            its own; one of another language is smaller, and still never free.
          </p>
        )}
      </div>
    </Panel>
  );
}

function Ephemeral() {
  const { status } = useLive();
  const upstreams = (status?.upstreams ?? []).filter(({ ephemeral }) => ephemeral.available > 0);
  return (
    <Panel title="9. Can a server run out of ports?">
      <p class="say">
        At its door never: all come to one port. But towards its own upstreams the gate is a client, and takes a port
        for each connection. So much of the range is taken now, towards each of them.
      </p>
      {upstreams.length === 0 ? (
        <p class="quiet">No upstream is reached over TCP.</p>
      ) : (
        <ul class="meters">
          {upstreams.map(({ endpoint, ephemeral }, index) => (
            <li key={index}>
              <span class="mono">
                <Text text={endpoint} max={60} />
              </span>
              <meter
                min={0}
                max={ephemeral.available}
                high={ephemeral.available * 0.8}
                value={ephemeral.used}
                aria-label={`Ports taken, ${index + 1}`}
              />
              <span class="num">
                {count(ephemeral.used)} of {count(ephemeral.available)}
              </span>
              <span class="quiet">{forecastText(ephemeral)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Whole() {
  return (
    <Panel title="10. The whole way">
      <p class="say">
        A name becomes an address, four values become a connection, the firewall reads the envelope, TLS seals it, the
        WAF reads the letter, the application answers. <a href="#/journeys">Open any journey</a> and press Play: every
        request of this gate has gone this way, or shows where it ended.
      </p>
    </Panel>
  );
}
