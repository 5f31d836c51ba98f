// Uploads that a server would run: by the name of the file, and by what its first bytes are.

import { type Detection, found } from './detection.ts';

/** Endings that web servers hand to an interpreter, wherever they stand among the endings of a name. */
const running: ReadonlySet<string> = new Set(
  'php php3 php4 php5 php6 php7 php8 phps phtml pht phpt phar pgif shtml shtm stm asp aspx ashx asmx ascx asa cer cdx jsp jspx jspf jsw jsv war cfm cfml cfc cgi fcgi'.split(
    ' ',
  ),
);
/** Endings that run where they are opened, only as the last. */
const opening: ReadonlySet<string> = new Set(
  'exe scr dll com pif bat cmd vbs vbe jse wsf wsh hta ps1 msi lnk scf pl'.split(' '),
);
/** Names that configure a folder of a web server. */
const configuring: ReadonlySet<string> = new Set(['.htaccess', '.htpasswd', '.user.ini', 'web.config', 'php.ini']);

/** How many bytes of a file's beginning are looked at. */
export const sniffedFileBytes = 4096;

/** An executable file by its name. Ids 1033001–1033003. Linear; never throws. */
export function detectFileName(name: string): Detection | null {
  const lower = name.slice(-300).toLowerCase();
  const slash = Math.max(lower.lastIndexOf('/'), lower.lastIndexOf('\\'));
  const base = lower.slice(slash + 1);
  if (configuring.has(base)) return found(1033002, 5, `the file ${base} would configure the server`, 0, name.length);
  const parts = base.split('.');
  for (let index = 1; index < parts.length; index++) {
    const ending = wordOf(parts[index]!);
    const isLast = index === parts.length - 1 || parts.slice(index + 1).every((part) => part.trim() === '');
    if (running.has(ending))
      return found(1033001, 5, `a server would run the file, for it ends in .${ending}`, 0, name.length);
    if (isLast && opening.has(ending))
      return found(1033003, 5, `the file is a program, for it ends in .${ending}`, 0, name.length);
  }
  return null;
}

/** Letters and digits at the start: what is behind NUL, `;`, `:` or a blank is cut off by one reader or another. */
function wordOf(part: string): string {
  let end = 0;
  while (end < part.length && isWord(part.charCodeAt(end))) end++;
  return part.slice(0, end);
}

function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
}

/** What the first bytes of a file (latin1) would do. `name` and `type` are what it says to be. Ids 1033010–1033016. Linear; never throws. */
export function detectFileContent(bytes: string, name: string, type: string): Detection | null {
  const isImage = type.startsWith('image/') || isImageName(name);
  const lower = bytes.toLowerCase();
  const php = lower.indexOf('<?php');
  const short = lower.indexOf('<?=');
  if (php >= 0 && (isImage || runsPhp(lower, php))) return found(1033010, 5, 'the file holds PHP', php, php + 64);
  if (short >= 0 && isImage) return found(1033010, 5, 'the file holds PHP', short, short + 64);
  const page = lower.indexOf('<%');
  if (
    page >= 0 &&
    isImage &&
    (lower.includes('getruntime', page) ||
      lower.includes('request', page) ||
      lower.includes('execute', page) ||
      lower.includes('process', page))
  )
    return found(1033011, 5, 'the file holds a server page', page, page + 64);
  if (isImage && lower.startsWith('mz') && lower.includes('\0'))
    return found(1033012, 5, 'the file says it is an image and is a program of Windows', 0, 2);
  if (isImage && bytes.startsWith('\x7fELF'))
    return found(1033012, 5, 'the file says it is an image and is a program of Linux', 0, 4);
  if (isImage && lower.startsWith('#!/'))
    return found(1033012, 5, 'the file says it is an image and is a script', 0, 32);
  return drawing(lower, isImage);
}

/** Images that are programs in disguise: SVG with scripts or entities, ImageMagick's and PostScript's commands. */
function drawing(lower: string, isImage: boolean): Detection | null {
  const entity = lower.indexOf('<!entity');
  if (entity >= 0 && lower.includes('system', entity))
    return found(1033013, 5, 'the file declares an entity that reads other files', entity, entity + 96);
  const svg = lower.indexOf('<svg');
  if (
    svg >= 0 &&
    (lower.includes('<script', svg) || lower.includes('onload=', svg) || lower.includes('javascript:', svg))
  )
    return found(1033014, 5, 'the drawing runs a script', svg, svg + 96);
  const script = isImage ? lower.indexOf('<script') : -1;
  if (script >= 0) return found(1033014, 5, 'the file says it is an image and holds a script', script, script + 64);
  if (isImage && lower.includes('push graphic-context') && (lower.includes('url(') || lower.includes('|')))
    return found(1033015, 5, "the file holds commands of ImageMagick's language", 0, 64);
  if (lower.startsWith('%!ps') && (lower.includes('%pipe%') || lower.includes('/outputfile')))
    return found(1033016, 5, 'the file is PostScript that runs a command', 0, 64);
  return null;
}

function runsPhp(lower: string, at: number): boolean {
  const code = lower.slice(at, at + 600);
  return (
    ['eval(', 'system(', 'passthru(', 'shell_exec(', 'assert(', 'base64_decode('].some((call) => code.includes(call)) &&
    code.includes('$_')
  );
}

function isImageName(name: string): boolean {
  const lower = name.slice(-8).toLowerCase();
  return ['.jpg', '.jpeg', '.png', '.gif', '.webp', '.bmp', '.svg', '.eps'].some((ending) => lower.endsWith(ending));
}
