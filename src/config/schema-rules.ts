// The settings of rules that an owner writes over the fields of a request.

import { z } from 'zod';
import { list, oneOrMany, text } from './kinds.ts';

/** `rules`: asked in their order, before limits and the WAF. */
export const rules = list(
  text('a rule such as block if path starts with /admin and not client in 10.0.0.0/8', 4096),
  'a list of rules, such as - block if method is TRACE',
);

/** `lists`: names for addresses, networks or words that rules compare with. */
export const lists = z.record(
  text('a name for a list', 64),
  oneOrMany(text('an address, a network or a word', 1024), 'an address, a network or a word'),
  { error: 'names with lists, such as office: [10.0.0.0/8, 192.168.0.0/16]' },
);
