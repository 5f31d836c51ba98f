// Directives that set something for the whole engine, those that mean nothing in a gate, and those that stop the load.

import type { Piece } from '../language/source.ts';
import type { EngineSettings } from '../program/program.ts';
import type { Compiler } from './compiler.ts';

/** Gets the words of a directive; false where something is wrong, which was told. */
export type SettingDirective = (
  settings: EngineSettings,
  words: readonly Piece[],
  name: Piece,
  compiler: Compiler,
) => void;

/** What holds where no directive says otherwise. Bodies are inspected, answers are not. */
export function defaultSettings(): EngineSettings {
  return {
    engine: 'on',
    requestBodyAccess: true,
    // Where no directive names a limit, `waf.max_inspected` is the one.
    requestBodyLimit: Number.POSITIVE_INFINITY,
    requestBodyNoFilesLimit: Number.POSITIVE_INFINITY,
    requestBodyLimitAction: 'reject',
    jsonDepthLimit: 64,
    responseBodyAccess: false,
    responseBodyLimit: 524_288,
    responseBodyLimitAction: 'process',
    responseMediaTypes: new Set(['text/plain', 'text/html', 'text/xml']),
    argumentSeparator: '&',
    argumentsLimit: 1000,
    uploadFileLimit: 100,
    collectionTimeoutSeconds: 3600,
    auditEngine: 'relevant',
    auditParts: 'ABIJDEFHZ',
    auditRelevantStatus: null,
    auditLog: null,
    auditFormat: null,
    webAppId: 'default',
    componentSignatures: [],
  };
}

/** One of some words, without case. */
function choice<T>(
  values: Readonly<Record<string, T>>,
  set: (settings: EngineSettings, value: T) => void,
): SettingDirective {
  return (settings, words, name, compiler) => {
    const word = words[0]?.text.toLowerCase() ?? '';
    if (Object.hasOwn(values, word)) set(settings, values[word]!);
    else
      compiler.fault(
        words[0] ?? name,
        `${name.text} takes no "${words[0]?.text ?? ''}"`,
        `write one of ${Object.keys(values).join(', ')}`,
      );
  };
}

function whole(least: number, set: (settings: EngineSettings, value: number) => void): SettingDirective {
  return (settings, words, name, compiler) => {
    const text = words[0]?.text ?? '';
    const number = Number(text);
    if (text !== '' && Number.isInteger(number) && number >= least) set(settings, number);
    else compiler.fault(words[0] ?? name, `${name.text} takes no "${text}"`, `write a whole number from ${least}`);
  };
}

const onOff = { on: true, off: false };
const engineModes = { on: 'on', off: 'off', detectiononly: 'detect' } as const;
const limitActions = { reject: 'reject', processpartial: 'process' } as const;
const auditParts = 'ABCDEFGHIJKZ';
const nothing: SettingDirective = () => {};

function refused(says: string, instead: string): SettingDirective {
  return (_settings, _words, name, compiler) => compiler.fault(name, `${name.text} ${says}`, instead);
}

/** A directive that may only say what holds anyway. */
function only(accepted: readonly string[], says: string, instead: string): SettingDirective {
  return (_settings, words, name, compiler) => {
    if (!accepted.includes(words[0]?.text.toLowerCase() ?? '')) compiler.fault(name, `${name.text} ${says}`, instead);
  };
}

/** What concerns files, processes and connections of other servers: read, and nothing follows from it here. */
const withoutMeaning: readonly string[] = [
  'SecAuditLog2',
  'SecAuditLogDirMode',
  'SecAuditLogFileMode',
  'SecAuditLogPrefix',
  'SecAuditLogStorageDir',
  'SecCacheTransformations',
  'SecConnReadStateLimit',
  'SecConnWriteStateLimit',
  'SecCookieV0Separator',
  'SecDataDir',
  'SecDebugLog',
  'SecDebugLogLevel',
  'SecDisableBackendCompression',
  'SecGsbLookupDb',
  'SecHashKey',
  'SecHashMethodPm',
  'SecHashMethodRx',
  'SecHashParam',
  'SecHttpBlKey',
  'SecInterceptOnError',
  'SecParseXmlIntoArgs',
  'SecPcreMatchLimit',
  'SecPcreMatchLimitRecursion',
  'SecReadStateLimit',
  'SecRemoteRulesFailAction',
  'SecRequestBodyInMemoryLimit',
  'SecRuleInheritance',
  'SecRulePerfTime',
  'SecSensorId',
  'SecServerSignature',
  'SecStatusEngine',
  'SecStreamInBodyInspection',
  'SecStreamOutBodyInspection',
  'SecTmpDir',
  'SecUnicodeCodePage',
  'SecUploadDir',
  'SecUploadFileMode',
  'SecWriteStateLimit',
];

