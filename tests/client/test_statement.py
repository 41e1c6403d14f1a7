"""Operation and table of a statement: found where they stand, never a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.tracing import PATIENT
from touchline_client.integrations.statement import LOOKED_AT, OTHER, STATEMENTS, TABLES, Statements, parse

READ = {
    "SELECT 1": ("SELECT", OTHER),
    "select * from matches where id = 7": ("SELECT", "matches"),
    "  -- who asks\n/* from secrets */ SELECT a, (SELECT max(b) FROM inner_one) FROM Matches m": ("SELECT", "matches"),
    'SELECT * FROM public."Matches" AS m JOIN users ON true': ("SELECT", "Matches"),
    "SELECT * FROM a.b.c": ("SELECT", "c"),
    "SELECT * FROM `matches`": ("SELECT", "matches"),
    "SELECT * FROM [matches]": ("SELECT", "matches"),
    "SELECT * FROM ONLY matches": ("SELECT", "matches"),
    "SELECT * FROM (SELECT * FROM users) AS u": ("SELECT", OTHER),
    "SELECT * FROM generate_series(1, 3)": ("SELECT", OTHER),
    "SELECT 'from secret', $$ from secret $$, $a$ from secret $a$ FROM users": ("SELECT", "users"),
    "SELECT 'it''s from secret' FROM users": ("SELECT", "users"),
    "SELECT E'it\\'s from secret ' FROM users": ("SELECT", OTHER),
    "SELECT 'never closed from secret": ("SELECT", OTHER),
    "(SELECT id FROM matches) UNION (SELECT id FROM users)": ("SELECT", "matches"),
    "INSERT INTO predictions (match_id) VALUES ($1)": ("INSERT", "predictions"),
    "INSERT INTO predictions(match_id) SELECT id FROM matches": ("INSERT", "predictions"),
    "UPDATE users SET name = 'from secret' WHERE id = 1": ("UPDATE", "users"),
    "UPDATE ONLY public.users SET a = 1": ("UPDATE", "users"),
    "DELETE FROM users WHERE name = 'x'": ("DELETE", "users"),
    "WITH last AS (SELECT * FROM matches), x AS (DELETE FROM y) SELECT * FROM last": ("SELECT", "last"),
    "WITH gone AS (DELETE FROM users RETURNING *) INSERT INTO archive SELECT * FROM gone": ("INSERT", "archive"),
    "BEGIN": (OTHER, OTHER),
    "CREATE TABLE x (id int)": (OTHER, OTHER),
    "": (OTHER, OTHER),
    "SELECT": ("SELECT", OTHER),
    "((((": (OTHER, OTHER),
    "SELECT * FROM 'secret'": ("SELECT", OTHER),
    'SELECT * FROM "a\nb"': ("SELECT", OTHER),
    "SELECT * FROM " + "x" * 64: ("SELECT", OTHER),
}


@pytest.mark.parametrize("text", READ, ids=range(len(READ)))
def test_a_statement(text: str) -> None:
    assert parse(text) == READ[text]


@PATIENT
@given(st.text(st.characters(exclude_characters="\\"), max_size=60).map(lambda text: text.replace("'", "''")))
def test_no_value_is_taken_for_a_name(value: str) -> None:
    assert parse(f"SELECT '{value}' FROM users WHERE a = '{value}'") == ("SELECT", "users")
    assert parse(f"UPDATE users SET a = '{value}'") == ("UPDATE", "users")


@PATIENT
@given(st.text("SELCTFROM intoWHE()'\"$`[].-/*\\\n;", max_size=200))
def test_whatever_comes_it_ends(text: str) -> None:
    operation, table = parse(text)
    assert operation in ("SELECT", "INSERT", "UPDATE", "DELETE", OTHER)
    assert len(table) <= 63


@pytest.mark.parametrize(
    "text", ["(" * 9 + "'" * 5000, "/*" * 5000, "SELECT " + "a " * 5000, "$" * 9000, '"' * 5001], ids=range(5)
)
def test_long_ones_are_looked_at_as_far_as_names_stand(text: str) -> None:
    assert parse(text).table == OTHER
    assert len(text) > LOOKED_AT


def test_tables_are_bounded() -> None:
    statements = Statements()
    tables = {statements.read(f"SELECT * FROM table_{number}").table for number in range(10 * STATEMENTS)}
    assert len(tables) == TABLES + 1
    assert len(statements._known) == STATEMENTS


def test_where_tables_are_declared_no_others_are_told() -> None:
    statements = Statements(("matches",))
    assert [statements.read(f"DELETE FROM {table}").table for table in ("matches", "users")] == ["matches", OTHER]
