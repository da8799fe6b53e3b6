-- Lists of people are paged in order of their name.
create index users_order on users (lower(name), id);
