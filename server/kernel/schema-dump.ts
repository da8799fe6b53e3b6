/**
 * The whole schema as one readable text, written from the catalogue (the embedded PostgreSQL brings no pg_dump).
 * The same schema gives the same bytes on every machine, and the text run on an empty database gives the schema again.
 *
 * It covers what Parley uses. A kind of object it does not know is refused: a text that silently left something out
 * would be believed.
 */
import type pg from 'pg';

/** The schema `public` without the migrations' ledger and without what extensions brought. Throws on unknown kinds. */
export async function dumpSchema(pool: pg.Pool | pg.Client): Promise<string> {
  const lines = async (sql: string): Promise<string[]> =>
    (await pool.query<{ line: string }>(sql)).rows.map((row) => row.line);
  const unknown = await lines(UNKNOWN);
  if (unknown.length > 0) throw new Error(`schema-dump.ts does not know how to write: ${unknown.join(', ')}`);

  const sections: [title: string, lines: string[]][] = [
    ['', ['set check_function_bodies = off;']],
    ['Extensions', await lines(EXTENSIONS)],
    ['Types', await lines(ENUMS)],
    ['Sequences', await lines(SEQUENCES)],
    ['Functions', await lines(functions('not exists'))],
    ['Tables', await lines(TABLES)],
    ['Functions on rows of tables', await lines(functions('exists'))],
    ['Views', await lines(VIEWS)],
    ['Indexes', await lines(INDEXES)],
    ['Foreign keys', await lines(FOREIGN_KEYS)],
    ['Triggers', await lines(TRIGGERS)],
    ['Comments', await lines(COMMENTS)],
  ];
  const texts = sections
    .filter(([, all]) => all.length > 0)
    .map(
      ([title, all]) =>
        (title ? `-- ${title}\n\n` : '') +
        all.join(title === 'Tables' || title.startsWith('Functions') ? '\n\n' : '\n'),
    );
  return `-- Written by scripts/schema.ts from the migrations; edit those, then run it again.\n\n${texts.join('\n\n')}\n`;
}

const OURS = `in (select oid from pg_namespace where nspname = 'public')`;
const NOT_OF_EXTENSION = (table: string, oid: string) =>
  `not exists (select from pg_depend e where e.classid = '${table}'::regclass and e.objid = ${oid} and e.deptype = 'e')`;
const LEDGER = `'schema_migrations'`;

const UNKNOWN = `
  select line from (
    select 'policy ' || polname as line from pg_policy
    union all select 'rule ' || rulename from pg_rewrite r join pg_class c on c.oid = r.ev_class where c.relnamespace ${OURS} and rulename <> '_RETURN'
    union all select 'partitioned or foreign table ' || relname from pg_class c where relnamespace ${OURS} and relkind in ('p', 'f')
    union all select 'inheriting table ' || inhrelid::regclass from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relnamespace ${OURS}
    union all select 'composite type ' || relname from pg_class c where relnamespace ${OURS} and relkind = 'c'
    union all select 'type ' || typname from pg_type t where typnamespace ${OURS} and typtype in ('d', 'r') and ${NOT_OF_EXTENSION('pg_type', 't.oid')}
    union all select 'procedure or aggregate ' || proname from pg_proc p where pronamespace ${OURS} and prokind in ('a', 'w') and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
    union all select 'event trigger ' || evtname from pg_event_trigger
  ) found order by line`;

const EXTENSIONS = `select format('create extension if not exists %I;', extname) as line from pg_extension where extname <> 'plpgsql' order by extname`;

const ENUMS = `
  select format('create type %I as enum (%s);', typname, (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid)) as line
  from pg_type t where typnamespace ${OURS} and typtype = 'e' order by typname collate "C"`;

// Those of identity columns come with their table.
const SEQUENCES = `
  select format('create sequence %I as %s start %s increment %s;', relname, format_type(seqtypid, null), seqstart, seqincrement) as line
  from pg_class c join pg_sequence s on s.seqrelid = c.oid
  where relnamespace ${OURS} and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i') order by relname collate "C"`;

