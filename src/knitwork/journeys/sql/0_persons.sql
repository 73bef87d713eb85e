-- Landed rows under the number of the person whose they are, and under the unit that their place stands for.
-- `link_raw` holds the numbers that were given up, as far as this bucket must know them: `here` says that their person
-- lives here. With a visit, only that visit was given up, whatever became of the number. `place_raw` says which unit a
-- code of a bed, a room or an old name means.
CREATE TEMP TABLE IF NOT EXISTS link_raw (patient VARCHAR, visit VARCHAR, person VARCHAR, here BOOLEAN);
CREATE TEMP TABLE IF NOT EXISTS place_raw (code VARCHAR, unit VARCHAR);
CREATE TEMP VIEW whole_link AS SELECT patient, person, here FROM link_raw WHERE visit IS NULL;
CREATE TEMP VIEW visit_link AS SELECT patient, visit, person, here FROM link_raw WHERE visit IS NOT NULL;
