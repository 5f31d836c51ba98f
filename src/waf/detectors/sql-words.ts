// The words of SQL by the part they play in its grammar; the grammar itself stands in sql-grammar.ts.

function setOf(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

/** Words that join two conditions. */
export const JOINING: ReadonlySet<string> = setOf('or and xor');

/** Words and signs that compare two values. */
export const COMPARING: ReadonlySet<string> = setOf(
  '= == < > <= >= <> != <=> !< !> ^= ~* !~ !~* ~~ !~~ @> <@ ?| ?& ^@ := like rlike regexp ilike glob match is in',
  'between sounds similar member',
);

/** Words that end an expression: one of them where a value must stand means that this is not SQL. */
export const RESERVED: ReadonlySet<string> = setOf(
  'or and xor like rlike regexp is in between union except intersect minus select from where group order by',
  'having limit offset fetch into procedure then when else end as asc desc join inner cross natural on using for',
  'values set collate escape div mod separator waitfor drop insert delete',
);

/** Words between two values that are operators of arithmetic. */
export const ARITHMETIC: ReadonlySet<string> = setOf('div mod collate escape');

/** Values spelt as words. */
export const TRUTHS: ReadonlySet<string> = setOf('true false null unknown');

/** What no query of an application needs from a value: waiting, reading files, errors that carry data, commands. */
export const ATTACKING: ReadonlySet<string> = setOf(
  'sleep pg_sleep pg_sleep_for pg_sleep_until benchmark randomblob zeroblob generate_series extractvalue',
  'updatexml xmltype name_const gtid_subset gtid_subtract geometrycollection polygon multipoint multipolygon',
  'linestring multilinestring st_latfromgeohash st_pointfromgeohash load_file load_extension readfile writefile',
  'pg_read_file pg_read_binary_file pg_ls_dir lo_import lo_export lo_get dblink dblink_connect query_to_xml',
  'database_to_xml table_to_xml xp_cmdshell xp_dirtree xp_fileexist xp_regread sp_executesql sp_oacreate',
  'openrowset opendatasource openquery fn_xe_file_target_read_file fn_get_audit_file sys_eval sys_exec dbms_pipe',
  'dbms_lock dbms_session dbms_xmlgen dbms_utility dbms_ldap dbms_scheduler dbms_java dbms_random utl_http',
  'utl_inaddr utl_file utl_smtp utl_tcp ctxsys httpuritype ordsys get_lock master_pos_wait fts3_tokenizer',
  'exp_overflow',
);

/** Functions and words that tell about the server rather than about the data. */
export const TELLING: ReadonlySet<string> = setOf(
  'version user current_user session_user system_user database schema current_database current_schema',
  'current_setting db_name user_name suser_name suser_sname host_name sysdate object_id object_name col_name',
  'is_srvrolemember sqlite_version sqlite_compileoption_get sys_context inet_server_addr pg_backend_pid',
  'connection_id last_insert_id serverproperty uid',
);

/** Functions that take a value apart or put one together, the tools of blind reading. */
export const PROBING: ReadonlySet<string> = setOf(
  'ascii ord unicode substring substr substrb mid left right char nchar chr concat concat_ws group_concat',
  'string_agg listagg wm_concat array_agg xmlagg hex unhex length len char_length character_length octet_length',
  'datalength bit_length count if iif ifnull nullif nvl nvl2 coalesce isnull cast convert try_cast floor rand',
  'exp pow md5 sha sha1 sha2 crc32 elt field make_set export_set bin oct conv lpad rpad strcmp find_in_set instr',
  'locate position charindex patindex reverse repeat replicate json_extract json_array json_object json_keys',
  'json_depth json_length json_valid json_value json_contains json_type jsonb_path_query to_json row_to_json',
  'xmlparse xpath xpath_exists decode encode to_char to_number rawtohex utl_raw quote quotename upper lower',
  'ucase lcase trim ltrim rtrim space stuff replace translate exists any all some row regexp_like regexp_substr',
  'regexp_instr bit_count min max sum avg round abs sign likelihood unlikely likely printf format glob typeof',
  'extract interval greatest least',
);

/** Tables and schemas that hold the plan of a database or its secrets. */
export const CATALOGUES: ReadonlySet<string> = setOf(
  'information_schema sqlite_master sqlite_schema sqlite_temp_master pg_catalog pg_tables pg_class pg_user',
  'pg_shadow pg_authid pg_database sysobjects syscolumns sysdatabases syslogins sysusers all_tables',
  'all_tab_columns all_users user_tables user_tab_columns dba_users dba_tables v$version v$instance v$session',
  'innodb_table_stats innodb_index_stats performance_schema mysql msysobjects sys master schemata',
  'dual',
);

/** The kinds of thing that DROP, CREATE and ALTER name. */
export const OBJECTS: ReadonlySet<string> = setOf(
  'table database schema view index procedure proc function trigger user role login sequence type extension',
  'tablespace assembly aggregate operator server event rule language materialized temporary temp unique global',
  'or external column',
);

/** Words that begin a statement of their own. */
export const STATEMENTS: ReadonlySet<string> = setOf(
  'select insert update delete replace merge drop create alter truncate rename exec execute declare shutdown',
  'waitfor set if begin grant revoke copy call load attach detach pragma do handler prepare kill print backup',
  'restore dbcc with reconfigure values table show explain vacuum lock use dump notify raiserror bulk',
);

/** Words before a value that leave it a value. */
export const SIGNS: ReadonlySet<string> = setOf('not binary prior distinct unique some any all');

/** Words that part the arguments of a call as commas do. */
export const IN_ARGUMENTS: ReadonlySet<string> = setOf(
  'from for using order by separator at returning on desc asc both leading trailing partition rows in distinct',
  'all passing where limit against',
);

/** Types that may stand before a string as a part of it. */
export const TYPED: ReadonlySet<string> = setOf('date time timestamp interval json jsonb bytea');

/** Of TELLING, what needs no brackets. */
export const BARE_TELLING: ReadonlySet<string> = setOf('current_user session_user system_user current_schema');

/** Of CATALOGUES, names that mean something only before a dot. */
export const GENERIC_CATALOGUES: ReadonlySet<string> = setOf('mysql sys master dual');

/** Words that set one query upon another. */
export const SET_WORDS: ReadonlySet<string> = setOf('union except intersect minus');

/** Of RESERVED, what may be called as well. */
export const CALLABLE: ReadonlySet<string> = setOf('mod values insert like');

/** Modules of programs whose functions share a name with the database's. */
export const SCRIPTING: ReadonlySet<string> = setOf('time asyncio thread');

/** Words that begin another clause of a query. */
export const CLAUSES: ReadonlySet<string> = setOf(
  'union except intersect minus order group having where procedure into limit from',
);

/** Words that may stand behind a value of a query and go on with it. */
export const CONTINUING: ReadonlySet<string> = new Set([
  ...JOINING,
  ...COMPARING,
  ...ARITHMETIC,
  ...STATEMENTS,
  ...CLAUSES,
  ...['not', 'isnull', 'notnull', 'for', 'asc', 'desc', 'offset', 'fetch', 'as'],
]);