// Functions that take or return rows of a table need it; those that do not may be needed by a column's default.
const functions = (exists: 'exists' | 'not exists') => `
  select rtrim(pg_get_functiondef(p.oid), E'\\n') || ';' as line from pg_proc p
  where pronamespace ${OURS} and prokind in ('f', 'p') and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
    and ${exists} (
      select from unnest(proargtypes::oid[] || coalesce(proallargtypes, '{}') || prorettype) as used (type)
      join pg_type t on t.oid = used.type left join pg_type element on element.oid = t.typelem
      where t.typrelid <> 0 or element.typrelid <> 0)
  order by proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C"`;

const TABLES = `
  select format(E'create %stable %I (\\n%s\\n)%s;', case relpersistence when 'u' then 'unlogged ' else '' end, relname, body.lines,
    ' with (' || array_to_string(reloptions, ', ') || ')') as line
  from pg_class c
  cross join lateral (
    select string_agg('  ' || part, E',\\n' order by kind, place, part collate "C") as lines from (
      select 1 as kind, attnum::int as place, concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
        'collate ' || case when attcollation <> t.typcollation then attcollation::regcollation::text end,
        case when attstorage <> t.typstorage then 'storage ' || case attstorage when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end end,
        case attcompression when 'l' then 'compression lz4' when 'p' then 'compression pglz' end,
        case attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end,
        case attgenerated when 's' then format('generated always as (%s) stored', pg_get_expr(adbin, adrelid)) when 'v' then format('generated always as (%s) virtual', pg_get_expr(adbin, adrelid))
          else 'default ' || pg_get_expr(adbin, adrelid) end,
        case when attnotnull and attidentity = '' then 'not null' end) as part
      from pg_attribute a join pg_type t on t.oid = atttypid left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
      where attrelid = c.oid and attnum > 0 and not attisdropped
      union all
      select 2, array_position(array['p', 'u', 'x', 'c'], contype::text), format('constraint %I %s', conname, pg_get_constraintdef(oid)) from pg_constraint where conrelid = c.oid and contype in ('p', 'u', 'x', 'c')
    ) parts
  ) body
  where relnamespace ${OURS} and relkind = 'r' and relname <> ${LEDGER} and ${NOT_OF_EXTENSION('pg_class', 'c.oid')}
  order by relname collate "C"`;

// Views may stand on each other: in the order they were made.
const VIEWS = `
  select format(E'create %sview %I as\\n%s', case relkind when 'm' then 'materialized ' else '' end, relname, pg_get_viewdef(oid)) as line
  from pg_class c where relnamespace ${OURS} and relkind in ('v', 'm') and ${NOT_OF_EXTENSION('pg_class', 'c.oid')} order by oid`;

const INDEXES = `
  select pg_get_indexdef(indexrelid) || ';' as line from pg_index i join pg_class c on c.oid = indexrelid join pg_class t on t.oid = indrelid
  where c.relnamespace ${OURS} and t.relname <> ${LEDGER} and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
  order by t.relname collate "C", c.relname collate "C"`;

const FOREIGN_KEYS = `
  select format('alter table %s add constraint %I %s;', conrelid::regclass, conname, pg_get_constraintdef(k.oid)) as line
  from pg_constraint k where connamespace ${OURS} and contype = 'f' order by conrelid::regclass::text collate "C", conname collate "C"`;

const TRIGGERS = `
  select pg_get_triggerdef(g.oid) || ';' || case tgenabled when 'A' then format(' alter table %s enable always trigger %I;', tgrelid::regclass, tgname) else '' end as line
  from pg_trigger g join pg_class c on c.oid = tgrelid where relnamespace ${OURS} and not tgisinternal order by relname collate "C", tgname collate "C"`;

const COMMENTS = `
  select line from (
    select format('comment on %s %I is %L;', case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'i' then 'index' else 'table' end, relname, description) as line
    from pg_description join pg_class c on c.oid = objoid and classoid = 'pg_class'::regclass and objsubid = 0 where relnamespace ${OURS}
    union all
    select format('comment on column %I.%I is %L;', relname, attname, description)
    from pg_description join pg_class c on c.oid = objoid and classoid = 'pg_class'::regclass join pg_attribute on attrelid = c.oid and attnum = objsubid where relnamespace ${OURS} and objsubid > 0
    union all
    select format('comment on function %s is %L;', p.oid::regprocedure, description)
    from pg_description join pg_proc p on p.oid = objoid and classoid = 'pg_proc'::regclass where pronamespace ${OURS} and ${NOT_OF_EXTENSION('pg_proc', 'p.oid')}
  ) found order by line collate "C"`;
