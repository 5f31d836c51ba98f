// The firewall: rules in their order with what they did and what is odd about them, a simulator, the kernel, exposure and bans.

import { useState } from 'preact/hooks';
import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { brief, count } from '../format.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Failed, Panel, Verdict, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Journey } from '../shapes.ts';
import { BanList } from './bans.tsx';
import { Exposure } from './exposure.tsx';
import { Kernel } from './kernel.tsx';

interface Rule {
  readonly number: number;
  readonly action: string;
  readonly protocol: string;
  readonly ports: string;
  readonly source: string;
  readonly description: string;
  readonly at: string;
  readonly hits: number;
}

interface Rules {
  readonly rules: readonly Rule[];
  readonly default: string;
  readonly defaultHits: number;
}

interface Oddity {
  readonly kind: string;
  readonly rule: number;
  readonly says: string;
  readonly instead: string;
  readonly witness: { readonly protocol: string; readonly source: string; readonly port: number };
}

interface Analysis {
  readonly enforce: readonly string[];
  readonly findings: readonly Oddity[] | null;
}

/** The view. */
export function Firewall() {
  const rules = useAsked('rules', (signal) => get<Rules>('/firewall', {}, signal), 2000);
  const analysis = useAsked('analysis', (signal) => get<Analysis>('/firewall/analysis', {}, signal), 30_000);
  return (
    <>
      {rules.trouble !== null && <Failed says={rules.trouble} again={rules.again} />}
      {rules.value === null ? (
        rules.trouble === null && <Waiting what="the rules" />
      ) : (
        <RuleTable rules={rules.value} odd={analysis.value?.findings ?? []} />
      )}
      {analysis.value?.findings === null && (
        <p class="hint">The rules are too many to be taken apart for oddities in seconds.</p>
      )}
      <Simulator />
      <Kernel isEnforced={analysis.value?.enforce.includes('kernel') ?? null} />
      <Exposure />
      <BanList />
    </>
  );
}

function RuleTable({
  rules: { rules, default: otherwise, defaultHits },
  odd,
}: {
  readonly rules: Rules;
  readonly odd: readonly Oddity[];
}) {
  const most = Math.max(1, defaultHits, ...rules.map(({ hits }) => hits));
  const side = <span class="hint">The first rule that matches decides.</span>;
  return (
    <Panel title="Rules" side={side}>
      <Scroll name="Rules, table">
        <table class="broad">
          <thead>
            <tr>
              <th class="num">Rule</th>
              <th>Does</th>
              <th>Protocol</th>
              <th>Ports</th>
              <th>From</th>
              <th>What for</th>
              <th class="num">Decided</th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <RuleRow key={rule.number} rule={rule} most={most} odd={odd.filter((one) => one.rule === rule.number)} />
            ))}
            <tr>
              <td class="num">–</td>
              <td>
                <Verdict word={otherwise.toUpperCase()} />
              </td>
              <td colSpan={4} class="quiet">
                whatever no rule names
              </td>
              <td class="num" data-label="Decided">
                {count(defaultHits)}
                <Bar part={defaultHits / most} />
              </td>
            </tr>
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function RuleRow({ rule, most, odd }: { readonly rule: Rule; readonly most: number; readonly odd: readonly Oddity[] }) {
  const { number, action, protocol, ports, source, description, at, hits } = rule;
  return (
    <>
      <tr class={odd.length > 0 ? 'has-note' : ''}>
        <td class="num" data-label="Rule">
          {number}
        </td>
        <td>
          <Verdict word={action} />
        </td>
        <td data-label="Protocol">
          <Text text={protocol} max={8} />
        </td>
        <td class="mono" data-label="Ports">
          <Text text={ports} max={60} />
        </td>
        <td class="mono" data-label="From">
          <Text text={source} max={80} />
        </td>
        <td>
          <Text text={description} max={120} />
          {at !== '' && (
            <span class="quiet">
              {' '}
              <Text text={at} max={60} />
            </span>
          )}
        </td>
        <td class="num" data-label="Decided">
          {count(hits)}
          <Bar part={hits / most} />
        </td>
      </tr>
      {odd.map(({ kind, says, instead, witness }) => (
        <tr key={kind + says} class="note">
          <td />
          <td colSpan={6}>
            <b>
              <Text text={kind} max={24} />
            </b>
            : <Text text={says} max={400} />.{' '}
            <span class="quiet">
              For example <Text text={witness.protocol} max={8} /> from <Text text={witness.source} max={48} /> to port{' '}
              {witness.port}. Instead: <Text text={instead} max={200} />.
            </span>
          </td>
        </tr>
      ))}
    </>
  );
}

function Bar({ part }: { readonly part: number }) {
  return (
    <span class="bar">
      <span class="bar-full" style={{ width: `${Math.round(part * 100)}%` }} />
    </span>
  );
}

/** A packet that nobody sends. */
function Simulator() {
  const [told, setTold] = useState<Journey | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const word = (name: string) => String(form.get(name) ?? '').trim();
    const address = word('address');
    const from = address.includes(':') ? `[${address}]:50000` : `${address}:50000`;
    try {
      const { journey } = await post<{ journey: Journey }>('/rehearsals', {
        from,
        to: `:${word('port')}/${word('protocol')}`,
      });
      setTold(journey);
      setTrouble(null);
    } catch (error) {
      setTold(null);
      setTrouble((error as Error).message);
    }
  };
  return (
    <Panel title="What would a packet meet?">
      <form class="tools tools-grid" onSubmit={submit}>
        <label>
          From
          <input type="text" name="address" required defaultValue="203.0.113.7" maxLength={64} spellcheck={false} />
        </label>
        <label>
          To port
          <input
            type="text"
            name="port"
            required
            defaultValue="22"
            inputMode="numeric"
            pattern="[0-9]{1,5}"
            maxLength={5}
          />
        </label>
        <label>
          Protocol
          <select name="protocol">
            <option>tcp</option>
            <option>udp</option>
          </select>
        </label>
        <button type="submit" class="accent">
          Ask
        </button>
      </form>
      <div role="status">
        {trouble !== null && <Failed says={trouble} />}
        {told !== null && (
          <p class="answer">
            <Verdict word={told.firewall.action} />{' '}
            {told.verdict.why === 'firewall/banned' || told.verdict.why === 'firewall/blocklisted' ? (
              <Text text={told.verdict.says} max={200} />
            ) : told.firewall.rule === 0 ? (
              'by default: no rule names it'
            ) : (
              <>
                by rule {told.firewall.rule},{' '}
                <Text text={told.firewall.description} max={120} none="without a description" />{' '}
                <span class="quiet">
                  <Text text={told.firewall.at} max={60} none="" />
                </span>
              </>
            )}
          </p>
        )}
      </div>
    </Panel>
  );
}

/** Shown where a list is long. */
export function Total({
  shown,
  total,
  what,
}: {
  readonly shown: number;
  readonly total: number;
  readonly what: string;
}) {
  if (total === 0) return <Empty title={`No ${what}`} />;
  return shown < total ? (
    <p class="hint">
      {brief(shown)} of {brief(total)} {what} are shown.
    </p>
  ) : null;
}
