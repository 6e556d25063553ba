-- Raised by every change of what an account's requests are checked with, whoever makes it; a new account raises nothing. One row.
CREATE TABLE account_generation (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO account_generation (id, number) VALUES (1, 1);

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
WHEN old.id IS NOT new.id OR old.provisioner_id IS NOT new.provisioner_id OR old.status IS NOT new.status OR old.key_json IS NOT new.key_json
    OR old.eab_key_id IS NOT new.eab_key_id OR old.pause_message IS NOT new.pause_message
BEGIN
    UPDATE account_generation SET number = number + 1 WHERE id = 1;
END;

CREATE TRIGGER accounts_removed AFTER DELETE ON accounts
BEGIN
    UPDATE account_generation SET number = number + 1 WHERE id = 1;
END;
