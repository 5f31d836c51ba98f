// Values that a program takes for an option instead of a name: those that make it run another, or write where it should not.

import { ALONE_SHORT, dropped, holdsSecret, NO_COMMAND } from './shell-arguments.ts';
import { readCommand } from './shell-command.ts';
import { type Suspect, suspect } from './shell-findings.ts';
import { isBlank, isLetter, skipBlanks } from './shell-names.ts';

/** Options that run what they are given, whoever's they are: ssh, git, tar, rsync, wget, bash. */
const running: ReadonlySet<string> = new Set(
  'proxy-command use-askpass upload-pack receive-pack exec checkpoint-action to-command use-compress-program rsh rsync-path pager open-files-in-pager rcfile init-file'.split(
    ' ',
  ),
);
/** Options that run what they are given where that is a command. */
const evaluating: ReadonlySet<string> = new Set('command eval script run shell'.split(' '));
/** Parts of the names of options that name a program, whoever's they are. */
const programs: readonly string[] = ['cmd', 'launcher', 'command', 'pager', 'editor', 'browser'];
/** Options that write or send a file. */
const writing: ReadonlySet<string> = new Set(
  'output output-document output-file post-file body-file upload-file dump-header save-cookies cookie-jar'.split(' '),
);
/** Settings of git that name a program. */
const gitSections: readonly string[] = ['core.', 'alias.', 'pager.', 'diff.', 'filter.', 'credential.', 'protocol.'];
/** Longest value that is taken for an option. */
const maxOption = 512;

/** `-oProxyCommand=…`, `--output=/var/www/x.php`, `-exec id`, `ext::sh -c …`, `@/etc/passwd`. */
export function judgeOption(value: string): Suspect | null {
  if (value.length > maxOption || !isOption(value)) return null;
  return suspect('option', 5, 0, value.length);
}

function isOption(value: string): boolean {
  switch (value.charCodeAt(0)) {
    case 0x40:
      return value.charCodeAt(1) === 0x2f && holdsSecret(value.toLowerCase());
    case 0x65:
    case 0x45:
      return value.slice(0, 5).toLowerCase() === 'ext::';
    case 0x2d:
      return value.charCodeAt(1) === 0x2d ? isLong(value, value.toLowerCase()) : isShort(value, value.toLowerCase());
    default:
      return false;
  }
}

function isLong(value: string, lower: string): boolean {
  let end = 2;
  while (isLetter(lower.charCodeAt(end)) || lower.charCodeAt(end) === 0x2d) end++;
  const mark = lower.charCodeAt(end);
  if (end === 2 || (mark !== 0x3d && !isBlank(mark))) return false;
  const name = lower.slice(2, end);
  const from = skipBlanks(lower, end + 1);
  if (mark === 0x3d && running.has(name)) return from < lower.length;
  if (name === 'checkpoint') return mark === 0x3d;
  if (lower.includes('%pipe%')) return true;
  if (name === 'config' && gitSections.some((section) => lower.startsWith(section, from))) return true;
  const isCommand = mark === 0x3d && readCommand(value, from).rank !== NO_COMMAND;
  if (isCommand && (name === 'pre' || programs.some((part) => name.split('-').includes(part)))) return true;
  if (evaluating.has(name)) return readCommand(value, from).rank !== NO_COMMAND;
  return isTaken(lower, from) || (writing.has(name) && lower.charCodeAt(from) === 0x2f);
}

function isShort(value: string, lower: string): boolean {
  if (lower.startsWith('-exec') || lower.startsWith('-ok')) {
    const end = lower.startsWith('-execdir') ? 8 : lower.startsWith('-okdir') ? 6 : lower.startsWith('-exec') ? 5 : 3;
    return isBlank(lower.charCodeAt(end)) && readCommand(value, end).rank !== NO_COMMAND;
  }
  // Because ssh and sendmail take their settings so.
  if (lower.startsWith('-o') && (lower.includes('command=') || lower.startsWith('-oqueuedirectory='))) return true;
  if (lower.startsWith('-ilocalcommand') || lower.includes('%pipe%')) return true;
  const letter = lower.charCodeAt(1);
  if (!isLetter(letter)) return false;
  const from = skipBlanks(lower, 2);
  if (lower.startsWith('-c ') && gitSections.some((section) => lower.startsWith(section, from))) return true;
  if (isTaken(lower, from)) return true;
  if (from === 2 || !'ecirt'.includes(lower.charAt(1))) return false;
  const command = readCommand(value, from);
  return command.interprets || command.rank >= ALONE_SHORT;
}

/** Whether the argument at `from` is a secret, or a file where anybody may write or pages are served from. */
function isTaken(lower: string, from: number): boolean {
  const at = lower.charCodeAt(from) === 0x40 ? from + 1 : from;
  if (lower.charCodeAt(at) !== 0x2f) return false;
  return holdsSecret(lower) || dropped.some((folder) => lower.startsWith(`${folder}/`, at));
}
