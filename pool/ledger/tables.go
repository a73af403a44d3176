package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// table is one of the ledger's, by its columns.
type table struct {
	name    string
	columns []string
}

// ledgerTables lists the tables of a SQLite ledger, but for the one that says
// which schema they are of.
func ledgerTables(ctx context.Context, q querier) ([]table, error) {
	names, err := collect(ctx, q, scanText, `SELECT name FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_versions' ORDER BY rowid`)
	if err != nil {
		return nil, err
	}
	tables := make([]table, len(names))
	for i, name := range names {
		columns, err := collect(ctx, q, scanText, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, name)
		if err != nil {
			return nil, err
		}
		tables[i] = table{name, columns}
	}
	return tables, nil
}

func scanText(rows *sql.Rows) (text string, err error) { return text, rows.Scan(&text) }

// copyStep is how many values one statement carries: SQLite takes 32,766,
// PostgreSQL 65,535.
const copyStep = 8000

// copyTables copies all rows, which foreign keys must not mind the order of.
func copyTables(ctx context.Context, from querier, to runner, tables []table) error {
	for _, t := range tables {
		if err := t.copy(ctx, from, to); err != nil {
			return fmt.Errorf("copying the table %s: %w", t.name, err)
		}
	}
	return nil
}

func (t table) copy(ctx context.Context, from querier, to runner) error {
	rows, err := from.QueryContext(ctx, `SELECT `+t.list()+` FROM `+t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]any, 0, copyStep)
	for rows.Next() {
		row := make([]any, len(t.columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		values = append(values, row...)
		if len(values)+len(row) > copyStep {
			if err := t.insert(ctx, to, values); err != nil {
				return err
			}
			values = values[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return t.insert(ctx, to, values)
}

func (t table) list() string { return `"` + strings.Join(t.columns, `", "`) + `"` }

// insert writes whole rows.
func (t table) insert(ctx context.Context, to runner, values []any) error {
	if len(values) == 0 {
		return nil
	}
	row := "(?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
	all := row + strings.Repeat(", "+row, len(values)/len(t.columns)-1)
	_, err := to.ExecContext(ctx, `INSERT INTO `+t.name+` (`+t.list()+`) VALUES `+all, values...)
	return err
}
