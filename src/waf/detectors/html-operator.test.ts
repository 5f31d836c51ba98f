// `@detectXSS` on values as ModSecurity's transformations leave them: what would run in a page, and what only looks like it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectXss } from './html-operator.ts';

/** Written for this test: one way to attack each. */
const attacks = String.raw`
<script>alert(1)</script>
<script src=//evil.example/x.js>
<ScRiPt
<img src=x onerror=alert(1)>
<svg/onload=alert(1)//
<iframe src="javascript:alert(1)">
<iframe srcdoc="<p>x</p>">
<a href="jAvAsCrIpT:alert(1)">
<a href=data:text/html,<script>alert(1)</script>>
<button formaction=javascript:alert(1)>
<details open ontoggle=alert(1)>
<object data="javascript:alert(1)">
<math><mi xlink:href="javascript:alert(1)">
<base href="//evil.example/">
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<style>@import '//evil.example/x.css';</style>
<div style="width:expression(alert(1))">
" onmouseover=alert(1) x="
' onmouseover='alert(1)
x onmouseover=alert(1)
"><svg onload=alert(1)>
--><script>alert(1)</script>
</textarea><img src=x onerror=alert(1)>
<svg><animate onbegin=alert(1) attributeName=x>
<table background="javascript:alert(1)">
javascript:alert(1)
data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==
';alert(1)//
'-alert(1)-'
<<script>alert(1)//<</script>
<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>`;

/** Written for this test: what people and programs send. */
const ordinary = String.raw`
a < b and c > d
i <3 you
<b>bold</b>
<a href="https://example.com">link</a>
<img src="https://example.com/a.png" alt="x">
<div class="x"><p>two</p></div>
John <john@example.com>
List<String>
one=1&only=5&online=true
JavaScript: The Definitive Guide
data:image/png;base64,iVBORw0KGgo=
alert (1) level
the onerror attribute
<!-- note -->
<!DOCTYPE html>
style="color:red"
12" vinyl; "new"
background: url(https://example.com/x.png)
if (a<b) { c>d }
'tis`;

const rowsOf = (text: string) => text.split('\n').slice(1);

for (const value of rowsOf(attacks)) test(`attack: ${value}`, () => assert.equal(detectXss(value), true));
for (const value of rowsOf(ordinary)) test(`ordinary: ${value}`, () => assert.equal(detectXss(value), false));
