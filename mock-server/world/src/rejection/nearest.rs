//! The value that a caller most likely meant, for a hint.

/// The known value that a reader most likely meant: at most a third of its characters differ, or one of the two begins the
/// other.
pub fn nearest<T: AsRef<str>>(wanted: &str, known: impl Iterator<Item = T>) -> Option<T> {
    if wanted.len() > NEAREST_LENGTH_MAX {
        return None;
    }
    let wanted = wanted.to_lowercase();
    let known = known
        .filter(|candidate| candidate.as_ref().len() <= NEAREST_LENGTH_MAX)
        .take(NEAREST_CANDIDATES_MAX);
    known
        .filter_map(|candidate| {
            let lower = candidate.as_ref().to_lowercase();
            let distance = distance(&wanted, &lower);
            let is_near = distance * 3 <= candidate.as_ref().chars().count();
            let begins = wanted.len().min(lower.len()) >= NEAREST_BEGINNING
                && (lower.starts_with(&wanted) || wanted.starts_with(&lower));
            (is_near || begins).then_some((!is_near, distance, candidate))
        })
        .min_by_key(|(is_beginning, distance, _)| (*is_beginning, *distance))
        .map(|(_, _, candidate)| candidate)
}

/// A hint must not cost more than the request did.
const NEAREST_CANDIDATES_MAX: usize = 200;
const NEAREST_LENGTH_MAX: usize = 64;

/// A shorter text begins too many names.
const NEAREST_BEGINNING: usize = 3;

/// How many letters differ: each that is too much, missing or another one counts, and so does a pair in the wrong order.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let above = &rows[i - 1];
            let substituted = above[j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut least = substituted.min(above[j] + 1).min(row[j - 1] + 1);
            let is_swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if is_swapped {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_id_is_named_and_a_far_one_is_not() {
        let known = ["ACME_USD", "JANE_USD"];
        assert_eq!(nearest("ACNE_USD", known.into_iter()), Some("ACME_USD"));
        assert_eq!(nearest("acme-usd", known.into_iter()), Some("ACME_USD"));
        assert_eq!(nearest("treasury", known.into_iter()), None);
        assert_eq!(nearest("", known.into_iter()), None);
        assert_eq!(nearest("jane", known.into_iter()), Some("JANE_USD"));
        assert_eq!(nearest("JA", known.into_iter()), None, "too short to tell");
        assert_eq!(nearest("titel", ["title"].into_iter()), Some("title"));
        assert_eq!(nearest("OPENED", ["OPEN"].into_iter()), Some("OPEN"));
        let rails = ["SEPA_INSTANT", "SEPA_CT"];
        assert_eq!(nearest("sepa", rails.into_iter()), Some("SEPA_CT"));
    }
}
