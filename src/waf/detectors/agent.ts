// Attack tools that name themselves in User-Agent: every word of the header is looked up in one table.

import { isLetter } from '../classes.ts';
import type { Detection } from './detection.ts';

/** Product names of tools that look for holes. Crawlers, monitors and libraries are not among them. */
const tools: ReadonlySet<string> = new Set([
  'sqlmap',
  'scanbot',
  'expanse',
  'sn1per',
  'osmedeus',
  'nettacker',
  'gospider',
  'naabu',
  'zgrab2',
  'xsstracer',
  'qualys',
  'censysinspect',
  'leakix',
  'l9explore',
  'jorgee',
  'muieblackcat',
  'sqlninja',
  'sqlsus',
  'bsqlbf',
  'havij',
  'nosqlmap',
  'jsql',
  'nikto',
  'nmap',
  'masscan',
  'zmap',
  'zgrab',
  'nuclei',
  'jaeles',
  'dirbuster',
  'dirsearch',
  'gobuster',
  'feroxbuster',
  'ffuf',
  'wfuzz',
  'crlfuzz',
  'kiterunner',
  'hydra',
  'patator',
  'ncrack',
  'brutus',
  'acunetix',
  'nessus',
  'openvas',
  'netsparker',
  'invicti',
  'appscan',
  'webinspect',
  'arachni',
  'w3af',
  'wapiti',
  'skipfish',
  'whatweb',
  'wpscan',
  'joomscan',
  'joomlavs',
  'droopescan',
  'cmsmap',
  'commix',
  'xsser',
  'xsstrike',
  'dalfox',
  'tplmap',
  'burpsuite',
  'burpcollaborator',
  'zaproxy',
  'metasploit',
  'grendel',
  'paros',
  'uniscan',
  'zmeu',
  'morfeus',
  'fimap',
  'golismero',
  'interactsh',
  'log4shell',
  'rustscan',
  'sitadel',
  'openbullet',
  'slowhttptest',
  'goldeneye',
  'torshammer',
  'caido',
  'ghauri',
  'sstimap',
  'wafw00f',
  'whatwaf',
  'arjun',
  'fscan',
  'detectify',
  'probely',
  'projectdiscovery',
  'cmseek',
  'nosqli',
  'h2csmuggler',
  'webshag',
]);

/** Names of several words, as the tools write them, in lower case. */
const phrases: readonly string[] = [
  'fuzz faster u fool',
  'burp collaborator',
  'burp suite',
  'owasp zap',
  'zed attack proxy',
  'n-stealth',
  // What the worms of cameras and routers call themselves.
  'hello, world',
  'mozlila/',
  'r00ts3c',
];

/** Longest name in the table. */
const maxName = 16;

/** A known attack tool in a User-Agent. Ids 1013001 and 1013002. Linear; never throws. */
export function detectAgent(value: string): Detection | null {
  const lower = value.toLowerCase();
  let start = 0;
  for (let index = 0; index <= lower.length; index++) {
    if (index < lower.length && isNameCharacter(lower.charCodeAt(index))) continue;
    const length = index - start;
    if (length >= 4 && length <= maxName && tools.has(lower.slice(start, index)))
      return scanner(1013001, lower.slice(start, index), start, index);
    start = index + 1;
  }
  return phrase(lower);
}

function phrase(lower: string): Detection | null {
  for (const name of phrases) {
    const at = lower.indexOf(name);
    if (at >= 0) return scanner(1013002, name, at, at + name.length);
  }
  return null;
}

function scanner(id: number, name: string, start: number, end: number): Detection {
  return { id, score: 5, severity: 'CRITICAL', says: `the client names itself ${name}, an attack tool`, start, end };
}

function isNameCharacter(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57);
}
