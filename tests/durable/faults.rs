//! A disk that fails at any call: an error, nothing changed, and the next command works.

use std::{path::PathBuf, process::Command};

use crate::{
    child::said,
    common::{Folder, child},
};

/// No command makes more calls than this.
const MOST_CALLS: u64 = 200;
const EIO: &str = "5";
const ENOSPC: &str = "28";

/// Builds what stands between a child and the disk.
fn in_front_of_the_disk(folder: &Folder) -> PathBuf {
    let library = folder.path().join("faults.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/durable/disk/faults.c");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).args([source, "-ldl"]).status();
    assert!(built.unwrap().success(), "the C compiler that SQLite is compiled with is needed here, too");
    library
}

/// Fails each call of a command in turn, until there is none left. Says how the commands came out.
fn each_call_fails(code: &str) -> Vec<String> {
    let tools = Folder::new();
    let library = in_front_of_the_disk(&tools);
    let mut came = Vec::new();
    for call in 1..=MOST_CALLS {
        let folder = Folder::new();
        let file = folder.file();
        let mut victim = child("victim", &file, 0);
        victim.env("LD_PRELOAD", &library).env("ANDON_FAULT", call.to_string()).env("ANDON_ERRNO", code);
        victim.env("ANDON_ARMED", file.with_extension("armed")).env("ANDON_FIRED", file.with_extension("fired"));
        victim.stderr(std::process::Stdio::piped());
        let output = victim.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let why = || format!("call {call}: {told}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}", why());
        let how = said(&told).next().unwrap_or_else(|| panic!("{}", why())).to_owned();
        let done = how.ends_with("spared");
        came.push(how);
        if done {
            return came;
        }
    }
    panic!("there is no end of calls: {came:?}");
}

#[test]
fn a_call_that_fails_changes_nothing() {
    for code in [EIO, ENOSPC] {
        let came = each_call_fails(code);
        println!("error {code}: {came:?}");
        let failed = came.iter().filter(|how| !how.starts_with("landed")).count();
        assert!(failed >= 3, "a command makes some calls that matter: {came:?}");
        assert_eq!(came.last().map(String::as_str), Some("landed spared"));
    }
}
