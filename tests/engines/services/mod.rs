//! Real servers: recorded, and started ten times in each lane under the profile of the lane, with
//! the load that was recorded, until SIGTERM.
//!
//! A row of docs/profiles-tested.md is what a program's test found.

mod client;
mod lane;
mod programs;
mod row;
mod trial;

use crate::common::{require, require_program};
use crate::image::require_builders;

use trial::{a_lack_is_told, try_service};

#[test]
fn nginx() {
    if require_builders() && require_program("nginx", "nginx-light") {
        try_service(&programs::nginx());
    }
}

#[test]
fn redis() {
    if require_builders() && require_program("redis-server", "redis-server") {
        try_service(&programs::redis());
    }
}

#[test]
fn memcached() {
    if require_builders() && require_program("memcached", "memcached") {
        try_service(&programs::memcached());
    }
}

#[test]
fn postgres() {
    let bin = programs::postgres_bin();
    let there = require(
        "postgresql",
        bin.is_some(),
        "no initdb in /usr/lib/postgresql",
    );
    let tools = require_program("setpriv", "util-linux") && require_program("psql", "postgresql");
    if let Some(bin) = bin.filter(|_| there && tools && require_builders()) {
        try_service(&programs::postgres(&bin));
    }
}

#[test]
fn python() {
    if require_builders() && programs::require_python() {
        try_service(&programs::python());
    }
}

#[test]
fn node() {
    if require_builders() && require_program("node", "nodejs") {
        try_service(&programs::node());
    }
}

#[test]
fn go() {
    if require_builders() && require_program("go", "golang-go") {
        try_service(&programs::go());
    }
}

#[test]
fn java() {
    let home = programs::java_home();
    let there = require(
        "java",
        home.is_some(),
        "no JDK (Debian package default-jdk-headless)",
    );
    if let Some(home) = home.filter(|_| there && require_builders()) {
        try_service(&programs::java(&home));
    }
}

/// A start that fails says what the profile lacks.
#[test]
fn a_profile_that_lacks_a_call() {
    if require_builders() && require_program("redis-server", "redis-server") {
        a_lack_is_told(&programs::redis(), "listen");
    }
}
