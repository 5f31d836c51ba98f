// The page that sets a browser its task: one document, no third party, one script and one style that its policy names by digest.

import { createHash } from 'node:crypto';

/** Where the script brings its answer. Outside of every application's paths (RFC 8615). */
export const answerPath = '/.well-known/portcullis/proof';

/** What a page needs to know. `task` and `id` are of letters, digits, `.`, `-` and `_`. */
export interface Task {
  readonly task: string;
  readonly bits: number;
  /** Number of the request, for the owner. */
  readonly id: string;
  /** Whether the same address may simply be asked for again afterwards. */
  readonly isRepeatable: boolean;
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.4em}progress{width:100%}a{color:inherit}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}`;

/** Because WebCrypto is missing where there is no TLS, and takes longer to begin one digest than this takes to make it, there is one
 * way for all browsers: SHA-256 (FIPS 180-4) of one block, in slices of 20 ms between which the page lives. */
export const script = `'use strict';(function(){
var root=document.getElementById('task'),says=document.getElementById('says'),bar=document.getElementById('bar');
var task=root.getAttribute('data-task'),bits=+root.getAttribute('data-bits'),place=root.getAttribute('data-to');
function say(word){says.textContent=root.getAttribute('data-'+word)}
function stop(word){bar.hidden=true;say(word)}
var K=new Int32Array(64),H=new Int32Array(8),W=new Int32Array(64);
(function(){for(var found=0,n=2;found<64;n++){for(var d=2;d*d<=n&&n%d;d++);if(d*d<=n)continue;
if(found<8)H[found]=Math.sqrt(n)%1*4294967296|0;K[found++]=Math.cbrt(n)%1*4294967296|0}})();
function first(text){
W.fill(0,0,16);for(var i=0;i<text.length;i++)W[i>>2]|=text.charCodeAt(i)<<24-i%4*8;
W[i>>2]|=128<<24-i%4*8;W[15]=text.length*8;
for(i=16;i<64;i++){var x=W[i-15],y=W[i-2];
W[i]=W[i-16]+W[i-7]+((x>>>7|x<<25)^(x>>>18|x<<14)^x>>>3)+((y>>>17|y<<15)^(y>>>19|y<<13)^y>>>10)}
var a=H[0],b=H[1],c=H[2],d=H[3],e=H[4],f=H[5],g=H[6],h=H[7];
for(i=0;i<64;i++){var t=h+((e>>>6|e<<26)^(e>>>11|e<<21)^(e>>>25|e<<7))+(e&f^~e&g)+K[i]+W[i]|0;
var u=((a>>>2|a<<30)^(a>>>13|a<<19)^(a>>>22|a<<10))+(a&b^a&c^b&c)|0;h=g;g=f;f=e;e=d+t|0;d=c;c=b;b=a;a=t+u|0}
return H[0]+a|0}
var n=0,expected=Math.pow(2,bits);
function bring(){fetch(place+'?task='+task+'&answer='+n,{method:'POST',cache:'no-store',credentials:'same-origin'}).then(function(answer){
if(!answer.ok)return stop('refused');
if(root.hasAttribute('data-again'))location.reload();else location.replace(location.pathname+location.search)
},function(){stop('refused')})}
function slice(){for(var end=Date.now()+20;Date.now()<end;)for(var k=0;k<256;k++,n++)if(Math.clz32(first(task+'.'+n))>=bits)return bring();
bar.value=1-Math.exp(-n/expected);setTimeout(slice,0)}
var tries=0;try{tries=+sessionStorage.getItem('portcullis-tries');if(Date.now()-sessionStorage.getItem('portcullis-tried')>6e4)tries=0;
sessionStorage.setItem('portcullis-tries',tries+1);sessionStorage.setItem('portcullis-tried',Date.now())}catch(error){}
if(!navigator.cookieEnabled||tries>3)stop('cookies');else{bar.hidden=false;say('works');setTimeout(slice,0)}})()`;

/** What the page may do: run this script, have this style, and ask its own site. */
const policy = [
  "default-src 'none'",
  `script-src ${digestOf(script)}`,
  `style-src ${digestOf(style)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The field lines of every answer that has the page for a body. */
export const pageFields = `Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: ${policy}\r\nReferrer-Policy: no-referrer\r\n`;

/** The page, in ASCII. */
export function challengePage({ task, bits, id, isRepeatable }: Task): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
<title>One moment</title>
<style>${style}</style>
<main id="task" data-task="${task}" data-bits="${bits}" data-to="${answerPath}"${isRepeatable ? ' data-again' : ''}
 data-works="Your browser is solving a small task. That takes a few seconds and happens once."
 data-refused="The answer was not accepted. Please load this page again."
 data-cookies="This check needs cookies for this site, and your browser keeps none. Please allow them and load this page again.">
<h1>One moment</h1>
<p>This site is asked for more than usual, and wants to know that a browser is asking. Nothing is sent to anybody else.</p>
<p id="says" role="status"></p>
<progress id="bar" max="1" value="0" aria-label="How far the task is" hidden></progress>
<noscript><p>The check is a small script, and your browser runs none here. Allow scripts for this site and load the page again, or ask the owner of this site and tell them this number: ${id}</p></noscript>
<p><small>Number of this request: ${id}</small></p>
</main>
<script>${script}</script></html>
`;
}

function digestOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
