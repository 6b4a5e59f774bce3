// tokio's multi-thread runtime with two workers. The bound is the channel's own: a send waits while 100 items are in it.
//
//   pipeline        eight consumers share the receiver of tokio's mpsc channel through tokio's Mutex
//   pipeline_mpmc   the async_channel crate, whose receivers can be many
//   chain fanin pingpong ask ring spawn idle
//   restart         a supervisor by hand: it awaits the handle of a task that panics on each message
//   taskgroup       a JoinSet of 1,000 tasks, aborted when the first has failed
//   echo lines      in tokio_streams.rs

mod tokio_streams;

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, Mutex, Notify};
use tokio::task::{JoinHandle, JoinSet};

const BOUND: usize = 100;
const CONSUMERS: usize = 8;
const PRODUCERS: i64 = 8;
const STAGES: usize = 10;
const RING: usize = 1000;
const TASKGROUP_ROUNDS: usize = 21; // the figure is their median

/// How many of the items 0 .. n-1 there were, and what they add up to.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Totals {
    count: i64,
    sum: i64,
}

impl Totals {
    fn all_of(n: i64) -> Totals {
        Totals { count: n, sum: n * (n - 1) / 2 }
    }

    fn add(&mut self, item: i64) {
        self.count += 1;
        self.sum += item;
    }
}

/// Totals of many tasks; says when all have counted.
#[derive(Default)]
struct Tally {
    count: AtomicI64,
    sum: AtomicI64,
    complete: Notify,
}

impl Tally {
    fn add(&self, item: i64, of: i64) {
        self.sum.fetch_add(item, SeqCst);
        if self.count.fetch_add(1, SeqCst) + 1 == of {
            self.complete.notify_one();
        }
    }

    async fn all(&self) -> Totals {
        self.complete.notified().await;
        Totals { count: self.count.load(SeqCst), sum: self.sum.load(SeqCst) }
    }
}

/// What a workload did; without `seconds` the clock runs from start to end.
struct Outcome {
    got: Totals,
    seconds: Option<f64>,
    figure: String,
}

impl From<Totals> for Outcome {
    fn from(got: Totals) -> Outcome {
        Outcome { got, seconds: None, figure: String::new() }
    }
}

fn status_kb(key: &str) -> i64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn drain(mut from: mpsc::Receiver<i64>) -> Totals {
    let mut got = Totals::default();
    while let Some(item) = from.recv().await {
        got.add(item);
    }
    got
}

async fn total_of(tasks: Vec<JoinHandle<Totals>>) -> Totals {
    let mut all = Totals::default();
    for task in tasks {
        let got = task.await.unwrap();
        all.count += got.count;
        all.sum += got.sum;
    }
    all
}

fn produce(to: mpsc::Sender<i64>, from: i64, end: i64) {
    tokio::spawn(async move {
        for i in from..end {
            to.send(i).await.unwrap();
        }
    });
}

async fn pipeline(n: i64) -> Outcome {
    let (to, from) = mpsc::channel(BOUND);
    let from = Arc::new(Mutex::new(from));
    let consumers = (0..CONSUMERS).map(|_| {
        let from = from.clone();
        tokio::spawn(async move {
            let mut got = Totals::default();
            loop {
                let item = from.lock().await.recv().await;
                match item {
                    Some(item) => got.add(item),
                    None => return got,
                }
            }
        })
    });
    let consumers = consumers.collect();
    produce(to, 0, n);
    total_of(consumers).await.into()
}

async fn pipeline_mpmc(n: i64) -> Outcome {
    let (to, from) = async_channel::bounded(BOUND);
    let consumers = (0..CONSUMERS).map(|_| {
        let from = from.clone();
        tokio::spawn(async move {
            let mut got = Totals::default();
            while let Ok(item) = from.recv().await {
                got.add(item);
            }
            got
        })
    });
    let consumers = consumers.collect();
    tokio::spawn(async move {
        for i in 0..n {
            to.send(i).await.unwrap();
        }
    });
    total_of(consumers).await.into()
}

async fn chain(n: i64) -> Outcome {
    let (first, mut last) = mpsc::channel(BOUND);
    for _ in 0..STAGES {
        let (to, next) = mpsc::channel(BOUND);
        let mut from = std::mem::replace(&mut last, next);
        tokio::spawn(async move {
            while let Some(item) = from.recv().await {
                to.send(item).await.unwrap();
            }
        });
    }
    produce(first, 0, n);
    total_of(vec![tokio::spawn(drain(last))]).await.into()
}

