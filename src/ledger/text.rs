//! Durations as people say them: hours, minutes and seconds.

/// Seconds as hours, minutes and seconds: `1 h 30 min`. Parts that are zero are left out.
pub(crate) fn duration(seconds: u64) -> String {
    const PARTS: [(u64, &str); 3] = [(3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut said = Vec::new();
    for (size, unit) in PARTS {
        let (whole, left) = (rest.checked_div(size).unwrap_or(0), rest.checked_rem(size).unwrap_or(0));
        if whole > 0 {
            said.push(format!("{whole} {unit}"));
        }
        rest = left;
    }
    if said.is_empty() { "0 s".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_says_what_is_not_zero() {
        for (seconds, said) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (5_400, "1 h 30 min"), (90_001, "25 h 1 s"), (3_600, "1 h")]
        {
            assert_eq!(duration(seconds), said);
        }
    }
}
