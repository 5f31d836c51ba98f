// Whole header sets as browsers, apps, crawlers, libraries and proxies send them: none of them is so much as suspicious.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, gate } from '../../test/waf-asking.ts';

type Fields = readonly (readonly [string, string])[];

const clients: readonly (readonly [string, Fields])[] = [
  [
    'Chrome on Windows',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      ],
      ['sec-ch-ua', '"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"'],
      ['sec-ch-ua-mobile', '?0'],
      ['sec-ch-ua-platform', '"Windows"'],
      [
        'Accept',
        'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
      ],
      ['Accept-Encoding', 'gzip, deflate, br, zstd'],
      ['Accept-Language', 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7'],
      ['Sec-Fetch-User', '?1'],
      ['Priority', 'u=0, i'],
      ['Cache-Control', 'max-age=0'],
      ['Upgrade-Insecure-Requests', '1'],
    ],
  ],
  [
    'Chrome with high-entropy hints',
    [
      ['sec-ch-ua', '"Not;A=Brand";v="8", "Chromium";v="127"'],
      ['sec-ch-ua-full-version-list', '"(Not(A:Brand";v="99.0.0.0", "Google Chrome";v="133.0.6943.98"'],
      ['sec-ch-ua', '" Not A;Brand";v="99"'],
      ['sec-ch-ua-model', '"Pixel 7 Pro"'],
      ['sec-ch-ua-arch', '"x86"'],
      ['sec-ch-ua-bitness', '"64"'],
      ['sec-ch-ua-wow64', '?0'],
      ['sec-ch-prefers-color-scheme', 'dark'],
      ['device-memory', '8'],
      ['downlink', '10'],
      ['rtt', '50'],
      ['ect', '4g'],
      ['viewport-width', '1920'],
      ['X-Client-Data', 'CIe2yQEIpbbJAQipncoBCMDdygEIk6HLAQiFoM0BGMSlzgE='],
    ],
  ],
  [
    'Android Chrome',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36',
      ],
      ['X-Requested-With', 'com.android.browser'],
      ['Save-Data', 'on'],
    ],
  ],
  [
    'Samsung',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
      ],
    ],
  ],
  [
    'Firefox',
    [
      ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'],
      ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
      ['Accept-Language', 'en-GB,en;q=0.5'],
      ['TE', 'trailers'],
      ['DNT', '1'],
      ['Sec-GPC', '1'],
    ],
  ],
  ['Firefox Android', [['User-Agent', 'Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0']]],
  [
    'Safari iPhone',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
      ],
      ['Accept', '*/*'],
      ['Range', 'bytes=0-1'],
      ['X-Playback-Session-Id', '5F3B1B1E-1C1B-4E1B-9B1B-1B1B1B1B1B1B'],
    ],
  ],
  [
    'Instagram',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21G93 Instagram 357.0.6.28.101 (iPhone14,5; iOS 17_6_1; en_US; en; scale=3.00; 1170x2532; 658190221) NW/3',
      ],
    ],
  ],
  [
    'Facebook',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Linux; Android 13; SM-A536B Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/490.0.0.63.82;IABMV/1;]',
      ],
    ],
  ],
  [
    'Edge',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
      ],
      ['sec-ch-ua', '"Microsoft Edge";v="131", "Chromium";v="131", "Not_A Brand";v="24"'],
      ['sec-ms-gec-version', '1-131.0'],
    ],
  ],
  [
    'curl',
    [
      ['User-Agent', 'curl/8.10.1'],
      ['Accept', '*/*'],
    ],
  ],
  [
    'curl -d',
    [
      ['User-Agent', 'curl/8.10.1'],
      ['Accept', '*/*'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
  ],
  [
    'python-requests',
    [
      ['User-Agent', 'python-requests/2.32.3'],
      ['Accept-Encoding', 'gzip, deflate'],
      ['Accept', '*/*'],
      ['Connection', 'keep-alive'],
    ],
  ],
  ['aiohttp', [['User-Agent', 'Python/3.12 aiohttp/3.10.10']]],
  [
    'Googlebot',
    [
      [
        'User-Agent',
        'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.69 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      ],
      ['From', 'googlebot(at)googlebot.com'],
      ['Accept-Encoding', 'gzip, deflate, br'],
    ],
  ],
  [
    'bingbot',
    [
      [
        'User-Agent',
        'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36',
      ],
    ],
  ],
  [
    'okhttp',
    [
      ['User-Agent', 'okhttp/5.0.0-alpha.14'],
      ['X-App-Version', '4.2.1 (4021)'],
      ['X-Device', 'Google Pixel 7; Android 14'],
    ],
  ],
  [
    'iOS app',
    [
      ['User-Agent', 'MyShop/4.2.1 (com.example.shop; build:1234; iOS 18.1.0) Alamofire/5.9.1'],
      ['X-Device-Model', 'iPhone15,3'],
    ],
  ],
  ['CFNetwork', [['User-Agent', 'MyShop/421 CFNetwork/1568.200.51 Darwin/24.1.0']]],
  ['Dalvik', [['User-Agent', 'Dalvik/2.1.0 (Linux; U; Android 12; M2101K6G Build/SKQ1.210908.001)']]],
  [
    'Java',
    [
      ['User-Agent', 'Java/17.0.9'],
      ['Accept', 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2'],
    ],
  ],
  [
    'axios',
    [
      ['User-Agent', 'axios/1.7.7'],
      ['Accept', 'application/json, text/plain, */*'],
    ],
  ],
  [
    'node',
    [
      ['User-Agent', 'node'],
      ['sec-fetch-mode', 'cors'],
      ['accept-language', '*'],
    ],
  ],
  [
    'Postman',
    [
      ['User-Agent', 'PostmanRuntime/7.42.0'],
      ['Postman-Token', '5f8a9c1e-0000-4000-8000-000000000000'],
    ],
  ],
  ['Slackbot', [['User-Agent', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)']]],
  ['Twitterbot', [['User-Agent', 'Twitterbot/1.0']]],
  [
    'facebookexternalhit',
    [['User-Agent', 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)']],
  ],
  ['UptimeRobot', [['User-Agent', 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)']]],
  ['Pingdom', [['User-Agent', 'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)']]],
  [
    'GPTBot',
    [
      [
        'User-Agent',
        'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.2; +https://openai.com/gptbot',
      ],
    ],
  ],
  [
    'Stripe',
    [
      ['User-Agent', 'Stripe/1.0 (+https://stripe.com/docs/webhooks)'],
      [
        'Stripe-Signature',
        't=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39',
      ],
    ],
  ],
  [
    'GitHub',
    [
      ['User-Agent', 'GitHub-Hookshot/f1d4c6e'],
      ['X-GitHub-Event', 'push'],
      ['X-Hub-Signature-256', 'sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c'],
    ],
  ],
  [
    'behind proxies',
    [
      ['X-Forwarded-For', '203.0.113.7, 10.0.0.2'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'shop.example.com'],
      ['Forwarded', 'for=203.0.113.7;proto=https;host="shop.example.com"'],
      ['Via', '1.1 vegur, 2 varnish (Varnish/6.0)'],
      ['CF-RAY', '8e1c-FRA'],
      ['CF-Visitor', '{"scheme":"https"}'],
      ['CDN-Loop', 'cloudflare; loops=1'],
      ['X-Amzn-Trace-Id', 'Self=1-67891234-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678;Sampled=1'],
      ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      ['tracestate', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
      ['baggage', 'userId=alice,serverNode=DF%2028,isProduction=false'],
      ['X-B3-TraceId', '80f198ee56343ba8'],
      ['sentry-trace', '771a43a4192642f0b136d5159a501700-7d2b2a0e9c3e8c2d-1'],
    ],
  ],
  [
    'conditional',
    [
      ['If-None-Match', 'W/"5d-abc", "x--gzip"'],
      ['If-Modified-Since', 'Sat, 29 Oct 1994 19:43:31 GMT'],
      ['If-Match', '*'],
      ['If-Range', '"a-b"'],
      ['Cache-Control', 'no-cache, no-store; max-age=0'],
      ['Pragma', 'no-cache'],
      ['Prefer', 'return=representation; wait=10'],
      ['Prefer', 'respond-async, wait=10'],
    ],
  ],
  [
    'htmx',
    [
      ['HX-Request', 'true'],
      ['HX-Current-URL', 'https://example.com/a?b=c&d=e'],
      ['HX-Target', 'main'],
      ['HX-Trigger', 'btn-1'],
    ],
  ],
  [
    'Next.js',
    [
      ['RSC', '1'],
      [
        'Next-Router-State-Tree',
        '%5B%22%22%2C%7B%22children%22%3A%5B%22__PAGE__%22%2C%7B%7D%5D%7D%2Cnull%2Cnull%2Ctrue%5D',
      ],
      ['Next-Url', '/a/b'],
      ['Next-Action', '7f9c0e'],
    ],
  ],
  [
    'Turbo',
    [
      ['Accept', 'text/vnd.turbo-stream.html, text/html, application/xhtml+xml'],
      ['Turbo-Frame', 'messages'],
      ['X-CSRF-Token', 'aB3/xY+z9=='],
    ],
  ],
  [
    'GA cookies',
    [
      [
        'Cookie',
        '_ga=GA1.1.123.456; _ga_X1=GS1.1.1730000000.5.1.1730000100.60.0.0; _gcl_au=1.1.1.1; _fbp=fb.1.17.1; _uetsid=abc|1|fq; _hjSessionUser_1=eyJpZCI6IjEyIiwiY3JlYXRlZCI6MTczMDAwMDAwMDAwMH0=; __stripe_mid=a-b',
      ],
    ],
  ],
  [
    'consent cookies',
    [
      [
        'Cookie',
        'CookieConsent={stamp:%27abc==%27%2Cnecessary:true%2Cpreferences:false%2Cver:1%2Cutc:1730000000000%2Cregion:%27de%27}; euconsent-v2=CPabc.YAAAAAAAAAAA; OptanonConsent=isGpcEnabled=0&datestamp=Sat+Nov+23+2024+10%3A00%3A00+GMT%2B0100+(Central+European+Standard+Time)&version=202409.1.0&geolocation=DE%3BBE&groups=C0001%3A1',
      ],
    ],
  ],
  [
    'php cookies',
    [
      [
        'Cookie',
        'wordpress_logged_in_abc=admin%7C1730000000%7CaBc%7Cdef; wp-settings-1=libraryContent%3Dbrowse%26editor%3Dtinymce; PHPSESSID=abc; laravel_session=eyJpdiI6IkFBQUFBQUFBQUFBQUFBQUFBQUFBQUE9PSIsInZhbHVlIjoiQkJCIiwibWFjIjoiMDAifQ%3D%3D',
      ],
    ],
  ],
  [
    'amplitude',
    [
      [
        'Cookie',
        'AMP_abc=JTdCJTIyZGV2aWNlSWQlMjIlM0ElMjJhJTIyJTJDJTIyc2Vzc2lvbklkJTIyJTNBMTczMDAwMDAwMDAwMCU3RA==; mp_x_mixpanel=%7B%22distinct_id%22%3A%20%22%24device%3A19%22%2C%22%24initial_referrer%22%3A%20%22%24direct%22%7D; intercom-session-x=Y2F0IGFuZCBkb2c=',
      ],
    ],
  ],
  [
    'Referers',
    [
      ['Referer', 'https://www.google.com/'],
      ['Referer', 'android-app://com.google.android.gm/'],
      ['Referer', 'https://shop.example.com/search?q=men%27s+shoes+%26+socks&size=10%2F11#top'],
      ['Referer', 'https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc%26d%3De&h=AT0abc'],
      ['Origin', 'chrome-extension://abcdefghijklmnop'],
      ['Origin', 'capacitor://localhost'],
      ['Origin', 'null'],
    ],
  ],
  [
    'Digest',
    [
      [
        'Authorization',
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFoH4GiTo0v", nc=00000001, cnonce="f2", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU"',
      ],
    ],
  ],
  [
    'AWS',
    [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      ],
    ],
  ],
  [
    'OAuth1',
    [
      [
        'Authorization',
        'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D", oauth_version="1.0"',
      ],
    ],
  ],
  [
    'Soap',
    [
      ['SOAPAction', '"http://example.com/svc/Get"'],
      ['Content-Type', 'application/soap+xml; charset=utf-8; action="http://example.com/svc/Get"'],
      ['MIME-Version', '1.0'],
    ],
  ],
  [
    'upload',
    [
      ['Content-Disposition', 'attachment; filename="a b.txt"; filename*=UTF-8\'\'a%20b.txt'],
      ['Tus-Resumable', '1.0.0'],
      ['Upload-Metadata', 'filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential'],
    ],
  ],
  [
    'websocket',
    [
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
      ['Sec-WebSocket-Protocol', 'graphql-transport-ws, soap'],
    ],
  ],
];

describe('clients', () => {
  const waf = gate();
  for (const [name, headers] of clients)
    test(name, () => {
      const { exchange } = ask(waf, { target: '/products?q=red+shoes&page=2', headers });
      assert.equal(exchange.wafScore, 0, JSON.stringify(exchange.findings));
    });
});
