//! The programs: their images, how they are started, and what is asked of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::client::{Lines, Load, page, page_has, page_is, page_is_missing, query, together};
use crate::common::{find_program, require};
use crate::image::Image;
use crate::rig::run;

/// The size of `/srv/www/big`.
const BIG: usize = 320_000;

/// A program that serves on a port until SIGTERM.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) image: Image,
    /// The command, to which the port is added.
    pub(super) command: Vec<&'static str>,
    pub(super) load: fn(u16) -> Load,
    /// The status with which SIGTERM ends it.
    pub(super) status: i32,
}

fn image_with_pages(hello: &str) -> Image {
    let image = Image::new();
    image.file("srv/www/index.html", hello);
    image.file("srv/www/big", &"0123456789abcdef".repeat(BIG / 16));
    image
}

/// Files, also to several clients at once.
fn pages(port: u16, hello: &str) -> Load {
    page_is(port, "/index.html", hello)?;
    page_is_missing(port, "/missing")?;
    together(|_| page_has(port, "/big", BIG))
}

pub(super) fn nginx() -> Service {
    let image = image_with_pages("hello from nginx\n");
    image.program("nginx");
    image.guest_file("services/nginx.conf", "etc/nginx.conf");
    image.guest_file("services/nginx.sh", "usr/bin/nginx.sh");
    Service {
        name: "nginx",
        image,
        command: vec!["nginx.sh"],
        load: |port| {
            pages(port, "hello from nginx\n")?;
            together(|_| page_has(port, "/proxied/big", BIG))
        },
        status: 0,
    }
}

pub(super) fn redis() -> Service {
    let image = Image::new();
    image.program("redis-server");
    Service {
        name: "redis",
        image,
        command: vec![
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--dir",
            "/tmp",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--io-threads",
            "2",
            "--port",
        ],
        load: redis_load,
        status: 0,
    }
}

fn redis_load(port: u16) -> Load {
    let mut client = Lines::to(port)?;
    client.expect("PING", &["+PONG"])?;
    client.expect("SET colour green", &["+OK"])?;
    client.expect("GET colour", &["$5", "green"])?;
    client.expect("LPUSH list a b c", &[":3"])?;
    client.expect(
        "EVAL \"return redis.call('llen', KEYS[1])\" 1 list",
        &[":3"],
    )?;
    together(|number| {
        let mut client = Lines::to(port)?;
        for count in 1..=100 {
            client.expect(&format!("INCR count{number}"), &[&format!(":{count}")])?;
        }
        Ok(())
    })?;
    // It forks, and the child writes a file.
    client.expect("BGSAVE", &["+Background saving started"])?;
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut info = Lines::to(port)?;
        let mut line = info.ask("INFO persistence")?;
        while !line.starts_with("rdb_bgsave_in_progress:") {
            line = info.next()?;
        }
        if line.ends_with(":0") {
            break;
        }
        if Instant::now() > deadline {
            return Err("BGSAVE does not end".to_owned());
        }
        sleep(Duration::from_millis(10));
    }
    client.expect("FLUSHALL ASYNC", &["+OK"])
}

pub(super) fn memcached() -> Service {
    let image = Image::new();
    image.program("memcached");
    Service {
        name: "memcached",
        image,
        command: vec![
            "memcached",
            "-u",
            "nobody",
            "-l",
            "127.0.0.1",
            "-t",
            "4",
            "-p",
        ],
        load: |port| {
            together(|number| {
                let mut client = Lines::to(port)?;
                let large = "x".repeat(100_000);
                for round in 0..20 {
                    let key = format!("key{number}.{round}");
                    client.expect(&format!("set {key} 0 0 100000\r\n{large}"), &["STORED"])?;
                    let value = format!("VALUE {key} 0 100000");
                    client.expect(&format!("get {key}"), &[&value, &large, "END"])?;
                }
                client.expect(&format!("set n{number} 0 0 2\r\n41"), &["STORED"])?;
                client.expect(&format!("incr n{number} 1"), &["42"])?;
                client.expect(&format!("delete n{number}"), &["DELETED"])?;
                client.ask("stats").map(|_line| ())
            })
        },
        status: 0,
    }
}

