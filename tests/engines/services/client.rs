//! Loads, as clients on the loopback make them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::common::find_program;
use crate::rig::run;

/// What went wrong, in a line.
pub(super) type Load = Result<(), String>;

/// How many clients come at once.
const CLIENTS: usize = 4;
/// No answer takes so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether a server is there.
const PAUSE: Duration = Duration::from_millis(4);

/// A port of the loopback that nobody listens at.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn connect(port: u16) -> Result<TcpStream, String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string());
    let stream = stream?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    Ok(stream)
}

/// Waits until the server listens, or until `gone` says that it never will.
pub(super) fn wait_for(port: u16, mut gone: impl FnMut() -> bool) -> Load {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if connect(port).is_ok() {
            return Ok(());
        }
        if gone() {
            return Err("it ended before it listened".to_owned());
        }
        if Instant::now() > deadline {
            return Err("it does not listen".to_owned());
        }
        sleep(PAUSE);
    }
}

/// The same from several clients at once.
pub(super) fn together(load: impl Fn(usize) -> Load + Sync) -> Load {
    scope(|scope| {
        let load = &load;
        let clients = (0..CLIENTS).map(|client| scope.spawn(move || load(client)));
        let clients: Vec<_> = clients.collect();
        clients
            .into_iter()
            .try_for_each(|client| client.join().unwrap())
    })
}

/// Asks for a page, on a connection of its own.
pub(super) fn page(port: u16, path: &str) -> Result<(u16, Vec<u8>), String> {
    let mut stream = connect(port)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_end(&mut answer))
        .map_err(|error| format!("{path}: {error}"))?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let head = String::from_utf8_lossy(&answer[..end.unwrap_or(0)]).to_lowercase();
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    let status = status
        .parse()
        .map_err(|_error| format!("{path}: no answer but {head:?}"))?;
    let body = &answer[end.map_or(0, |end| end + 4)..];
    let chunked = head.contains("transfer-encoding: chunked");
    Ok((
        status,
        if chunked {
            unchunked(body)
        } else {
            body.to_vec()
        },
    ))
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|bytes| bytes == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let rest = &body[end + 2..];
        if size == 0 || rest.len() < size + 2 {
            break;
        }
        whole.extend_from_slice(&rest[..size]);
        body = &rest[size + 2..];
    }
    whole
}

/// A page that is answered with this text.
pub(super) fn page_is(port: u16, path: &str, expected: &str) -> Load {
    let (status, body) = page(port, path)?;
    if status == 200 && body == expected.as_bytes() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&body);
    Err(format!("{path}: {status} {body:.200}"))
}

/// A page of this size.
pub(super) fn page_has(port: u16, path: &str, size: usize) -> Load {
    let (status, body) = page(port, path)?;
    if status == 200 && body.len() == size {
        return Ok(());
    }
    Err(format!("{path}: {status}, {} bytes", body.len()))
}

/// A page that is not there.
pub(super) fn page_is_missing(port: u16, path: &str) -> Load {
    match page(port, path)? {
        (404, _) => Ok(()),
        (status, _) => Err(format!("{path}: {status}")),
    }
}

/// A conversation in lines.
#[derive(Debug)]
pub(super) struct Lines(BufReader<TcpStream>);

impl Lines {
    pub(super) fn to(port: u16) -> Result<Self, String> {
        connect(port).map(|stream| Self(BufReader::new(stream)))
    }

    /// Says `line` and gives the first line of the answer.
    pub(super) fn ask(&mut self, line: &str) -> Result<String, String> {
        let said = self.0.get_mut().write_all(format!("{line}\r\n").as_bytes());
        said.map_err(|error| format!("{line:.40}: {error}"))?;
        self.next()
    }

    pub(super) fn next(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line);
        read.map_err(|error| error.to_string())?;
        Ok(line.trim_end().to_owned())
    }

    /// Says `line`, which is to be answered with such lines.
    pub(super) fn expect(&mut self, line: &str, answer: &[&str]) -> Load {
        let mut got = vec![self.ask(line)?];
        while got.len() < answer.len() {
            got.push(self.next()?);
        }
        if got == answer {
            Ok(())
        } else {
            Err(format!("{line:.40}: {got:?}"))
        }
    }
}

/// What psql prints of a query.
pub(super) fn query(port: u16, sql: &str) -> Result<String, String> {
    let mut client = Command::new(find_program("psql").unwrap());
    client.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        "127.0.0.1",
    ]);
    client.args([
        "-U",
        "user",
        "-d",
        "postgres",
        "-p",
        &port.to_string(),
        "-c",
        sql,
    ]);
    let finished = run(&mut client);
    if finished.succeeded() {
        Ok(finished.stdout)
    } else {
        Err(finished.to_string())
    }
}
