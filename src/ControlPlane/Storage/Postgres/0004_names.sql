-- Which names may be issued, level by level. effect: 1 allow, 2 deny. A rule never changes; it comes and goes.
-- Collation C orders bytes, as SQLite does.
CREATE TABLE name_rules (
    id         text   NOT NULL PRIMARY KEY,
    level      text   COLLATE "C" NOT NULL,
    effect     bigint NOT NULL CHECK (effect IN (1, 2)),
    pattern    text   COLLATE "C" NOT NULL,
    comment    text   NOT NULL,
    expires_at bigint,
    creator    text   NOT NULL,
    created_at bigint NOT NULL,
    -- Also the order of pages.
    UNIQUE (level, effect, pattern)
);

-- Levels that have a say of their own: since their first rule, until they are unset. One that is set and has no rules allows nothing.
CREATE TABLE name_levels (
    level      text NOT NULL PRIMARY KEY,
    created_at bigint NOT NULL
);
