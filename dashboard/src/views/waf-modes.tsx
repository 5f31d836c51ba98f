// What the WAF does at each site, changed from here through a plan; and what was left out there, with how often that mattered.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { Failed, Panel, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import { exclusionText, type WafSite, type WafSites } from './exclusion-text.ts';
import { ModeDialog } from './proposal.tsx';

/** The panel. */
export function WafModes() {
  const [wanted, setWanted] = useState<{ readonly site: string; readonly mode: string } | null>(null);
  const sites = useAsked('sites', (signal) => get<WafSites>('/waf', {}, signal), 10_000);
  if (sites.value === null)
    return sites.trouble === null ? <Waiting what="the sites" /> : <Failed says={sites.trouble} again={sites.again} />;
  const { rules, threshold, paranoia, sites: all } = sites.value;
  return (
    <Panel title="What it does where">
      <p class="quiet">
        Rules: <Text text={rules} max={80} />
        {paranoia > 0 && `, paranoia ${paranoia}`}; a score of {threshold} is refused.
      </p>
      <Table
        name="Modes"
        columns={columnsOf((site, mode) => setWanted({ site, mode }))}
        rows={all}
        keyOf={(site) => site.name}
      />
      {wanted !== null && (
        <ModeDialog
          {...wanted}
          onClose={() => {
            setWanted(null);
            sites.again();
          }}
        />
      )}
    </Panel>
  );
}

const columnsOf = (change: (site: string, mode: string) => void): readonly TableColumn<WafSite>[] => [
  { name: 'Site', cell: ({ name }) => <Text text={name} max={60} /> },
  {
    name: 'Mode',
    cell: ({ name, mode }) => (
      <select
        aria-label={`Mode for ${safe(name, 60)}`}
        value={mode}
        onChange={(event) => {
          change(name, event.currentTarget.value);
          // What stands there is what holds, until it is applied.
          event.currentTarget.value = mode;
        }}
      >
        {['block', 'detect', 'off'].map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </select>
    ),
  },
  {
    name: 'Left out',
    cell: ({ exclusions }) =>
      exclusions.length === 0 ? (
        <span class="none">nothing</span>
      ) : (
        exclusions.map((one, index) => (
          <div key={index}>
            <Text text={exclusionText(one)} max={120} />{' '}
            <span class="quiet">
              <Text text={one.because ?? ''} max={120} none="" />
            </span>
          </div>
        ))
      ),
  },
];
