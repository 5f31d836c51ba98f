// A rule as it can be written in the configuration again, whole: lists are not abbreviated as they are for people.

import { printAddress } from '../base/address.ts';
import { printCidr } from '../base/cidr.ts';
import type { Rule, RuleSetting } from './rule.ts';

/** The setting that `parseRule` understands as this rule. */
export function settingOf({ action, protocol, ports, sources, description }: Rule): Exclude<RuleSetting, string> {
  const isEveryPort = ports.length === 1 && ports[0]!.first === 0;
  const isAny =
    sources.length === 2 && sources.every(({ prefix }) => prefix === 0) && sources[0]!.family !== sources[1]!.family;
  return {
    action: action.toLowerCase(),
    protocol: protocol.toLowerCase(),
    port: isEveryPort ? 'all' : ports.map(({ first, last }) => (first === last ? first : `${first}-${last}`)),
    source: isAny
      ? 'any'
      : sources.map((cidr) => {
          const isHost = cidr.prefix === (cidr.family === 4 ? 32 : 128);
          return isHost ? printAddress({ family: cidr.family, value: cidr.start }) : printCidr(cidr);
        }),
    ...(description === '' ? {} : { description }),
  };
}
