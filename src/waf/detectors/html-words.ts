// The words by which markup executes or loads: elements, attributes that hold addresses, event handlers, script sinks.

/** What an element is worth by its mere name, and what to say of it. */
export interface ElementWord {
  readonly score: number;
  readonly says: string;
  /** The attribute that makes it `withScore`, or ''. */
  readonly attribute: string;
  readonly withScore: number;
}

function word(score: number, says: string, attribute = '', withScore = score): ElementWord {
  return { score, says, attribute, withScore };
}

/** What makes a style sheet load or run something. */
export const styleLoads: readonly string[] = ['@import', 'url(', 'expression(', 'behavior:', '-moz-binding'];

/** Elements that run, load or redirect. Elements of ordinary rich text are not among them. */
export const elements: ReadonlyMap<string, ElementWord> = new Map([
  ['script', word(5, 'a <script> element runs what it holds or loads')],
  ['object', word(3, 'an <object> element embeds foreign content', 'data', 5)],
  ['embed', word(4, 'an <embed> element embeds foreign content', 'src', 5)],
  ['xss', word(5, 'an <xss> element is what probes look for')],
  ['applet', word(5, 'an <applet> element runs foreign code')],
  ['base', word(3, 'a <base> element moves every relative address', 'href', 5)],
  ['meta', word(2, 'a <meta> element can redirect the page')],
  ['link', word(0, 'a <link> element loads a foreign style sheet')],
  ['iframe', word(3, 'an <iframe> element embeds a foreign page', 'srcdoc', 5)],
  ['frame', word(4, 'a <frame> element embeds a foreign page')],
  ['frameset', word(4, 'a <frameset> element replaces the page')],
  ['portal', word(4, 'a <portal> element embeds a foreign page', 'src', 5)],
  ['style', word(4, 'a <style> element changes the whole page')],
  ['foreignobject', word(3, 'a <foreignObject> element brings HTML into SVG')],
  ['animate', word(2, 'an <animate> element can change an address', 'attributename', 5)],
  ['set', word(2, 'a <set> element can change an address', 'attributename', 5)],
  ['form', word(2, 'a <form> element sends what the visitor enters', 'action', 3)],
  ['button', word(0, 'a <button> element sends a form elsewhere', 'formaction', 4)],
  ['input', word(0, 'an <input> element sends a form elsewhere', 'formaction', 4)],
  ['bgsound', word(3, 'a <bgsound> element loads foreign content')],
  ['layer', word(3, 'a <layer> element loads foreign content', 'src', 5)],
  ['ilayer', word(3, 'an <ilayer> element loads foreign content', 'src', 5)],
]);

/** What a `<link>` must be related by to load anything. */
export const loadingLinks: readonly string[] = ['stylesheet', 'import', 'preload', 'prefetch', 'manifest'];

/** Style sheets of the world that pages name, and the scripts of posts that editors embed: nobody but their owners writes to them. */
export const knownSheets: readonly string[] = ['https://fonts.googleapis.com/css', '//fonts.googleapis.com/css'];
/** Where programs of the world lie, as lessons load them. */
export const publicScripts: readonly string[] = [
  'https://cdn.jsdelivr.net/npm/',
  'https://unpkg.com/',
  'https://cdnjs.cloudflare.com/ajax/libs/',
  'https://code.jquery.com/',
];
/** Scripts of posts that editors embed, without their scheme. */
export const knownScripts: readonly string[] = [
  '//platform.twitter.com/widgets.js',
  '//platform.x.com/widgets.js',
  '//www.instagram.com/embed.js',
  '//www.tiktok.com/embed.js',
  '//embed.reddit.com/widgets.js',
  '//embedr.flickr.com/assets/client-code.js',
  '//s.imgur.com/min/embed.js',
  '//assets.pinterest.com/js/pinit.js',
];

/** Elements whose end tag ends raw text, so that what stands behind it is markup again. */
export const rawText: ReadonlySet<string> = new Set([
  'script',
  'style',
  'title',
  'textarea',
  'noscript',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'template',
]);

