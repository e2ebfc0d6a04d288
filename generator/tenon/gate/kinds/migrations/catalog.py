"""A database's shape as a set of lines, to tell two of them apart."""

from __future__ import annotations

from tenon.gate.kinds.migrations.scratch import Session

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
_QUERIES = (
    f"""SELECT 'column ' || c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
        nullif(a.attidentity, ''), nullif(a.attgenerated, ''))
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}""",
    f"""SELECT 'constraint ' || k.conname || coalesce(' of ' || c.relname, ''), pg_get_constraintdef(k.oid)
      FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid
     WHERE {_OURS}""",
    f"""SELECT 'index ' || c.relname, pg_get_indexdef(c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('i', 'I') AND {_OURS}""",
    f"""SELECT 'view ' || c.relname, pg_get_viewdef(c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND {_OURS}""",
    f"""SELECT 'enum ' || t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
      FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE {_OURS} GROUP BY t.oid, t.typname""",
    f"""SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
           md5(pg_get_functiondef(p.oid))
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p') AND {_OURS}""",
    f"""SELECT 'trigger ' || t.tgname || ' of ' || c.relname, pg_get_triggerdef(t.oid)
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND {_OURS}""",
    f"""SELECT 'sequence ' || c.relname, ''
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND {_OURS}""",
)


def catalog(session: Session) -> dict[str, str]:
    """Every object and its definition. The order of a table's columns is left out."""
    return {name or "": text or "" for query in _QUERIES for name, text in session.rows(query)}


def difference(anew: dict[str, str], followed: dict[str, str]) -> str:
    """The first thing that only one of the two has, or that they have differently; empty for none."""
    for name in sorted(anew.keys() | followed.keys()):
        if name not in followed:
            return f"only a database made anew has {name}"
        if name not in anew:
            return f"only a database that follows has {name}"
        if anew[name] != followed[name]:
            here, there = anew[name] or "nothing", followed[name] or "nothing"
            return f"{name} is {here!r} in a database made anew and {there!r} in one that follows"
    return ""