async fn fanin(n: i64) -> Outcome {
    let part = n / PRODUCERS;
    let (to, from) = mpsc::channel(BOUND);
    for k in 0..PRODUCERS {
        produce(to.clone(), k * part, (k + 1) * part);
    }
    drop(to);
    total_of(vec![tokio::spawn(drain(from))]).await.into()
}

async fn pingpong(n: i64) -> Outcome {
    let (to, mut from) = mpsc::channel::<(i64, oneshot::Sender<i64>)>(BOUND);
    tokio::spawn(async move {
        while let Some((item, reply)) = from.recv().await {
            reply.send(item).unwrap();
        }
    });
    let player = tokio::spawn(async move {
        let mut got = Totals::default();
        for i in 0..n {
            let (reply, answer) = oneshot::channel();
            to.send((i, reply)).await.unwrap();
            got.add(answer.await.unwrap());
        }
        got
    });
    total_of(vec![player]).await.into()
}

/// As pingpong, and each round trip in a timeout, from the send to the answer.
async fn ask(n: i64) -> Outcome {
    let (to, mut from) = mpsc::channel::<(i64, oneshot::Sender<i64>)>(BOUND);
    tokio::spawn(async move {
        while let Some((item, reply)) = from.recv().await {
            let _ = reply.send(item);
        }
    });
    let player = tokio::spawn(async move {
        let mut got = Totals::default();
        for i in 0..n {
            let asked = async {
                let (reply, answer) = oneshot::channel();
                to.send((i, reply)).await.unwrap();
                answer.await.unwrap()
            };
            got.add(tokio::time::timeout(Duration::from_secs(1), asked).await.unwrap());
        }
        got
    });
    total_of(vec![player]).await.into()
}

async fn ring(n: i64) -> Outcome {
    let (ended, mut end) = mpsc::channel::<usize>(1);
    let (first, mut last) = mpsc::channel::<i64>(BOUND);
    for place in 0..RING {
        let (mut to, next) = mpsc::channel(BOUND);
        if place == RING - 1 {
            to = first.clone();
        }
        let mut from = std::mem::replace(&mut last, next);
        let ended = ended.clone();
        tokio::spawn(async move {
            while let Some(token) = from.recv().await {
                if token == 0 {
                    ended.send(place).await.unwrap();
                } else {
                    to.send(token - 1).await.unwrap();
                }
            }
        });
    }
    let began = Instant::now();
    first.send(n).await.unwrap();
    let place = end.recv().await.unwrap();
    let seconds = Some(began.elapsed().as_secs_f64());
    assert_eq!(place as i64, n % RING as i64, "WRONG RESULT: the token ended at another task");
    Outcome { got: Totals::all_of(n), seconds, figure: String::new() } // the token counted its hops itself
}

async fn spawn(n: i64) -> Outcome {
    let tally = Arc::new(Tally::default());
    let theirs = tally.clone();
    tokio::spawn(async move {
        for i in 0..n {
            let (to, mut from) = mpsc::channel::<i64>(1);
            let tally = theirs.clone();
            tokio::spawn(async move { tally.add(from.recv().await.unwrap(), n) });
            to.send(i).await.unwrap();
        }
    });
    tally.all().await.into()
}

async fn idle(n: i64) -> Outcome {
    let (tally, waiting) = (Arc::new(Tally::default()), Arc::new(Tally::default()));
    let kb_before = status_kb("VmRSS");
    let began = Instant::now();
    let mut inboxes = Vec::with_capacity(n as usize);
    for _ in 0..n {
        let (to, mut from) = mpsc::channel::<i64>(BOUND);
        inboxes.push(to);
        let (tally, waiting) = (tally.clone(), waiting.clone());
        tokio::spawn(async move {
            waiting.add(0, n);
            tally.add(from.recv().await.unwrap(), n);
        });
    }
    waiting.all().await;
    let seconds = Some(began.elapsed().as_secs_f64());
    let figure = format!("bytes_per={}", (status_kb("VmRSS") - kb_before) * 1024 / n);
    for (i, inbox) in inboxes.iter().enumerate() {
        inbox.send(i as i64).await.unwrap();
    }
    Outcome { got: tally.all().await, seconds, figure }
}

