// Cross-site scripting: whether a value would execute in a page, as text, inside an attribute or inside a script string.

import { isWord } from '../classes.ts';
import { type Detection, isFenced } from './detection.ts';
import { changesItself, isBrokenScript, isLeftOpen } from './html-script.ts';
import { type Attribute, type Context, TagReader, type TagSink } from './html-tags.ts';
import {
  addressAttributes,
  clobbered,
  elements,
  isKnownHandler,
  knownScripts,
  knownSheets,
  loadingLinks,
  publicScripts,
  rawText,
  sinks,
  styleLoads,
} from './html-words.ts';
import { callsFunction, detectScript, isIdleAddress, scriptScheme } from './script.ts';

/** How much behind a tag's name is shown with it, in characters. */
const shown = 64;
/** Elements whose names become properties of the document. */
const clobbering: ReadonlySet<string> = new Set(['form', 'a', 'img', 'embed', 'object', 'iframe', 'area']);
/** How often and how far the content of an element is looked at, so that many of them stay linear. */
const maxLooks = 8;
const maxLook = 4096;

/** Cross-site scripting in one decoded value. Ids 1041001–1041020. Linear: five passes at most; never throws. */
export function detectHtml(value: string): Detection | null {
  const [isTagged, isDouble, isSingle, isGiven] = [
    value.includes('<'),
    value.includes('"'),
    value.includes("'"),
    value.includes('='),
  ];
  if (!isTagged && !isDouble && !isSingle && !isGiven) return detectScript(value);
  const judge = new MarkupJudge(value);
  if (isTagged) {
    judge.read('text', 0);
    const behind = behindRawText(value);
    if (behind > 0) judge.read('text', behind);
  }
  if (judge.isSure) return judge.best;
  if (isDouble) judge.read('double-quoted', 0);
  if (isSingle) judge.read('single-quoted', 0);
  if (isGiven) judge.read('unquoted', 0);
  if (judge.isSure) return judge.best;
  const script = detectScript(value);
  return script !== null && script.score > (judge.best?.score ?? 0) ? script : judge.best;
}

/** Where text is markup again behind `</textarea>` and its like or behind a comment's end; 0 where that is nowhere. */
function behindRawText(value: string): number {
  const comment = value.indexOf('-->');
  for (let at = value.indexOf('</'); at >= 0; at = value.indexOf('</', at + 2)) {
    let end = at + 2;
    while (end < value.length && end < at + 14 && isWord(value.charCodeAt(end))) end++;
    if (!rawText.has(value.slice(at + 2, end).toLowerCase())) continue;
    return comment >= 0 && comment < at ? comment + 3 : end;
  }
  return comment < 0 ? 0 : comment + 3;
}

/** Whether words stand before `start` and plain words, if any, behind `end`. */
function isProse(text: string, start: number, end: number): boolean {
  if (text.length > 200) return false;
  let words = 0;
  for (let at = 1; at < start; at++) if (text.charCodeAt(at) === 32 && isWord(text.charCodeAt(at - 1))) words++;
  for (let at = 0; at < start; at++)
    if (!isWord(text.charCodeAt(at)) && !" ,.'!?-".includes(text.charAt(at))) return false;
  for (let at = end; at < text.length; at++)
    if (!isWord(text.charCodeAt(at)) && !' ,.!?'.includes(text.charAt(at))) return false;
  return words >= 2 || (words === 1 && text.charCodeAt(end) === 32);
}

/** `{save}` and `{props.onSave}`: a name in braces and nothing else. */
function isMember(text: string, start: number): boolean {
  let at = start;
  while (at < text.length && (isWord(text.charCodeAt(at)) || text.charCodeAt(at) === 46)) at++;
  return at > start && text.charCodeAt(at) === 125;
}

/** Whether the `http-equiv` at `start` acts: those that only describe the page are what editors write. */
function redirects(text: string, start: number): boolean {
  const value = text.slice(start, start + 16).toLowerCase();
  return (
    value.startsWith('refresh') ||
    value.startsWith('set-cookie') ||
    value.startsWith('link') ||
    value.startsWith('content-security')
  );
}

/** `x/onerror=…`: what older readers take for an attribute of its own. */
function isHandlerInside(value: string): boolean {
  const at = value.indexOf('/on');
  let end = at + 3;
  while (end < value.length && isWord(value.charCodeAt(end))) end++;
  return end > at + 5 && value.charCodeAt(end) === 61 && isKnownHandler(value.slice(at + 1, end));
}

/** Whether a value in lower case calls what only an attacker calls there. */
function callsSink(value: string): boolean {
  return ['alert', 'prompt(', 'confirm', 'eval(', 'constructor', 'print(', 'import(', 'document.', 'fromcharcode'].some(
    (name) => value.includes(name),
  );
}

