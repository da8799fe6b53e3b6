-- How far a device's refresh tokens have come, and whether the newest access tokens have been used. `generation` counts
-- the tokens of a device; an access token names the generation it was made from. The token before the one in force is
-- answered with the same successor until `successor_used_at` says that the successor arrived. `refresh_repeats` counts
-- such second answers, for the person to see.
alter table devices
  add column generation integer not null default 1,
  add column successor_used_at timestamptz,
  add column refresh_repeats integer not null default 0,
  add column refresh_repeated_at timestamptz,
  add column refresh_repeated_from text;
-- Tokens replaced more than a minute ago were spent under the rule before this one, and stay spent.
update devices set successor_used_at = rotated_at where rotated_at < now() - interval '1 minute';
-- Never read and never written.
alter table devices drop column successor_used;
