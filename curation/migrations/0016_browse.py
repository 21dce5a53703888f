"""The triggers of 0012, called only where something changed that their tables hold.

A statement that names none of the columns is done before any row is compared, and what
checks found is entered once for each message rather than for each finding.
"""

from django.db import migrations

CHANGED = """
DROP TRIGGER curation_entry_changed ON curation_message;
CREATE TRIGGER curation_entry_changed
AFTER UPDATE OF state, language, author_id, guideline_id, origin ON curation_message
FOR EACH ROW WHEN (
    (OLD.state, OLD.language, OLD.author_id, OLD.guideline_id, OLD.origin)
    IS DISTINCT FROM
    (NEW.state, NEW.language, NEW.author_id, NEW.guideline_id, NEW.origin)
) EXECUTE FUNCTION curation_change_entry();

DROP TRIGGER curation_words_changed ON curation_message;
CREATE TRIGGER curation_words_changed AFTER UPDATE OF text, context ON curation_message
FOR EACH ROW WHEN (OLD.text <> NEW.text OR OLD.context <> NEW.context)
EXECUTE FUNCTION curation_change_words();

DROP TRIGGER curation_entry_category ON curation_conversation;
CREATE TRIGGER curation_entry_category AFTER UPDATE OF category_id ON curation_conversation
FOR EACH ROW WHEN (OLD.category_id IS DISTINCT FROM NEW.category_id)
EXECUTE FUNCTION curation_enter_category();

DROP TRIGGER curation_entry_status ON curation_settlement;
CREATE TRIGGER curation_entry_status AFTER INSERT OR DELETE ON curation_settlement
FOR EACH ROW EXECUTE FUNCTION curation_enter_status();
CREATE TRIGGER curation_entry_status_changed AFTER UPDATE OF status ON curation_settlement
FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION curation_enter_status();
"""

# One message after another: a plan for all of a large import would be kept for the single
# texts that come after it in the same session.
CHECKS = """
DROP TRIGGER curation_entry_checks ON curation_finding;
DROP FUNCTION curation_enter_checks();
CREATE FUNCTION curation_enter_checks_of(one bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_now varchar[] := ARRAY(
        SELECT DISTINCT curation_check_of(check_name) FROM curation_finding
        WHERE message_id = one ORDER BY 1
    );
BEGIN
    UPDATE curation_entry SET checks = found_now
    WHERE message_id = one AND checks <> found_now;
END
$$;
CREATE FUNCTION curation_enter_checks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        PERFORM curation_enter_checks_of(NEW.message_id);
    ELSE
        PERFORM curation_enter_checks_of(one.message_id)
        FROM (SELECT DISTINCT message_id FROM touched) one;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_checks_added AFTER INSERT ON curation_finding
REFERENCING NEW TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION curation_enter_checks();
CREATE TRIGGER curation_checks_removed AFTER DELETE ON curation_finding
REFERENCING OLD TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION curation_enter_checks();
CREATE TRIGGER curation_checks_changed AFTER UPDATE OF check_name ON curation_finding
FOR EACH ROW WHEN (OLD.check_name <> NEW.check_name)
EXECUTE FUNCTION curation_enter_checks();
"""

UNDONE = """
DROP TRIGGER curation_checks_changed ON curation_finding;
DROP TRIGGER curation_checks_removed ON curation_finding;
DROP TRIGGER curation_checks_added ON curation_finding;
DROP FUNCTION curation_enter_checks();
DROP FUNCTION curation_enter_checks_of(bigint);
CREATE FUNCTION curation_enter_checks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    one bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.message_id ELSE NEW.message_id END;
BEGIN
    UPDATE curation_entry SET checks = ARRAY(
        SELECT DISTINCT curation_check_of(check_name) FROM curation_finding
        WHERE message_id = one ORDER BY 1
    )
    WHERE message_id = one;
    RETURN NULL;
END
$$;
CREATE TRIGGER curation_entry_checks AFTER INSERT OR UPDATE OR DELETE
ON curation_finding FOR EACH ROW EXECUTE FUNCTION curation_enter_checks();
DROP TRIGGER curation_entry_status_changed ON curation_settlement;
DROP TRIGGER curation_entry_status ON curation_settlement;
CREATE TRIGGER curation_entry_status AFTER INSERT OR UPDATE OR DELETE
ON curation_settlement FOR EACH ROW EXECUTE FUNCTION curation_enter_status();
"""


class Migration(migrations.Migration):
    dependencies = [("curation", "0015_decisions_of_flags")]

    # Those of 0012 that compare every row do the same, so going back leaves the narrower ones.
    operations = [migrations.RunSQL(CHANGED + CHECKS, UNDONE)]