/** `go()`, `save('draft');`, `return app.check(this)`: one call of a function that is none of those attackers call. */
function isPlainCall(text: string, start: number, end: number): boolean {
  const from = text.startsWith('return ', start) ? start + 7 : start;
  let at = from;
  while (at < end && (isWord(text.charCodeAt(at)) || text.charCodeAt(at) === 46)) at++;
  const name = text.slice(from, at).toLowerCase();
  if (name === '' || text.charCodeAt(at) !== 40) return false;
  const greets = name === 'alert' && isGreeting(text, at + 1);
  if (!greets && (sinks.has(name.slice(name.lastIndexOf('.') + 1)) || callsSink(name))) return false;
  for (at++; at < end && text.charCodeAt(at) !== 41; at++)
    if (!isWord(text.charCodeAt(at)) && !" ',.-".includes(text.charAt(at))) return false;
  for (at++; at < end; at++) if (!'; "\''.includes(text.charAt(at))) return false;
  return true;
}

/** Whether a string that begins as a word of a sentence does stands at `from`, as every lesson has it: `alert('Hello')`. */
function isGreeting(text: string, from: number): boolean {
  const quote = text.charCodeAt(from);
  const first = text.charCodeAt(from + 1);
  const second = text.charCodeAt(from + 2);
  return (quote === 39 || quote === 34) && first >= 65 && first <= 90 && second >= 97 && second <= 122;
}

/** `{{ 'theme.js' | asset_url }}`: a file of the shop whose theme is edited. */
function isAssetOfTheme(source: string): boolean {
  return source.startsWith("{{ '") && source.endsWith(".js' | asset_url }}") && !source.includes('/');
}

function isLetterAt(text: string, at: number): boolean {
  return (text.charCodeAt(at) | 32) >= 97 && (text.charCodeAt(at) | 32) <= 122;
}

/** Keeps the worst that one value shows in the contexts it is read in. */
class MarkupJudge implements TagSink {
  readonly #text: string;
  readonly #reader: TagReader;
  #tagStart = 0;
  #context: Context = 'text';
  #looks = 0;
  best: Detection | null = null;

  constructor(text: string) {
    this.#text = text;
    this.#reader = new TagReader(text, this);
  }

  get isSure(): boolean {
    return this.best !== null && this.best.score >= 5;
  }

  read(context: Context, start: number): void {
    this.#context = context;
    this.#tagStart = start;
    this.#reader.read(context, start);
  }

