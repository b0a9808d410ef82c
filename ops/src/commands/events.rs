//! `zhixin events`: canonical JSON lines, the same bytes as the log's leaves. Reads the log only, so it works beside a live server.
//!
//! With disclosures they follow on the line, a tab before each: canonical JSON holds none.

use std::ops::ControlFlow;

use anyhow::Context as _;
use zhixin_events::{Commit, Position, Subject, Timestamp, leaf};
use zhixin_store::segments::Body;

use crate::cli::{Common, EventsArgs, Usage};
use crate::{Ending, out};

pub(crate) fn run(common: &Common, args: &EventsArgs) -> anyhow::Result<Ending> {
    let subject = args.subject.as_deref().map(Subject::parse).transpose().map_err(|error| Usage(format!("--subject: {error}")))?;
    let reader = common.reader()?;
    let to = args.to.unwrap_or(u64::MAX);
    let mut fault = None;
    reader.read(args.from, &mut |batch| {
        let printed = (|| -> anyhow::Result<bool> {
            let body = Body::parse(batch.body).context("a batch is not well formed")?;
            for frame in body.frames() {
                let commit = Commit::decode(frame.bytes, Timestamp(batch.base_ms))?;
                for recorded in commit.recorded(Position(frame.first_position)) {
                    let recorded = recorded?;
                    let wanted = (args.from..=to).contains(&recorded.position.0)
                        && subject.is_none_or(|subject| recorded.ordinal_of(&subject).is_some());
                    if wanted {
                        let mut line = leaf::leaf(&commit, recorded.index, recorded.record, recorded.position)?;
                        if args.disclosures {
                            for (_, disclosure) in leaf::disclosures(&commit, recorded.index, recorded.record)? {
                                line.push('\t');
                                line.push_str(&disclosure);
                            }
                        }
                        out::line(&line);
                    }
                }
            }
            Ok(batch.next_position > to)
        })();
        match printed {
            Ok(false) => ControlFlow::Continue(()),
            Ok(true) => ControlFlow::Break(()),
            Err(broken) => {
                fault = Some(broken);
                ControlFlow::Break(())
            }
        }
    })?;
    fault.map_or(Ok(Ending::Well), Err)
}
