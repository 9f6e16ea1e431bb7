//! The command line of callsieve.

fn main() {}
