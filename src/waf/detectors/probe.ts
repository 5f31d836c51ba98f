// Paths that nobody asks for but whoever looks for holes: secrets, backups, dumps, consoles of servers, left-over shells.

import { type Detection, found, isInRepository } from './detection.ts';

/** Folders and files that begin with a dot and are nobody's business. */
const hidden: ReadonlySet<string> = new Set(
  '.npmrc .yarnrc .docker .dockerenv .dockercfg .kube .idea .vscode .ds_store .bzr .cvs .aws .azure .gcloud .config.php.swp .pgpass .my.cnf .netrc .bashrc .profile .mysql_history .psql_history .zsh_history .gitconfig .gitlab-ci.yml .travis.yml .s3cfg .boto .terraform .vault-token'.split(
    ' ',
  ),
);
/** Endings that editors and administrators leave on copies of programs. */
const copies: readonly string[] = [
  '.bak',
  '.old',
  '.save',
  '.swp',
  '.swo',
  '.orig',
  '.copy',
  '.tmp',
  '~',
  '.1',
  '.backup',
  '.dist',
  '.inc',
  '.src',
];
const programs: readonly string[] = [
  '.php',
  '.jsp',
  '.asp',
  '.aspx',
  '.inc',
  '.py',
  '.rb',
  '.cgi',
  '.config',
  '.conf',
  '.yml',
  '.ini',
  '.env',
  '.json',
  '.xml',
  '.properties',
  '.key',
];
/** Names that archives of a whole site have, where they lie at the root. */
const sites: ReadonlySet<string> = new Set(
  'www wwwroot site website web html htdocs public public_html backup backups bak db database dump sql old data app src source code'.split(
    ' ',
  ),
);
const archives: readonly string[] = [
  '.zip',
  '.rar',
  '.7z',
  '.tar',
  '.tar.gz',
  '.tgz',
  '.gz',
  '.bz2',
  '.bak',
  '.tar.bz2',
];
/** Dumps of databases, where they lie at the root. */
const dumps: readonly string[] = ['.sql', '.sql.gz', '.sql.zip', '.sqlite', '.sqlite3', '.mdb', '.dump'];
/** Parts of paths of consoles and holes that are known by their path. */
const known: readonly string[] = [
  '/actuator/env',
  '/actuator/heapdump',
  '/actuator/gateway',
  '/actuator/mappings',
  '/actuator/threaddump',
  '/actuator/trace',
  '/actuator/jolokia',
  '/actuator/shutdown',
  '/jolokia/',
  '/server-status',
  '/server-info',
  '/phpunit/src/util/php/',
  '/eval-stdin.php',
  '/jmxinvokerservlet',
  '/ejbinvokerservlet',
  '/jmx-console',
  '/web-console/invoker',
  '/wls-wsat/',
  '/_async/asyncresponseservice',
  '/_ignition/execute',
  '/_ignition/execute-solution',
  '/boaform/',
  '/gponform/',
  '/hnap1',
  '/solr/admin/',
  '/manager/html',
  '/host-manager/html',
  '/struts2-showcase',
  '/phpinfo.php',
  '/info.php',
  '/c99.php',
  '/r57.php',
  '/wso.php',
  '/shell.php',
  '/cmd.php',
  '/cmd.jsp',
  '/cmd.asp',
  '/webshell',
  '/b374k',
  '/alfa.php',
  '/setup.php?step',
  '/scripts/setup.php',
  '/app/etc/local.xml',
  '/logs/laravel.log',
  '/console/css/',
  '/owa/auth/x.js',
  '/autodiscover/autodiscover.json',
  '/cgi-bin/test',
  '/cgi-bin/test-cgi',
  '/cgi-bin/php',
  '/cgi-bin/php-cgi',
  '/cgi-bin/luci/;',
  '/etc/passwd',
  '/setup.cgi',
  '/hudson/script',
  '/script?',
  '/containers/json',
  '/v1.24/containers',
  '/vendor/.env',
  '/debug/pprof',
  '/telescope/requests',
  '/cgi-bin/.',
  '/invokefunction',
  '/druid/index',
  '/nacos/v1/auth',
  '/xmlrpc.php.',
  '/alfa_data/',
  '/+cscot+/translation-table',
  '/mgmt/tm/util/bash',
  '/tmui/login.jsp/..',
  '/template/aui/text-inline.vm',
  '/descriptorbyname/org.jenkinsci.plugins.scriptsecurity',
  '/cgi-bin/mainfunction.cgi',
  '/tmunblock.cgi',
  '/hndunblock.cgi',
  '/ctrlt/deviceupgrade',
  '/goform/formsyscmd',
  '/cgi-bin/webproc',
  '/device.rsp?opt=',
  '/_profiler/phpinfo',
  '/_profiler/open',
  '/_ignition/',
  '/console/login/loginform.jsp',
  '/ecp/current/exporttool',
  '/@fs/etc/',
  '/images/json',
  '/wp-content/debug.log',
  '/connector.minimal.php',
  '/weaver/bsh.servlet',
  '/servlet/~ic/bsh.servlet',
  '/seeyon/htmlofficeservlet',
  '/bea_wls_deployment_internal',
  '/invoker/readonly',
  '/uddiexplorer/',
  '/axis2-admin',
  '/_utils/config/',
  '/ws/v1/cluster/apps/new-application',
  '/api/jsonws/invoke',
  '/_layouts/15/toolpane.aspx',
  '/remote/fgt_lang',
  '/dana-na/../',
  '/trace.axd',
  '/elmah.axd',
  '/alfacgiapi',
  '/setupwizard.aspx/',
  '/createpage-entervariables.action',
  '/revslider/temp/update_extract',
  '/nice%20ports%2c/tri',
  '/webui_wsma_http',
];

