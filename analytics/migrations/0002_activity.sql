-- Numbers read one roll-up that answers a whole organisation from few rows: each message counts in its own department and under `everybody`, in its own
-- kind of conversation and under ''. A year a part set, and few rows a mark, since a tile reads narrow strips of it.
-- Nothing is fed while this runs (the feed migrates under its own lock), so a start that was cut off simply does it all again.

drop view if exists activity_feed
;
drop table if exists activity
;
create table activity (
  -- As of then; zero UUID = none, ffffffff-ffff-ffff-ffff-ffffffffffff = everybody, whatever their department.
  department UUID,
  -- '' = every kind.
  conversation_kind LowCardinality(String),
  hour DateTime('UTC'),
  bot Bool,
  messages SimpleAggregateFunction(sum, UInt64),
  people AggregateFunction(groupBitmap, UInt32)
) engine = AggregatingMergeTree
partition by toYear(hour)
order by (department, conversation_kind, hour, bot)
settings non_replicated_deduplication_window = 10000, index_granularity = 128
;
-- What there is already. A store of many years is grouped on disk where memory would be short.
insert into activity settings max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 1000000000
select counted_in as department, counted_as as conversation_kind, toStartOfHour(at) as hour, bot, count() as messages, groupBitmapState(person) as people
from events
array join [department, toUUID('ffffffff-ffff-ffff-ffff-ffffffffffff'), department, toUUID('ffffffff-ffff-ffff-ffff-ffffffffffff')] as counted_in,
  [conversation_kind, conversation_kind, '', ''] as counted_as
where kind = 'message'
group by counted_in, counted_as, hour, bot
;
create materialized view activity_feed to activity as
select counted_in as department, counted_as as conversation_kind, toStartOfHour(at) as hour, bot, count() as messages, groupBitmapState(person) as people
from events
array join [department, toUUID('ffffffff-ffff-ffff-ffff-ffffffffffff'), department, toUUID('ffffffff-ffff-ffff-ffff-ffffffffffff')] as counted_in,
  [conversation_kind, conversation_kind, '', ''] as counted_as
where kind = 'message'
group by counted_in, counted_as, hour, bot
;
drop view if exists activity_hourly_feed
;
drop table if exists activity_hourly
;
