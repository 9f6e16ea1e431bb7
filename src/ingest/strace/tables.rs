//! The tables of `-c` and `-C`, whose rows count when the log is over.

use super::body::{Name, low_half};
use super::spelling::ArchSet;
use super::{Reader, TableRow, summary};
use crate::event::Skip;

impl Reader {
    /// A row of a table whose header was seen.
    pub(super) fn table_row(&mut self, bytes: &[u8]) -> bool {
        if let Some(table) = &self.table {
            match table.row(bytes) {
                Some(summary::Row::Call {
                    name,
                    calls,
                    errors,
                }) => {
                    // Later than strace 7.1 a table has rows for numbers without a name.
                    self.rows.push(TableRow {
                        name: name.to_owned(),
                        calls,
                        errors,
                        mode: self.table_mode,
                        place: self.place(),
                    });
                }
                Some(summary::Row::Rule) => {}
                Some(summary::Row::Total) => self.table = None,
                None => {
                    self.table = None;
                    return false;
                }
            }
            self.tally.skip(Skip::Decoration);
            return true;
        }
        false
    }

    /// A header of a table. It looks like nothing else that strace prints, so that only lines
    /// not understood have to be looked at.
    pub(super) fn table_header(&mut self, bytes: &[u8]) -> bool {
        let Some(table) = summary::header(bytes) else {
            return false;
        };
        self.tally.skip(Skip::Decoration);
        self.table = Some(table);
        true
    }

    /// After a trace (`-C`) the table repeats it, but for calls that the trace left out.
    pub(super) fn add_table_rows(&mut self, after_trace: bool) {
        for row in std::mem::take(&mut self.rows) {
            let numbered = row
                .name
                .strip_prefix("syscall_0x")
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .map(low_half);
            let name = numbered.map_or(Name::Named(row.name.as_bytes()), Name::Numbered);
            if after_trace && self.spellings.has_named(&row.name) {
                continue;
            }
            let Some(id) = self.spellings.intern(name, None) else {
                continue;
            };
            let arches = self
                .spellings
                .get(id)
                .map_or(ArchSet::ALL, |spelling| spelling.arches);
            self.tally.calls = self.tally.calls.saturating_add(row.calls);
            self.processes.count(id, arches, &row);
        }
    }
}
