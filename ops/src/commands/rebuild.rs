//! `zhixin rebuild`: builds read models beside the live ones, compares, reports, and switches with `--switch`.

use std::ops::ControlFlow;

use zhixin_projections::ModelName;

use crate::cli::{Common, RebuildArgs, Usage};
use crate::out::Bar;
use crate::{Ending, folder, out};

pub(crate) fn run(common: &Common, args: &RebuildArgs) -> anyhow::Result<Ending> {
    let models = match &args.model {
        None => ModelName::ALL.to_vec(),
        Some(name) => vec![ModelName::from_name(name).ok_or_else(|| Usage(format!("there is no read model {name}")))?],
    };
    let opened = folder::open_existing(common)?;
    opened.caught_up()?;
    let mut ending = Ending::Well;
    let bar = Bar::new("read models", 0);
    let built = opened.projections.rebuild(&models, &mut |progress| {
        bar.set("read models", progress.position, progress.end);
        ControlFlow::Continue(())
    })?;
    drop(bar);
    for (model, mut built) in models.into_iter().zip(built.unwrap_or_default()) {
        let difference = built.compare()?;
        let differs = !difference.is_empty();
        if common.json {
            let examples: Vec<_> = difference.examples.iter().map(|example| format!("{example}")).collect();
            out::line(
                &serde_json::json!({
                    "model": model.name(), "only_live": difference.only_live, "only_rebuilt": difference.only_rebuilt,
                    "differing": difference.differing, "examples": examples, "switched": args.switch,
                })
                .to_string(),
            );
        } else if differs {
            out::line(&format!(
                "{model}: {} rows only in the live build, {} only in the rebuilt one, {} differ",
                difference.only_live, difference.only_rebuilt, difference.differing
            ));
            for example in &difference.examples {
                out::line(&format!("  {example}"));
            }
        } else {
            out::line(&format!("{model}: the rebuilt rows are the same"));
        }
        if differs {
            ending = Ending::FoundWrong;
        }
        if args.switch {
            built.switch()?;
            out::note(&format!("{model}: switched"));
        } else {
            built.discard()?;
        }
    }
    opened.close()?;
    Ok(ending)
}
