//! Docker's default profile, every version since 20.10.
