//! Plain tables for a terminal: columns as wide as their widest cell, numbers to the right.

/// Rows below a head.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    to_the_right: Vec<bool>,
}

impl Table {
    /// A table with these columns. One whose name ends in `>` holds numbers.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let head = columns
            .iter()
            .map(|name| name.trim_end_matches('>').to_owned())
            .collect();
        Self {
            rows: vec![head],
            to_the_right: columns.iter().map(|name| name.ends_with('>')).collect(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there is nothing below the head.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let widths: Vec<usize> = (0..self.to_the_right.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).zip(&self.to_the_right);
            let cells: Vec<_> = cells
                .map(|((cell, width), right)| match right {
                    true => format!("{cell:>width$}"),
                    false => format!("{cell:<width$}"),
                })
                .collect();
            writeln!(f, "  {}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["asset", "balance>"]);
        table.row(["USD".to_owned(), "10.5".to_owned()]);
        table.row(["BITCOIN".to_owned(), "0.00000001".to_owned()]);
        let printed = table.to_string();
        assert_eq!(
            printed,
            "  asset       balance\n  USD            10.5\n  BITCOIN  0.00000001\n"
        );
    }
}
