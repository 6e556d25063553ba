-- Which names may be issued, level by level. effect: 1 allow, 2 deny. A rule never changes; it comes and goes.
CREATE TABLE name_rules (
    id         TEXT    NOT NULL PRIMARY KEY,
    level      TEXT    NOT NULL,
    effect     INTEGER NOT NULL CHECK (effect IN (1, 2)),
    pattern    TEXT    NOT NULL,
    comment    TEXT    NOT NULL,
    expires_at INTEGER,
    creator    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    -- Also the order of pages.
    UNIQUE (level, effect, pattern)
) STRICT;

-- Levels that have a say of their own: since their first rule, until they are unset. One that is set and has no rules allows nothing.
CREATE TABLE name_levels (
    level      TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
