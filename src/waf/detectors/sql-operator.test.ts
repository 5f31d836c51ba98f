// `@detectSQLi` on values as ModSecurity's transformations leave them: what would act on a query, and what only looks like it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectSqli } from './sql-operator.ts';

/** Written for this test: one way to attack each. */
const attacks = String.raw`
1 or 1=1
1' or '1'='1
1' or 1=1#
admin'--
admin' #
') or ('a'='a
')) or (('x'))=(('x
" or ""="
1 and 1=2
1' AND (SELECT SUBSTRING(password,1,1) FROM users LIMIT 1)='a
1 union select 1,2,3
1' union select username,password from users-- -
1/**/union/**/select/**/1,2
1 uNiOn/*!50000SeLeCt*/1,2,3
1;drop table users
1;waitfor delay '0:0:5'--
'; exec xp_cmdshell('dir')--
1' and sleep(5)#
'||pg_sleep(10)--
1' and extractvalue(1,concat(0x7e,version()))--
1 procedure analyse()
1' order by 5-- -
1' having 1=1--
1' into dumpfile '/var/www/x.php
1' and 1=convert(int,(select @@version))--
1 rlike (select (case when (1=1) then 1 else 0x28 end))
1'||(select '')||'
'-'
' or true--
1 or not false
1 && 1=1
\' or 1=1--
(select(0)from(select(sleep(15)))v)
0"XOR(if(now()=sysdate(),sleep(15),0))XOR"Z
' and 1=utl_inaddr.get_host_address((select user from dual))--
1 union values(1)
1;update users set password='x' where 1=1
' or username like '%admin%
1'and(1)=(1)and'1'='1
{"id":"1' or '1'='1"}
1' AnD 5=5 AnD 'x'='x
2010-01-01' sleep(20) '
someone@example.com" benchmark(10.to_i) "
x' pg_sleep(5) --
" | cmd /c dir | "
' + (1) + '
/a/24'union all select 1,2,3 from b/c
/a/*/*/2 union all/b`;

/** Written for this test: what people and programs send. */
const ordinary = String.raw`
John O'Neil
rock 'n' roll
please select one or two from the list
union square and market street
group by age
5' 10"
he said "yes" or "no"
50% off & more
c# and f#
/* comment */
d'or et d'argent
sleep (8 hours) is good
the "sleep" (5) setting
I'd like to order 5
the update; then delete from cache
'a' or 'b'
"hello" + "world"
a || b
if (a && b || c)
SELECT Committee meets at 5
Union Select Committee
rock 'n roll
f'(x) = 2x
3' x 5'
'80s or '90s music
1=1 is true
email like %@example.com
/a/9'union all/b
/a/24 union all select 1,2,3 from b/c
/* see */ 2 unions
Let's order by 5 pm`;

const rowsOf = (text: string) => text.split('\n').slice(1);

for (const value of rowsOf(attacks)) test(`attack: ${value}`, () => assert.notEqual(detectSqli(value), null));
for (const value of rowsOf(ordinary)) test(`ordinary: ${value}`, () => assert.equal(detectSqli(value), null));

test('it says what the value does', () => {
  assert.equal(detectSqli('1 union select 1,2,3'), 'union');
  assert.equal(detectSqli('1;drop table users'), 'stacked');
  assert.equal(detectSqli("1' or '1'='1"), 'tautology');
});
