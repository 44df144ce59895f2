//! The floor: blocking sockets and protocol lines on both sides, without prost, through the same nats-server. Nothing
//! that goes through it can be faster than this.

use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::socket::{Socket, publish};
use crate::Error;
use crate::calls::Calls;
use crate::worker::{self, Job};

const SUBJECT: &str = "compare.floor";
/// Followed by the number of the caller.
const INBOX: &str = "_INBOX.floor.";

/// A thread answers; the main one speaks with our parent.
pub(super) fn serve(job: &Job, runtime: &Runtime) -> Result<(), Error> {
    let mut socket = Socket::subscribe(&job.nats, SUBJECT)?;
    thread::spawn(move || -> Result<(), Error> {
        loop {
            socket.turn(|request, output| {
                let reply = request.reply.ok_or("a request without a reply subject")?;
                Ok(publish(output, reply, "", request.payload)?)
            })?;
        }
    });
    Ok(runtime.block_on(worker::serve("", || 0))?)
}

/// One thread makes the calls of all callers: who got an answer calls again with the next write.
pub(super) fn measure(job: &Job) -> Result<(), Error> {
    let mut socket = Socket::subscribe(&job.nats, &format!("{INBOX}*"))?;
    let payload = vec![b'x'; job.load.payload];
    let mut begun = vec![Instant::now(); job.load.concurrency];
    for caller in 0..job.load.concurrency {
        socket.publish(SUBJECT, &format!("{INBOX}{caller}"), &payload)?;
    }
    let mut run = |lasts: Duration| -> Result<(Calls, Duration), Error> {
        let (begin, mut calls) = (Instant::now(), Calls::default());
        while begin.elapsed() < lasts {
            // One look at the clock for all that came with one read.
            let mut now = None;
            socket.turn(|reply, output| {
                let now = *now.get_or_insert_with(Instant::now);
                let caller: usize = reply.subject.strip_prefix(INBOX).ok_or("a strange reply")?.parse()?;
                calls.succeeded(now - begun[caller]);
                begun[caller] = now;
                Ok(publish(output, SUBJECT, reply.subject, &payload)?)
            })?;
        }
        Ok((calls, begin.elapsed()))
    };
    run(job.load.warm_up)?;
    worker::measuring()?;
    let (calls, took) = run(job.load.window)?;
    worker::measured()?;
    Ok(worker::finish(&calls.sample(took))?)
}
