-- Imported people and channels are found again by their source's name and their own. Names now arrive composed and
-- without outer spaces, so that "ops" and " ops" are one channel: what earlier imports stored under another spelling
-- is found by the new one. Where two spellings had become two channels, the first keeps the name, and the other stays
-- as it is.
create function pg_temp.key_of(key text) returns text language sql immutable strict as $$
  select m[1] || btrim(normalize(m[2], nfc), U&' \0009\000A\000B\000C\000D\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A\2028\2029\202F\205F\3000\FEFF')
  from regexp_match(key, '^([^/]+/(?:person|channel)/)(.*)$', 's') as m
$$;

with spelled as (
  select id, key, row_number() over (partition by key order by source_key <> key, created_at, id) as place
  from (select id, source_key, created_at, pg_temp.key_of(source_key) as key from conversations where source_key is not null) c where key is not null
)
update conversations c set source_key = s.key, name = substr(s.key, length(regexp_substr(s.key, '^[^/]+/channel/')) + 1)
from spelled s where c.id = s.id and s.place = 1 and c.source_key <> s.key
  and not exists (select from conversations o where o.source_key = s.key);

with spelled as (
  select id, key, row_number() over (partition by key order by source_key <> key, created_at, id) as place
  from (select id, source_key, created_at, pg_temp.key_of(source_key) as key from users where source_key is not null) u where key is not null
)
update users u set source_key = s.key, name = substr(s.key, length(regexp_substr(s.key, '^[^/]+/person/')) + 1)
from spelled s where u.id = s.id and s.place = 1 and u.source_key <> s.key
  and not exists (select from users o where o.source_key = s.key);