const directives: Readonly<Record<string, SettingDirective>> = {
  SecRuleEngine: choice(engineModes, (settings, mode) => {
    settings.engine = mode;
  }),
  SecRequestBodyAccess: choice(onOff, (settings, on) => {
    settings.requestBodyAccess = on;
  }),
  SecResponseBodyAccess: choice(onOff, (settings, on) => {
    settings.responseBodyAccess = on;
  }),
  SecRequestBodyLimit: whole(0, (settings, bytes) => {
    settings.requestBodyLimit = bytes;
  }),
  SecRequestBodyNoFilesLimit: whole(0, (settings, bytes) => {
    settings.requestBodyNoFilesLimit = bytes;
  }),
  SecRequestBodyLimitAction: choice(limitActions, (settings, action) => {
    settings.requestBodyLimitAction = action;
  }),
  SecRequestBodyJsonDepthLimit: whole(1, (settings, depth) => {
    settings.jsonDepthLimit = Math.min(depth, 10_000);
  }),
  SecResponseBodyLimit: whole(0, (settings, bytes) => {
    settings.responseBodyLimit = bytes;
  }),
  SecResponseBodyLimitAction: choice(limitActions, (settings, action) => {
    settings.responseBodyLimitAction = action;
  }),
  SecResponseBodyMimeType: (settings, words) => {
    settings.responseMediaTypes = new Set([
      ...settings.responseMediaTypes,
      ...words.map(({ text }) => text.toLowerCase()),
    ]);
  },
  SecResponseBodyMimeTypesClear: (settings) => {
    settings.responseMediaTypes = new Set();
  },
  SecArgumentSeparator: (settings, words, name, compiler) => {
    if (words[0]?.text.length === 1) settings.argumentSeparator = words[0].text;
    else compiler.fault(words[0] ?? name, 'SecArgumentSeparator takes one character', 'write SecArgumentSeparator &');
  },
  SecArgumentsLimit: whole(1, (settings, count) => {
    settings.argumentsLimit = count;
  }),
  SecUploadFileLimit: whole(1, (settings, count) => {
    settings.uploadFileLimit = count;
  }),
  SecCollectionTimeout: whole(1, (settings, seconds) => {
    settings.collectionTimeoutSeconds = seconds;
  }),
  SecAuditEngine: choice({ on: 'on', off: 'off', relevantonly: 'relevant' } as const, (settings, mode) => {
    settings.auditEngine = mode;
  }),
  SecAuditLog: (settings, words, name, compiler) => {
    const path = words[0]?.text ?? '';
    if (path.startsWith('/')) settings.auditLog = path;
    else
      compiler.fault(
        words[0] ?? name,
        `SecAuditLog takes no "${path}": a file is meant, by its whole name`,
        'write SecAuditLog /var/log/portcullis/audit.log, or audit_log under waf in portcullis.yaml',
      );
  },
  SecAuditLogFormat: choice({ json: 'json', native: 'native' } as const, (settings, format) => {
    settings.auditFormat = format;
  }),
  SecAuditLogType: only(
    ['serial'],
    'knows only Serial: all records go to one file',
    'write SecAuditLogType Serial, and let a program read the file',
  ),
  SecAuditLogParts: (settings, words, name, compiler) => {
    const parts = words[0]?.text.toUpperCase() ?? '';
    if (parts.startsWith('A') && parts.endsWith('Z') && [...parts].every((part) => auditParts.includes(part)))
      settings.auditParts = parts;
    else
      compiler.fault(
        words[0] ?? name,
        `SecAuditLogParts takes no "${words[0]?.text ?? ''}": letters of ${auditParts}, A first and Z last, are meant`,
        'write SecAuditLogParts ABFHZ',
      );
  },
  SecAuditLogRelevantStatus: (settings, words, name, compiler) => {
    const pattern = words[0] === undefined ? undefined : compiler.selectorPattern(words[0]);
    if (words[0] === undefined)
      compiler.fault(
        name,
        'SecAuditLogRelevantStatus has no pattern',
        'write SecAuditLogRelevantStatus "^(?:5|4(?!04))"',
      );
    if (pattern !== undefined) settings.auditRelevantStatus = pattern;
  },
  SecWebAppId: (settings, words) => {
    settings.webAppId = words[0]?.text ?? 'default';
  },
  SecComponentSignature: (settings, words) => {
    settings.componentSignatures = [...settings.componentSignatures, words[0]?.text ?? ''];
  },
  SecCookieFormat: only(['0', ''], 'knows only the cookies of browsers, format 0', 'leave it out'),
  SecXmlExternalEntity: only(['off'], 'is never on: entities are not read', 'leave it out'),
  SecContentInjection: only(['off'], 'is never on: bodies are not changed', 'leave it out'),
  SecHashEngine: only(['off'], 'is never on: bodies are not changed', 'leave it out'),
  SecConnEngine: only(['off'], 'is never on: the gate counts connections itself', 'write limits in portcullis.yaml'),
  SecUploadKeepFiles: only(['off'], 'is never on: uploads are not written to disk', 'leave it out'),
  SecTmpSaveUploadedFiles: only(['off'], 'is never on: uploads are not written to disk', 'leave it out'),
  SecRuleScript: refused('runs Lua, which this gate has not', 'write the rule in SecLang'),
  SecRemoteRules: refused(
    'loads rules from another machine, which may then change what is protected',
    'keep the file here and Include it',
  ),
  SecGuardianLog: refused('pipes requests into a program', 'read the journal with a program of your own'),
  SecChrootDir: refused('belongs to a server that runs as root', 'let systemd confine the gate'),
  ...Object.fromEntries(withoutMeaning.map((name) => [name, nothing])),
};

/** By lower-case name: every directive that is no rule, no change of one and no Include, with its spelling. */
export const settingDirectives: Readonly<Record<string, readonly [spelled: string, directive: SettingDirective]>> =
  Object.fromEntries(
    Object.entries(directives).map(([name, directive]) => [name.toLowerCase(), [name, directive] as const]),
  );