/** Whether a word goes on at `at` which began before. */
function goesOn(lower: string, at: number): boolean {
  const before = lower.charCodeAt(at - 1);
  const code = lower.charCodeAt(at);
  return before >= 97 && before <= 122 && ((code >= 97 && code <= 122) || code === 45);
}

/** A path that only a scanner asks for. Ids 1013010–1013014. Linear; never throws. */
export function detectProbe(path: string): Detection | null {
  const lower = path.toLowerCase();
  for (const part of known) {
    const at = lower.indexOf(part);
    // Because `/server-status-page` is a page.
    if (
      at >= 0 &&
      !goesOn(lower, at + part.length) &&
      !(part.endsWith('.json') && lower.startsWith('/v1.0/', at + part.length))
    )
      return found(1013010, 5, `the path is one that scanners ask for: "${part}"`, at, path.length);
  }
  const slash = lower.lastIndexOf('/');
  const base = lower.slice(slash + 1);
  for (const ending of copies) {
    const whole = base.endsWith(ending) ? base.slice(0, -ending.length) : '';
    if (whole !== '' && programs.some((program) => whole.endsWith(program)))
      return found(
        1013011,
        5,
        'the path is that of a copy of a program, which a server would show',
        slash,
        path.length,
      );
  }
  if (slash === 0 && dumps.some((ending) => base.endsWith(ending)))
    return found(1013012, 5, 'the path is that of a dump of a database', 0, path.length);
  if (slash === 0 && archives.some((ending) => base.endsWith(ending) && sites.has(base.slice(0, -ending.length))))
    return found(1013014, 5, 'the path is that of an archive of the whole site', 0, path.length);
  for (let dot = lower.indexOf('/.'); dot >= 0; dot = lower.indexOf('/.', dot + 2)) {
    const end = lower.indexOf('/', dot + 1);
    if (hidden.has(lower.slice(dot + 1, end < 0 ? lower.length : end)))
      return isInRepository(lower)
        ? null
        : found(1013013, 5, 'the path asks for a hidden file of an account or a project', dot, path.length);
  }
  return null;
}
