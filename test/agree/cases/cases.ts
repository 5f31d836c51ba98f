// All hand-written cases.

import type { CaseGroup } from './case.ts';
import { chunkCases } from './chunks.ts';
import { fieldCases } from './fields.ts';
import { framingCases } from './framing.ts';
import { requestLineCases } from './request-line.ts';
import { smugglingCases } from './smuggling.ts';

export const groups: readonly CaseGroup[] = [
  ...requestLineCases,
  ...fieldCases,
  ...framingCases,
  ...chunkCases,
  ...smugglingCases,
];