pub(super) fn postgres(bin: &Path) -> Service {
    let image = Image::new();
    let postgres = bin.join("postgres");
    image.copy(&postgres);
    image.libraries(&postgres);
    let folder = bin.parent().unwrap();
    for library in ["plpgsql.so", "dict_snowball.so"] {
        image.copy(&folder.join("lib").join(library));
    }
    let version = folder.file_name().unwrap();
    image.copy(&Path::new("/usr/share/postgresql").join(version));
    for zone in ["UTC", "Etc/UTC", "GMT"] {
        image.copy(&Path::new("/usr/share/zoneinfo").join(zone));
    }
    image.program("setpriv");
    image.link(&postgres, "usr/bin/postgres");
    image.guest_file("services/postgres.sh", "usr/bin/postgres.sh");
    // Made as another user, since it is refused to root.
    let data = image.root().join("srv/data");
    let mut init = Command::new("sh");
    let script = "mkdir -m 755 \"$2\" && chown 1000:1000 \"$2\" && \
                  setpriv --reuid=1000 --regid=1000 --clear-groups \"$1\" -D \"$2\" -U user \
                  -A trust --locale=C -E UTF8 --no-sync > /dev/null && chmod -R a+rX \"$2\"";
    init.args(["-c", script, "sh"])
        .arg(bin.join("initdb"))
        .arg(&data);
    run(&mut init).expect_success();
    Service {
        name: "postgres",
        image,
        command: vec!["postgres.sh"],
        load: postgres_load,
        status: 0,
    }
}

fn postgres_load(port: u16) -> Load {
    let deadline = Instant::now() + Duration::from_secs(20);
    // It listens before it answers.
    while let Err(error) = query(port, "select 1") {
        if Instant::now() > deadline {
            return Err(error);
        }
        sleep(Duration::from_millis(10));
    }
    let answer = query(
        port,
        "create table numbers as select g as n, md5(g::text) as t from generate_series(1, 20000) g; \
         create index on numbers (t); analyze numbers; \
         set parallel_setup_cost = 0; set parallel_tuple_cost = 0; \
         set min_parallel_table_scan_size = 0; \
         select count(*), sum(n) from numbers where t > '8'; \
         select count(*) from (select t from numbers order by t desc) sorted",
    )?;
    if answer.lines().next_back() != Some("20000") {
        return Err(answer);
    }
    together(|number| {
        let sql = format!(
            "begin; insert into numbers values ({number}, 'of {number}'); \
             update numbers set t = 'changed' where t = 'of {number}'; commit; \
             select count(*) from numbers where t = 'changed' and n = {number}"
        );
        match query(port, &sql)?.trim() {
            "2" | "1" => Ok(()),
            other => Err(other.to_owned()),
        }
    })?;
    query(port, "vacuum numbers")?;
    query(port, "checkpoint").map(|_nothing| ())
}

/// The packages of Debian that are Python without compilers and tests.
pub(super) const PYTHON: [&str; 3] = [
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
];

pub(super) fn python() -> Service {
    let image = image_with_pages("hello from python\n");
    for package in PYTHON {
        image.package(package);
    }
    image.program("python3.11");
    image.guest_file("services/serve.py", "srv/serve.py");
    Service {
        name: "python http.server",
        image,
        command: vec!["python3.11", "/srv/serve.py"],
        load: |port| {
            pages(port, "hello from python\n")?;
            // A folder stands for its index.
            page_is(port, "/", "hello from python\n")
        },
        status: 0,
    }
}

