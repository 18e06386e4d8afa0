//! The updates of a request, each made with a table.

use layer2_types::payments::FieldUpdate;

use super::Field;
use super::flag;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::rejection::nearest;

/// What an update of one field is about.
pub(crate) struct Change<'a> {
    pub(crate) field: &'a str,
    pub(crate) value: &'a str,
    /// Its place in the list of updates.
    pub(crate) n: usize,
}

impl Change<'_> {
    /// Makes the change with the table of a `T`. `elsewhere` are the fields that the caller sets itself, `kept` those
    /// that cannot be emptied.
    pub(crate) fn make<T>(
        &self,
        table: &[Field<T>],
        target: &mut T,
        elsewhere: &[&str],
        kept: &[&str],
    ) -> Result<(), Rejection> {
        let Some(field) = table.iter().find(|field| field.name == self.field) else {
            return Err(self.not_updatable(table, elsewhere));
        };
        if !self.value.is_empty() {
            return (field.set)(target, self.value).map_err(|expected| self.misfit(expected));
        }
        if kept.contains(&self.field) {
            return Err(self.misfit("a text that is not empty".to_owned()));
        }
        (field.clear)(target);
        Ok(())
    }

    /// A truth value that the caller sets itself.
    pub(crate) fn flag(&self) -> Result<bool, Rejection> {
        flag(self.value).map_err(|expected| self.misfit(expected))
    }

    fn misfit(&self, expected: String) -> Rejection {
        Problem::new(
            code::VALIDATION_FAILED,
            format!("`{}` cannot have this value.", self.field),
        )
        .at(format!("/updates/{}/value", self.n))
        .expected(expected)
        .bad_request()
    }

    fn not_updatable<T>(&self, table: &[Field<T>], elsewhere: &[&str]) -> Rejection {
        let names = elsewhere.iter().copied();
        let names: Vec<&str> = names.chain(table.iter().map(|field| field.name)).collect();
        let problem = Problem::new(
            code::FIELD_NOT_UPDATABLE,
            "This field cannot be changed here.",
        )
        .at(format!("/updates/{}/field", self.n))
        .received(self.field)
        .expected(names.join(", "));
        match nearest(self.field, names.iter().copied()) {
            Some(near) => problem.hint(format!("Did you mean `{near}`?")),
            None => problem.hint("Names are those of the reply, with a point before the member of a member; what is not listed is fixed once it is given."),
        }
        .bad_request()
    }
}

/// Makes each of the updates, and gives the names of the fields with all that was wrong. The caller works on a copy and
/// throws it away if anything was.
pub(crate) fn make_each(
    updates: &[FieldUpdate],
    mut make: impl FnMut(&Change<'_>) -> Result<(), Rejection>,
) -> Result<(Vec<&str>, Vec<Problem>), Rejection> {
    if updates.is_empty() {
        return Err(no_updates());
    }
    let mut problems = Vec::new();
    let mut seen = Vec::new();
    for (n, update) in updates.iter().enumerate() {
        let outcome = field_and_value(update, n).and_then(|(field, value)| {
            if seen.contains(&field) {
                return Err(named_twice(field, n));
            }
            seen.push(field);
            make(&Change { field, value, n })
        });
        problems.extend(
            outcome
                .err()
                .into_iter()
                .flat_map(|rejection| rejection.problems),
        );
    }
    Ok((seen, problems))
}

/// The same for a caller who has nothing to add.
pub(crate) fn make_all(
    updates: &[FieldUpdate],
    make: impl FnMut(&Change<'_>) -> Result<(), Rejection>,
) -> Result<Vec<&str>, Rejection> {
    let (seen, problems) = make_each(updates, make)?;
    if problems.is_empty() {
        return Ok(seen);
    }
    Err(Rejection {
        status: 400,
        problems,
    })
}

/// Field and value of one update; both have to be there.
pub(crate) fn field_and_value(update: &FieldUpdate, n: usize) -> Result<(&str, &str), Rejection> {
    match (&update.field, &update.value) {
        (Some(field), Some(value)) => Ok((field, value)),
        (None, _) => Err(missing("field", n)),
        (_, None) => Err(missing("value", n)),
    }
}

/// The problem of a list of updates that changes nothing.
pub(crate) fn no_updates() -> Rejection {
    Problem::new(code::VALIDATION_FAILED, "There is nothing to change.")
        .at("/updates")
        .expected("a list of at least one `{field, value}`")
        .bad_request()
}

/// The problem of an update that names a field again.
fn named_twice(field: &str, n: usize) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        "A field can be changed once in a request.",
    )
    .at(format!("/updates/{n}/field"))
    .received(field)
    .expected("each field at most once")
    .bad_request()
}

fn missing(member: &str, n: usize) -> Rejection {
    Problem::new(
        code::VALIDATION_FAILED,
        format!("An update needs a `{member}`."),
    )
    .at(format!("/updates/{n}/{member}"))
    .expected("a text")
    .bad_request()
}
