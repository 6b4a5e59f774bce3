// Servers on loopback, a task per connection; the load is stream_load, beside this program or in PEERS_BIN.
//
//   echo    reads into 16 KiB and writes that back
//   lines   BufReader::read_until of at most 1,024 bytes, and the same with "ok " before it in one write

use super::{fail, Outcome, Totals};
use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
const BUFFER_BYTES: usize = 16 * 1024;
const LINE_BYTES: u64 = 1024;

async fn serve_echo(mut over: TcpStream) -> Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let came = over.read(&mut buffer).await?;
        if came == 0 {
            return Ok(());
        }
        over.write_all(&buffer[..came]).await?;
    }
}

async fn serve_lines(mut over: TcpStream) -> Result<()> {
    let (read, mut write) = over.split();
    let mut reader = BufReader::new(read);
    let mut answer = Vec::new();
    loop {
        answer.clear();
        answer.extend_from_slice(b"ok ");
        let came = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut answer).await?;
        if came == 0 {
            return Ok(());
        }
        if answer.last() != Some(&b'\n') {
            return Err(Error::from(ErrorKind::InvalidData));
        }
        write.write_all(&answer).await?;
    }
}

/// A program in the folder of the peers.
fn beside_this(name: &str) -> PathBuf {
    match std::env::var_os("PEERS_BIN") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder).join(name),
        _ => std::env::current_exe().unwrap().with_file_name(name),
    }
}

fn run_load(port: u16, workload: &str, n: i64) -> String {
    let program = beside_this("stream_load");
    let numbers = [port.to_string(), workload.to_string(), n.to_string(), CONNECTIONS.to_string()];
    match Command::new(&program).args(numbers).stderr(Stdio::inherit()).output() {
        Ok(ended) if ended.status.success() => String::from_utf8(ended.stdout).unwrap(),
        Ok(ended) => fail(1, &format!("stream_load: {}", ended.status)),
        Err(error) => fail(1, &format!("{}: {error}", program.display())),
    }
}

fn outcome_of(said: &str, n: i64) -> Outcome {
    let numbers: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    if numbers.len() != 4 || numbers[0] != n as f64 {
        fail(1, &format!("stream_load printed {said}"));
    }
    Outcome { got: Totals::all_of(n), seconds: Some(numbers[1]), figure: format!("us={:.1} p50_us={:.1}", numbers[3], numbers[2]) }
}

/// Runs a server for as long as its load takes.
async fn under_load<Served>(workload: &'static str, serve: fn(TcpStream) -> Served, n: i64) -> Outcome
where
    Served: Future<Output = Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (over, _) = listener.accept().await.unwrap();
            over.set_nodelay(true).unwrap();
            connections.spawn(serve(over));
        }
        while let Some(ended) = connections.join_next().await {
            ended.unwrap().unwrap();
        }
    });
    let said = tokio::task::spawn_blocking(move || run_load(port, workload, n)).await.unwrap();
    server.await.unwrap();
    outcome_of(&said, n)
}

pub async fn echo(n: i64) -> Outcome {
    under_load("echo", serve_echo, n).await
}

pub async fn lines(n: i64) -> Outcome {
    under_load("lines", serve_lines, n).await
}
