//! How the run-time door of a kind of record calls its moves.

/// Calls the move on a record in one of these stages; gives record and event back in the others.
macro_rules! only_in {
    ($record:expr, $event:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
        match $record {
            $(Self::$stage($i) => $move.into(),)*
            record => return Err(Box::new($crate::record::IllegalMove { record, event: $event })),
        }
    };
}

/// Calls a move that needs more than its stage: where it is refused, record and event are given back as well.
macro_rules! tried_in {
    ($record:expr, $event:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
        match $record {
            $(Self::$stage($i) => match $move {
                Ok(step) => step.into(),
                Err(back) => {
                    return Err(Box::new($crate::record::IllegalMove { record: (*back).into(), event: $event }));
                }
            },)*
            #[allow(unreachable_patterns, reason = "some moves are tried in every stage")]
            record => return Err(Box::new($crate::record::IllegalMove { record, event: $event })),
        }
    };
}

/// Calls a move that every stage has; these are all.
macro_rules! in_every {
    ($record:expr, [$($stage:ident)*], $i:ident => $move:expr) => {
        match $record {
            $(Self::$stage($i) => $move.into(),)*
        }
    };
}

pub(crate) use {in_every, only_in, tried_in};
