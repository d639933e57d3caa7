//! Names that are no settings and look like one: a slip of the pen would otherwise be taken for the default.

use super::NAMES;

/// The names that look like a setting, each with the one that may be meant.
pub(super) fn among<'a>(names: impl Iterator<Item = &'a String>) -> Vec<(String, &'static str)> {
    names.filter_map(|name| Some((name.clone(), meant_by(name)?))).collect()
}

/// The setting that somebody may have meant who wrote `name`; none when it is one, or is like none.
fn meant_by(name: &str) -> Option<&'static str> {
    if NAMES.contains(&name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let near = NAMES.into_iter().map(|known| (distance(&upper, known), known));
    // One slip in a short name, two in a long one: beyond that it is more likely another program's.
    let near = near.filter(|(slips, known)| *slips <= (known.len() / 4).min(2));
    near.min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour to make one of the other
/// (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_seen_and_other_programs_names_are_left_alone() {
        for (name, meant) in [
            ("SITE_NAM", "SITE_NAME"),
            ("site_name", "SITE_NAME"),
            ("SITENAME", "SITE_NAME"),
            ("PROT", "PORT"),
            ("DATABASE_ULR", "DATABASE_URL"),
            ("SECRET_KEYS", "SECRET_KEY"),
        ] {
            assert_eq!(meant_by(name), Some(meant), "{name}");
        }
        for name in NAMES.into_iter().chain(["", "PATH", "HOME", "POSTGRES_PASSWORD", "SMTP_URL", "MAIL_FROM", "DEBUG"])
        {
            assert_eq!(meant_by(name), None, "{name}");
        }
    }

    #[test]
    fn slips_are_counted() {
        for (one, other, slips) in
            [("", "", 0), ("abc", "", 3), ("abc", "acb", 1), ("abc", "abd", 1), ("ab", "xaby", 2)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (slips, slips), "{one} {other}");
        }
    }
}
