//! The table that `strace -c` prints.
//!
//! `-U` chooses and orders its columns, so the header tells which they are. The errors' cell is
//! blank where there were none.

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Syscall,
    Calls,
    Errors,
    Other,
}

/// Reads the rows of a table, once its header was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    columns: Vec<Column>,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row<'a> {
    /// Calls of one name, and how many of them failed. Without a column of counts, one.
    Call {
        name: &'a str,
        calls: u64,
        errors: u64,
    },
    /// A line of dashes.
    Rule,
    /// The sums, which end the table.
    Total,
}

/// The header, if the line is one.
pub(super) fn header(line: &[u8]) -> Option<Table> {
    let text = std::str::from_utf8(line).ok()?.trim();
    if !text.contains("syscall") {
        return None;
    }
    let columns: Vec<Column> = text
        .replace("% time", "%time")
        .split_ascii_whitespace()
        .map(|word| {
            Some(match word {
                "syscall" => Column::Syscall,
                "calls" => Column::Calls,
                "errors" => Column::Errors,
                // The last three are those of wall clock columns (strace 7.1 and later).
                "%time" | "seconds" | "usecs/call" | "shortest" | "longest" | "wall-total"
                | "wall-avg" | "wall-min" | "wall-max" => Column::Other,
                _ => return None,
            })
        })
        .collect::<Option<_>>()?;
    Some(Table { columns })
}

impl Table {
    /// What a line of the table says, or `None` if it is none.
    pub(super) fn row<'a>(&self, line: &'a [u8]) -> Option<Row<'a>> {
        let text = std::str::from_utf8(line).ok()?;
        let cells: Vec<&str> = text.split_ascii_whitespace().collect();
        if !cells.is_empty() && cells.iter().all(|cell| cell.bytes().all(|b| b == b'-')) {
            return Some(Row::Rule);
        }
        if cells.contains(&"total") {
            return Some(Row::Total);
        }
        let missing = self.columns.len().checked_sub(cells.len())?;
        let mut columns = self.columns.clone();
        match missing {
            0 => {}
            1 => columns.retain(|column| *column != Column::Errors),
            _ => return None,
        }
        if columns.len() != cells.len() {
            return None;
        }
        let (mut name, mut calls, mut errors) = (None, 1, 0);
        for (column, cell) in columns.iter().zip(cells) {
            match column {
                Column::Syscall => name = Some(cell),
                Column::Calls => calls = count(cell)?,
                Column::Errors => errors = count(cell)?,
                Column::Other => {
                    cell.parse::<f64>().ok()?;
                }
            }
        }
        Some(Row::Call {
            name: name?,
            calls,
            errors: errors.min(calls),
        })
    }
}

/// A count that a log can have: a machine takes months to make this many calls.
fn count(cell: &str) -> Option<u64> {
    const MAX: u64 = 1 << 48;
    cell.parse().ok().filter(|count| *count <= MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_columns() {
        let table = header(b"% time     seconds  usecs/call     calls    errors syscall").unwrap();
        assert_eq!(
            table.row(b" 38.13    0.002871         124        23           close"),
            Some(Row::Call {
                name: "close",
                calls: 23,
                errors: 0
            })
        );
        assert_eq!(
            table.row(b"  0.00    0.000000           0         2         1 arch_prctl"),
            Some(Row::Call {
                name: "arch_prctl",
                calls: 2,
                errors: 1
            })
        );
        assert_eq!(
            table.row(b"------ ----------- ----------- --------- --------- ----------------"),
            Some(Row::Rule)
        );
        assert_eq!(
            table.row(b"100.00    0.000789           5       145        19 total"),
            Some(Row::Total)
        );
        assert_eq!(table.row(b"open(\"/x\") = 3"), None);
    }

    #[test]
    fn chosen_columns() {
        let table = header(b"syscall").unwrap();
        assert_eq!(
            table.row(b"read"),
            Some(Row::Call {
                name: "read",
                calls: 1,
                errors: 0
            })
        );
        let table = header(b"syscall              calls    errors % time shortest").unwrap();
        assert_eq!(
            table.row(b"read                     7             0.00 0.000000"),
            Some(Row::Call {
                name: "read",
                calls: 7,
                errors: 0
            })
        );
        assert_eq!(header(b"a syscall is a call"), None);
    }
}
