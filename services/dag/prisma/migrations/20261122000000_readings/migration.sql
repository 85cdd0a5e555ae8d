alter table node add column readings json;
