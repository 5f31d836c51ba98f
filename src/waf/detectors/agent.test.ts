// User agents: tools that look for holes are known by name, everybody else passes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { detectAgent } from './agent.ts';

const tools: readonly string[] = [
  'sqlmap/1.5',
  'sqlmap/1.8.4#stable (https://sqlmap.org)',
  'Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:Port Check)',
  'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)',
  'masscan/1.3',
  'Nuclei - Open-source project (github.com/projectdiscovery/nuclei)',
  'DirBuster-1.0-RC1',
  'gobuster/3.6',
  'Fuzz Faster U Fool v2.1.0',
  'Wfuzz/3.1.0',
  'Mozilla/5.0 zgrab/0.x',
  'WhatWeb/0.5.5',
  'WPScan v3.8.25 (https://wpscan.com/)',
  'w3af.org',
  'Mozilla/4.0 (Hydra)',
  'Arachni/v1.6',
];

const others: readonly string[] = [
  'curl/8.5.0',
  'python-requests/2.32.3',
  'Go-http-client/1.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
  'Googlebot/2.1 (+http://www.google.com/bot.html)',
  'MyNiktoReader/1.0',
  'hydrate-client/2.0',
  'Nmapper/1.0',
  '',
];

test('tools', () => {
  for (const agent of tools) assert.equal(detectAgent(agent)?.score, 5, agent);
});

test('everybody else', () => {
  for (const agent of others) assert.equal(detectAgent(agent), null, agent);
});

test('a name is found as a word among any others', () => {
  const words = fc.array(fc.stringMatching(/^[A-Z][a-z]{0,2}\/[0-9.]{1,5}$/), { maxLength: 5 });
  fc.assert(
    fc.property(words, words, (before, behind) => {
      const agent = [...before, 'SQLMap/1.0', ...behind].join(' ');
      const detection = detectAgent(agent);
      assert.equal(agent.slice(detection?.start, detection?.end), 'SQLMap');
    }),
  );
});
