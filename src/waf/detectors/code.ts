// Code injection: statements of PHP, JavaScript, Python, Ruby, Perl, Lua and ASP that an interpreter on the server would run.

import { detectBomb } from './code-bomb.ts';
import { detectCall } from './code-calls.ts';
import { detectFormula } from './code-formula.ts';
import { detectPhp } from './code-php.ts';
import { detectScripting } from './code-script.ts';
import type { Detection, Subject } from './detection.ts';

/** Code of a server's language in one value. Ids 1048001–1048025. Linear; never throws. */
export function detectCode(subject: Subject): Detection | null {
  const script = detectScripting(subject);
  if (script !== null && script.score >= 5) return script;
  const php = detectPhp(subject);
  const best = php !== null && php.score > (script?.score ?? 0) ? php : script;
  return best !== null && best.score >= 5
    ? best
    : (detectCall(subject) ?? detectFormula(subject) ?? detectBomb(subject) ?? best);
}
