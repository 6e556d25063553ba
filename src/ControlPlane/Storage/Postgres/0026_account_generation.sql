-- Raised by every change of what an account's requests are checked with, whoever makes it; a new account raises nothing. One row.
CREATE TABLE account_generation (
    id     bigint PRIMARY KEY CHECK (id = 1),
    number bigint NOT NULL
);
INSERT INTO account_generation (id, number) VALUES (1, 1);

-- Once for each statement, however many accounts it changes: raised for each, the row would have as many versions to walk through.
CREATE FUNCTION raise_account_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE account_generation SET number = number + 1 WHERE id = 1;
    RETURN NULL;
END
$$;

CREATE FUNCTION raise_account_generation_on_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT id, provisioner_id, status, key_json, eab_key_id, pause_message FROM accounts_before
        EXCEPT
        SELECT id, provisioner_id, status, key_json, eab_key_id, pause_message FROM accounts_after
    ) THEN
        UPDATE account_generation SET number = number + 1 WHERE id = 1;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts REFERENCING OLD TABLE AS accounts_before NEW TABLE AS accounts_after
FOR EACH STATEMENT EXECUTE FUNCTION raise_account_generation_on_change();

CREATE TRIGGER accounts_removed AFTER DELETE OR TRUNCATE ON accounts FOR EACH STATEMENT EXECUTE FUNCTION raise_account_generation();