async fn restart(n: i64) -> Outcome {
    std::panic::set_hook(Box::new(|_| {})); // do not print the panics that we ask for
    let tally = Arc::new(Tally::default());
    for i in 0..n {
        let (to, mut from) = mpsc::channel::<i64>(BOUND);
        let tally = tally.clone();
        let child = tokio::spawn(async move {
            tally.add(from.recv().await.unwrap(), n);
            panic!("crash");
        });
        to.send(i).await.unwrap();
        let ended: Result<(), _> = child.await;
        ended.unwrap_err();
    }
    let _ = std::panic::take_hook();
    tally.all().await.into()
}

/// Seconds from the failure of one child until all of them have been joined.
async fn taskgroup_round(n: i64) -> f64 {
    let mut children = JoinSet::new();
    let waiting = Arc::new(Tally::default());
    let (fail, signal) = oneshot::channel::<()>();
    let mut signal = Some(signal);
    for i in 0..n {
        let signal = if i == n / 2 { signal.take() } else { None };
        let waiting = waiting.clone();
        children.spawn(async move {
            waiting.add(0, n);
            match signal {
                Some(signal) => {
                    signal.await.unwrap();
                    Err::<(), Instant>(Instant::now())
                }
                None => std::future::pending().await,
            }
        });
    }
    waiting.all().await;
    tokio::time::sleep(Duration::from_millis(2)).await; // until all is quiet
    fail.send(()).unwrap();
    let failed_at = children.join_next().await.unwrap().unwrap().unwrap_err();
    children.abort_all();
    let mut ended = 1;
    while let Some(child) = children.join_next().await {
        assert!(child.unwrap_err().is_cancelled());
        ended += 1;
    }
    let seconds = failed_at.elapsed().as_secs_f64();
    assert_eq!(ended, n, "WRONG RESULT: children are missing");
    seconds
}

async fn taskgroup(n: i64) -> Outcome {
    let mut rounds = vec![];
    for _ in 0..TASKGROUP_ROUNDS {
        rounds.push(taskgroup_round(n).await);
    }
    rounds.sort_by(f64::total_cmp);
    let median = rounds[TASKGROUP_ROUNDS / 2];
    Outcome { got: Totals::all_of(n), seconds: Some(median), figure: format!("us={:.0}", median * 1e6) }
}

async fn run(workload: &str, n: i64) -> Option<Outcome> {
    Some(match workload {
        "pipeline" => pipeline(n).await,
        "pipeline_mpmc" => pipeline_mpmc(n).await,
        "chain" => chain(n).await,
        "fanin" => fanin(n).await,
        "pingpong" => pingpong(n).await,
        "ask" => ask(n).await,
        "ring" => ring(n).await,
        "spawn" => spawn(n).await,
        "idle" => idle(n).await,
        "restart" => restart(n).await,
        "taskgroup" => taskgroup(n).await,
        "echo" => tokio_streams::echo(n).await,
        "lines" => tokio_streams::lines(n).await,
        _ => return None,
    })
}

fn fail(code: i32, why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(code)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() < 3 {
        fail(2, "arguments: WORKLOAD N");
    }
    let workload = arguments[1].as_str();
    let mut n: i64 = arguments[2].parse().unwrap_or(0);
    if workload == "fanin" {
        n = n / PRODUCERS * PRODUCERS;
    }
    if n < 1 {
        fail(2, "N is a number from 1 on (fanin: 8)");
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time();
    if matches!(workload, "echo" | "lines") {
        builder.enable_io(); // not for the others: a worker that waits would wait in epoll
    }
    let runtime = builder.build().unwrap();
    let began = Instant::now();
    let outcome = match runtime.block_on(run(workload, n)) {
        Some(outcome) => outcome,
        None => fail(2, &format!("no workload {workload}")),
    };
    let seconds = outcome.seconds.unwrap_or_else(|| began.elapsed().as_secs_f64());
    if outcome.got != Totals::all_of(n) {
        fail(1, &format!("WRONG RESULT {:?}", outcome.got));
    }
    println!("tokio {workload} {n} {seconds:.6} {:.0} {} {}", n as f64 / seconds, status_kb("VmHWM"), outcome.figure);
    std::process::exit(0); // the ring's tasks still wait
}