pub(super) fn node() -> Service {
    let image = image_with_pages("");
    image.program("node");
    // Debian's has a part of its library in files.
    for package in [
        "node-acorn",
        "node-busboy",
        "node-cjs-module-lexer",
        "node-undici",
        "node-xtend",
    ] {
        if fs::exists(format!("/var/lib/dpkg/info/{package}.list")).unwrap() {
            image.package(package);
        }
    }
    image.guest_file("services/server.js", "srv/server.js");
    Service {
        name: "node http",
        image,
        command: vec!["node", "/srv/server.js"],
        load: |port| {
            pages(port, "hello from node\n")?;
            let (status, packed) = page(port, "/packed")?;
            if status != 200 || packed.is_empty() || packed.len() > BIG / 2 {
                return Err(format!("/packed: {status}, {} bytes", packed.len()));
            }
            together(|_| page_has(port, "/digest", 64))?;
            page_is(port, "/thread", "200000")
        },
        status: 0,
    }
}

pub(super) fn go() -> Service {
    let image = image_with_pages("hello from go\n");
    let target = image.root().join("usr/bin/server");
    let source = crate::image::guest_path("services/server.go");
    let mut compiler = Command::new(find_program("go").unwrap());
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    compiler.env("GOCACHE", cache).env("CGO_ENABLED", "0");
    compiler.args(["build", "-o"]).arg(target).arg(source);
    crate::rig::start(&mut compiler)
        .finish_within(Duration::from_secs(300))
        .expect_success();
    Service {
        name: "Go net/http",
        image,
        command: vec!["server"],
        load: |port| {
            page_is(port, "/", "hello from go\n")?;
            page_is_missing(port, "/missing")?;
            together(|_| page_has(port, "/big", BIG))?;
            together(|_| page_is(port, "/work", "4039800\n"))
        },
        status: 0,
    }
}

pub(super) fn java(home: &Path) -> Service {
    let image = image_with_pages("");
    image.copy(&home.join("bin/java"));
    image.copy(&home.join("lib"));
    image.copy(&home.join("conf"));
    for folder in fs::read_dir("/etc")
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if folder.to_string_lossy().ends_with("-openjdk") {
            image.copy(&folder);
        }
    }
    for library in [
        "bin/java",
        "lib/server/libjvm.so",
        "lib/libnet.so",
        "lib/libnio.so",
        "lib/libzip.so",
    ] {
        image.libraries(&home.join(library));
    }
    image.link(&home.join("bin/java"), "usr/bin/java");
    let mut compiler = Command::new(home.join("bin/javac"));
    compiler.arg("-d").arg(image.root().join("srv"));
    compiler.arg(crate::image::guest_path("services/Server.java"));
    run(&mut compiler).expect_success();
    Service {
        name: "JVM http server",
        image,
        command: vec!["java", "-Xmx64m", "-XX:+UseG1GC", "-cp", "/srv", "Server"],
        load: |port| {
            page_is(port, "/index.html", "hello from java\n")?;
            together(|_| page_has(port, "/big", BIG))?;
            together(|_| page_is(port, "/work", "60000000 300 299995\n"))
        },
        // 128 and SIGTERM.
        status: 143,
    }
}

/// The home of the Java that is installed, if it has a compiler.
pub(super) fn java_home() -> Option<PathBuf> {
    let compiler = fs::canonicalize(find_program("javac")?).ok()?;
    let home = compiler.parent()?.parent()?.to_owned();
    home.join("lib/server/libjvm.so").exists().then_some(home)
}

/// The folder of the database's programs.
pub(super) fn postgres_bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.map(|version| version.unwrap().path().join("bin"));
    bins.filter(|bin| bin.join("initdb").exists()).max()
}

/// Whether the packages of Python are installed.
pub(super) fn require_python() -> bool {
    let present = PYTHON.iter().all(|package| {
        fs::exists(format!("/var/lib/dpkg/info/{package}.list")).unwrap()
            || fs::exists(format!("/var/lib/dpkg/info/{package}:amd64.list")).unwrap()
    });
    let why = "the Debian package python3.11 is not installed";
    require("python3.11", present, why)
}