/** Attributes whose value is an address that a browser follows or runs. */
export const addressAttributes: ReadonlySet<string> = new Set([
  'href',
  'xlink:href',
  'src',
  'action',
  'formaction',
  'data',
  'poster',
  'background',
  'codebase',
  'cite',
  'dynsrc',
  'lowsrc',
  'from',
  'to',
  'values',
  'by',
  'content',
  'srcset',
  'code',
  'classid',
  'value',
  'manifest',
  'ping',
]);

/** Beginnings of the names of event handlers, without `on`: what tells `onclick=` from `once=` outside a tag. */
// biome-ignore format: a list of words
const handlerStarts: readonly string[] = [
  'abort', 'activate', 'after', 'animation', 'auxclick', 'before', 'begin', 'blur', 'bounce', 'cancel', 'canplay',
  'change', 'click', 'close', 'contentvis', 'context', 'copy', 'cuechange', 'cut', 'dblclick', 'drag', 'drop',
  'duration', 'emptied', 'end', 'error', 'finish', 'focus', 'formdata', 'fullscreen', 'gesture', 'hashchange',
  'input', 'invalid', 'key', 'language', 'load', 'message', 'mouse', 'offline', 'online', 'page', 'paste', 'pause',
  'play', 'pointer', 'popstate', 'progress', 'ratechange', 'readystate', 'repeat', 'reset', 'resize', 'scroll',
  'search', 'security', 'seek', 'select', 'show', 'slotchange', 'stalled', 'start', 'storage', 'submit', 'suspend',
  'timeupdate', 'toggle', 'touch', 'transition', 'unhandled', 'unload', 'volume', 'waiting', 'webkit', 'wheel',
];

/** Whether a lower-case attribute name is that of an event handler browsers know. */
export function isKnownHandler(name: string): boolean {
  for (const start of handlerStarts) if (name.startsWith(start, 2)) return true;
  return false;
}

/** Functions and objects that a script reaches for first when it was smuggled in. */
export const sinks: ReadonlySet<string> = new Set([
  'alert',
  'prompt',
  'confirm',
  'print',
  'eval',
  'fetch',
  'import',
  'settimeout',
  'setinterval',
  'setimmediate',
  'function',
  'constructor',
  'atob',
  'fromcharcode',
  'xmlhttprequest',
  'sendbeacon',
  'write',
  'writeln',
  'open',
  'assign',
  'navigate',
  'appendchild',
  'createelement',
  'insertadjacenthtml',
  'getscript',
  'execscript',
  'postmessage',
  'steal',
]);

/** Those of them that a visitor has no reason to send alone, as the whole of a value. */
export const loneSinks: ReadonlySet<string> = new Set([
  'alert',
  'prompt',
  'confirm',
  'eval',
  'settimeout',
  'setinterval',
  'fromcharcode',
  'xmlhttprequest',
  'execscript',
  'sendbeacon',
]);

/** Property paths that only a script reads or sets. */
export const scriptObjects: readonly string[] = [
  'document.cookie',
  'document.domain',
  'document.write',
  'document.location',
  'document.body',
  'document.createelement',
  'window.location',
  'window.open',
  'window.name',
  'location.href',
  'location.hash',
  'self.location',
  'top.location',
  'parent.location',
  'string.fromcharcode',
  'localstorage.',
  'sessionstorage.',
  '.innerhtml',
  '.outerhtml',
];

/** What a template expression needs to leave its sandbox. */
export const templateEscapes: readonly string[] = [
  'constructor',
  '__proto__',
  '__class__',
  '__mro__',
  '__subclasses__',
  '__globals__',
  '__builtins__',
  '__import__',
  '$eval',
  '$on.',
  '$watch',
  'fromcharcode',
  'popen(',
  'getruntime',
  'freemarker.template',
];

/** Names of properties of `document` and `window` that a named element would hide. */
export const clobbered: ReadonlySet<string> = new Set([
  'attributes',
  'body',
  'children',
  'cookie',
  'currentscript',
  'defaultview',
  'domain',
  'forms',
  'getelementbyid',
  'implementation',
  'location',
  'documentelement',
  'parentnode',
  'queryselector',
]);
