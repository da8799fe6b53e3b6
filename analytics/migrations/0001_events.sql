-- What happened, one row an event, and the hourly roll-up that tiles read. Windows make a repeated insert harmless in both.

create table if not exists events (
  event_id UUID,
  kind LowCardinality(String),
  at DateTime64(3, 'UTC'),
  -- The person's dense number: active people are bitmaps of it.
  person UInt32,
  bot Bool,
  -- As of then; zero UUID = none.
  department UUID,
  conversation UUID,
  conversation_kind LowCardinality(String),
  message UUID
) engine = MergeTree
partition by toYYYYMM(at)
order by (kind, toStartOfHour(at), event_id)
settings non_replicated_deduplication_window = 10000
;
create table if not exists activity_hourly (
  hour DateTime('UTC'),
  department UUID,
  conversation_kind LowCardinality(String),
  bot Bool,
  messages SimpleAggregateFunction(sum, UInt64),
  people AggregateFunction(groupBitmap, UInt32)
) engine = AggregatingMergeTree
partition by toYYYYMM(hour)
order by (hour, department, conversation_kind, bot)
settings non_replicated_deduplication_window = 10000
;
create materialized view if not exists activity_hourly_feed to activity_hourly as
select toStartOfHour(at) as hour, department, conversation_kind, bot, count() as messages, groupBitmapState(person) as people
from events where kind = 'message'
group by hour, department, conversation_kind, bot
;