  tag(name: string, isEnd: boolean, start: number, end: number): void {
    this.#tagStart = start;
    // Because `<svg:script>` is a script in XHTML and SVG.
    const local = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1) : name;
    if (isEnd) {
      if (rawText.has(name)) this.#found(1041010, 2, `an end tag </${name}> leaves the element around it`, start, end);
      return;
    }
    if (local === 'script') {
      if (this.#isKnownScript(end)) return;
      if (this.#isTalkOfScript(end) || this.#isOwnScript(end)) {
        this.#found(1041008, 3, 'the value names a <script> element that holds no code', start, end + shown);
        return;
      }
    }
    const known = elements.get(local);
    if (local === 'style' && this.#loadsByStyle(end))
      this.#found(1041009, 5, 'a <style> element loads foreign content', start, end + shown);
    else if (known !== undefined && known.score > 0)
      this.#found(local === 'script' ? 1041001 : 1041005, known.score, known.says, start, end + shown);
  }

  /**
   * Whether what stands between `<script>` at `end` and its end tag, or the end of the text, is no program: no call, no
   * assignment, nothing that computes. A script of words and commas does nothing, whatever the text is pasted into.
   */
  #isTalkOfScript(end: number): boolean {
    const text = this.#text;
    if (isBrokenScript(text, end)) return true;
    if (text.charCodeAt(end) !== 62) return false;
    if (this.#tagStart > 3 && isProse(text, this.#tagStart, end + 1)) return true;
    if (++this.#looks > maxLooks || text.length - end > maxLook) return false;
    const close = text.indexOf('</', end);
    const to = close < 0 ? text.length : close;
    let letters = 0;
    let words = 0;
    for (let at = end + 1; at < to; at++) {
      const code = text.charCodeAt(at);
      if (!isWord(code) && !" ,.'!?-\n\r<>".includes(text.charAt(at)) && code < 0x80) return false;
      if (isWord(code)) letters++;
      if (code === 32 && isWord(text.charCodeAt(at + 1))) words++;
    }
    // Because what another value goes on with is not seen: an element that is opened and left so is half an attack.
    return close >= 0 ? letters > 0 : words >= 2;
  }

  /** The address in quotes that the script behind `end` is loaded from, where it holds nothing else; '' elsewhere. */
  #sourceOf(end: number): string {
    if (++this.#looks > maxLooks) return '';
    const text = this.#text;
    const close = text.indexOf('>', end);
    if (close < 0 || close - end > 256) return '';
    const rest = text
      .slice(close + 1, close + 12)
      .trimStart()
      .toLowerCase();
    if (rest !== '' && !rest.startsWith('</script')) return '';
    const head = text.slice(end, close);
    const at = head.indexOf('src="');
    const stop = head.indexOf('"', at + 5);
    // Because a handler or a second source would make it another script.
    if (at < 0 || stop < 0 || head.toLowerCase().includes(' on') || head.indexOf('src', at + 3) >= 0) return '';
    return head.charCodeAt(at - 1) === 32 ? head.slice(at + 5, stop) : '';
  }

  /** Whether the script is one of those that come with embedded posts. */
  #isKnownScript(end: number): boolean {
    const source = this.#sourceOf(end);
    const address = source.startsWith('https:') ? source.slice(6) : source;
    if (knownScripts.includes(address)) return true;
    return publicScripts.some((one) => source.startsWith(one)) && isFenced(this.#text, this.#tagStart);
  }

  /** Whether the script is a file of the page's own server, as the source of any page names some. */
  #isOwnScript(end: number): boolean {
    const source = this.#sourceOf(end);
    if (isAssetOfTheme(source)) return true;
    if (!source.endsWith('.js') || source.startsWith('//')) return false;
    for (let at = 0; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (!isWord(code) && code !== 45 && code !== 46 && code !== 47) return false;
    }
    return source.length > 4;
  }

  /** Whether the style sheet behind `end` loads or runs something. */
  #loadsByStyle(end: number): boolean {
    if (++this.#looks > maxLooks) return false;
    const sheet = this.#text.slice(end, end + maxLook).toLowerCase();
    for (const load of styleLoads) if (sheet.includes(load)) return true;
    return false;
  }

  attribute(tag: string, attribute: Attribute): void {
    const { name, valueStart, end } = attribute;
    const isInTag = tag !== '';
    if (valueStart >= 0 && name.length > 4 && name.startsWith('on')) this.#handler(isInTag, attribute);
    if (valueStart < 0) return;
    if (isInTag && isLeftOpen(this.#text, valueStart))
      this.#found(
        1041020,
        5,
        'an attribute is left open, so that it takes in what the page goes on with',
        this.#tagStart,
        end,
      );
    const known = isInTag ? elements.get(tag) : undefined;
    if (name === 'http-equiv' && tag === 'meta' && redirects(this.#text, valueStart))
      this.#found(1041005, 5, 'a <meta> element redirects the page or sets its cookies', this.#tagStart, end);
    else if (known?.attribute === name)
      this.#found(name === 'srcdoc' ? 1041006 : 1041005, known.withScore, known.says, this.#tagStart, end);
    if (isInTag) this.#loading(tag, attribute);
    if (addressAttributes.has(name)) this.#address(isInTag, attribute);
    else if (name === 'style') this.#style(attribute);
    else if (isInTag && (name === 'id' || name === 'name')) this.#clobbering(tag, attribute);
    else if (name === 'srcdoc') this.#found(1041006, 5, 'a srcdoc attribute holds a whole page', this.#tagStart, end);
  }

  /** What loads or sends elsewhere by the form of its address, and handlers of frameworks. */
  #loading(tag: string, { name, valueStart, end }: Attribute): void {
    const value = this.#text.slice(valueStart, Math.min(end, valueStart + 256)).toLowerCase();
    const quote = this.#text.charCodeAt(valueStart - 1);
    const isQuoted = quote === 34 || quote === 39;
    const isAbroad = value.startsWith('//') || (!isQuoted && value.startsWith('http'));
    if (tag === 'link' && name === 'href' && (isAbroad || value.startsWith('http') || value.startsWith('\\')))
      this.#link(value, end);
    if ((tag === 'iframe' || tag === 'frame') && name === 'src' && isAbroad)
      this.#found(1041005, 5, `the <${tag}> element embeds a foreign page`, this.#tagStart, end);
    if (tag === 'form' && name === 'action' && (value.startsWith('//') || value.startsWith('http')))
      this.#found(1041005, 5, 'the <form> element sends what the visitor enters elsewhere', this.#tagStart, end);
    if (tag === 'object' && name === 'classid')
      this.#found(1041005, 5, 'the <object> element starts a control', this.#tagStart, end);
    if (!isQuoted && value.includes('/on') && isHandlerInside(value))
      this.#found(1041002, 5, 'a tag adds an event handler behind a slash', this.#tagStart, end);
    if (value.startsWith('&{')) this.#found(1041007, 5, 'an attribute holds a script entity', this.#tagStart, end);
    const isBinding =
      name.startsWith('ng-') ||
      name.startsWith('v-') ||
      name.startsWith('x-') ||
      name.startsWith('hx-on') ||
      name.includes(':');
    if (isBinding && callsSink(value))
      this.#found(1041003, 5, `the attribute ${name} of a framework runs a script`, this.#tagStart, end);
  }

  /** A `<link>` to another server, whose address is `value`. */
  #link(value: string, end: number): void {
    if (knownSheets.some((one) => value.startsWith(one))) return;
    const close = this.#text.indexOf('>', end);
    const stop = Math.min(close < 0 ? this.#text.length : close, this.#tagStart + 512);
    const head = this.#text.slice(this.#tagStart, stop).toLowerCase();
    const loads = loadingLinks.some((one) => head.includes(one));
    this.#found(1041005, loads ? 5 : 2, 'a <link> element loads a foreign style sheet', this.#tagStart, end);
  }

  #handler(isInTag: boolean, { name, start, valueStart, end }: Attribute): void {
    for (let index = 2; index < name.length; index++) if (!isWord(name.charCodeAt(index))) return;
    // Because a function of JSX that nobody calls is the notation of components.
    if (this.#text.startsWith('{(', valueStart) && this.#text.slice(valueStart, valueStart + 40).includes('=>')) return;
    if (this.#text.startsWith('{', valueStart) && isMember(this.#text, valueStart + 1)) return;
    if (changesItself(this.#text, valueStart, end)) return;
    if (this.#isCitedCall(isInTag, start, valueStart, end)) {
      this.#found(1041003, 3, `the text shows the attribute ${name}`, start, end);
      return;
    }
    if (isInTag) {
      this.#found(1041002, 5, `the attribute ${name} of a tag runs a script`, this.#tagStart, end);
      return;
    }
    const runs = callsFunction(this.#text, valueStart, end) || this.#text.slice(valueStart, end).includes('=');
    const known = isKnownHandler(name);
    const quoted = this.#context !== 'unquoted';
    const score = known && (runs || quoted) ? 5 : runs ? 4 : 2;
    if (known || runs) this.#found(1041003, score, `the value leaves its attribute and adds ${name}`, start, end);
  }

  /** Whether a handler only calls a function by its plain name, in a fenced block or in the midst of a sentence. */
  #isCitedCall(isInTag: boolean, start: number, valueStart: number, end: number): boolean {
    const text = this.#text;
    if (end - valueStart > 64 || !isPlainCall(text, valueStart, end)) return false;
    if (isInTag || isFenced(text, start)) return isFenced(text, start);
    const isQuoted = text.charCodeAt(valueStart - 1) === 34;
    return isQuoted && this.#context === 'unquoted' && text.charCodeAt(end) === 32 && isLetterAt(text, end + 1);
  }

  #address(isInTag: boolean, { name, start, valueStart, end }: Attribute): void {
    const scheme = scriptScheme(this.#text, valueStart, end);
    if (scheme === '' || (scheme === 'javascript:' && isIdleAddress(this.#text, valueStart, end))) return;
    const from = isInTag ? this.#tagStart : start;
    this.#found(1041004, 5, `the attribute ${name} holds a ${scheme} address`, from, end);
  }

  #style({ valueStart, end }: Attribute): void {
    const style = this.#text
      .slice(valueStart, Math.min(end, valueStart + 4096))
      .toLowerCase()
      .replaceAll('/**/', '');
    const runs =
      style.includes('expression(') ||
      style.includes('javascript:') ||
      style.includes('-moz-binding') ||
      style.includes('behavior:');
    if (runs) this.#found(1041007, 5, 'a style attribute runs a script', this.#tagStart, end);
  }

  #clobbering(tag: string, { valueStart, end }: Attribute): void {
    const name = this.#text.slice(valueStart, Math.min(end, valueStart + 24)).toLowerCase();
    const bare = name.endsWith('"') || name.endsWith("'") ? name.slice(0, -1) : name;
    const isHard =
      bare !== 'location' && bare !== 'body' && bare !== 'domain' && bare !== 'children' && bare !== 'attributes';
    if (clobbered.has(bare))
      this.#found(
        1041011,
        isHard && clobbering.has(tag) ? 5 : 2,
        `an element named ${bare} hides a property of the page`,
        this.#tagStart,
        end,
      );
  }

  #found(id: number, score: number, says: string, start: number, end: number): void {
    if (this.best !== null && this.best.score >= score) return;
    const severity = score >= 5 ? 'CRITICAL' : score >= 3 ? 'WARNING' : 'NOTICE';
    this.best = { id, score, severity, says, start, end: Math.min(this.#text.length, end) };
  }
}
