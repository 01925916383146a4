//! `webhooks export`: a folder about an incident, for a post-mortem or for a provider's support. It has what the
//! ledger says, and payloads where they are asked for; the ledger has no secret, so the folder has none.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use webhooks::bucket::BucketError;
use webhooks::event::EventKey;
use webhooks::ledger::Item;
use webhooks::payload::{Data, FORM};
use webhooks::timestamp::Timestamp;

use crate::events::{read_filter, show};
use crate::failure::Failure;
use crate::place::Place;
use crate::search::{Limits, page};
use crate::stack::Stack;
use crate::terminal::{say, say_json};

/// Options of `webhooks export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// Which events, as in webhooks events: status:failed type:github.push since:2h
    #[arg(long, value_name = "FILTER", num_args = 1.., required = true)]
    incident: Vec<String>,
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Also the payloads as they came, with whatever is personal in them
    #[arg(long)]
    payloads: bool,
    /// At most so many events, the newest
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// The account of what is in the folder. The fields stay.
#[derive(Debug, Serialize)]
struct Incident {
    filter: String,
    made_at: String,
    /// The version of this command.
    version: &'static str,
    stack: String,
    events: usize,
    /// True if more events match than were taken.
    more: bool,
    by_status: BTreeMap<&'static str, usize>,
    by_type: BTreeMap<String, usize>,
    payloads: usize,
    /// Payloads that are not kept any more.
    payloads_gone: usize,
}

/// Events read at one time.
const CONCURRENCY: usize = 8;

/// The account's file. It is written last, so that a folder that has it is whole.
const ACCOUNT: &str = "incident.json";

/// Runs the command.
///
/// # Errors
/// [`Failure`] when the filter is wrong, the folder is there already, or AWS does not answer.
pub async fn run(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let filter = read_filter(&args.incident)?;
    let stack = args.place.stack().await?;
    let limits = Limits {
        events: args.limit,
        lines: usize::MAX,
        payloads: args.limit,
    };
    let now = Timestamp::now();
    let page = page(&stack, &filter, None, limits, now).await?;
    let folder = Folder::make(&args.to)?;
    let mut incident = Incident {
        filter: filter.to_string(),
        made_at: now.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        stack: stack.name().to_owned(),
        events: 0,
        more: page.next.is_some(),
        by_status: BTreeMap::new(),
        by_type: BTreeMap::new(),
        payloads: 0,
        payloads_gone: 0,
    };
    let keys = page.events.into_iter().map(|event| event.key);
    let reads = keys.map(|key| read(&stack, key, args.payloads));
    let mut events = std::pin::pin!(stream::iter(reads).buffered(CONCURRENCY));
    let mut timelines = folder.file("timelines.jsonl")?;
    while let Some(exported) = events.try_next().await? {
        let Some(exported) = exported else { continue };
        incident.take(&exported);
        let file = exported.payload.as_ref();
        let file = file.map(|(ending, _)| format!("payloads/{:05}.{ending}", incident.events));
        let mut timeline = show::json(&exported.item)?;
        timeline["payload"]["file"] = file.clone().into();
        timelines.write(format!("{timeline}\n").as_bytes())?;
        if let (Some(file), Some((_, bytes))) = (file, &exported.payload) {
            folder.file(&file)?.write(bytes)?;
        }
    }
    let account = serde_json::to_string_pretty(&incident);
    let account = account.map_err(|error| Failure::new(ACCOUNT, error))?;
    folder.file(ACCOUNT)?.write(account.as_bytes())?;
    if args.json {
        say_json(&incident)?;
    } else {
        tell(&incident, &args.to);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(incident: &Incident, folder: &Path) {
    say(format!(
        "{} events and {} payloads are in {}",
        incident.events,
        incident.payloads,
        folder.display()
    ));
    if incident.payloads_gone > 0 {
        say(format!(
            "{} payloads are not kept any more",
            incident.payloads_gone
        ));
    }
    if incident.more {
        say("more events match; --limit takes more");
    }
}

impl Incident {
    fn take(&mut self, exported: &Exported) {
        let state = &exported.item.state;
        let kind = exported.item.receipt.event.kind().to_owned();
        self.events += 1;
        *self.by_status.entry(state.status.as_str()).or_default() += 1;
        *self.by_type.entry(kind).or_default() += 1;
        self.payloads += usize::from(exported.payload.is_some());
        self.payloads_gone += usize::from(exported.is_gone);
    }
}

/// An event as it goes into the folder.
struct Exported {
    item: Item,
    /// The ending of the payload's file, and its bytes.
    payload: Option<(&'static str, Vec<u8>)>,
    /// True if the payload was asked for and is not kept any more.
    is_gone: bool,
}

/// Reads an event; none if it has expired meanwhile.
async fn read(
    stack: &Stack,
    key: EventKey,
    with_payload: bool,
) -> Result<Option<Exported>, Failure> {
    let found = stack.ledger()?.find(&key).await;
    let Some(mut item) = found.map_err(|error| Failure::new("the ledger", error))? else {
        return Ok(None);
    };
    if !with_payload {
        return Ok(Some(Exported {
            item,
            payload: None,
            is_gone: false,
        }));
    }
    let is_gone = match stack.bucket()?.fetch(&mut item.receipt.event).await {
        Ok(()) => false,
        Err(BucketError::Gone) => true,
        Err(error) => return Err(Failure::new("the payload", error)),
    };
    let payload = item.receipt.event.payload();
    let ending = match payload.data() {
        _ if payload.media_type == FORM => "form",
        Data::Json(_) => "json",
        Data::Binary => "bin",
    };
    let payload = (!is_gone).then(|| (ending, payload.bytes.to_vec()));
    Ok(Some(Exported {
        item,
        payload,
        is_gone,
    }))
}

/// A new folder for its user alone.
struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    fn make(path: &'a Path) -> Result<Self, Failure> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        let made = builder.create(path);
        made.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
                "{} is there already; choose another folder",
                path.display()
            )),
            _ => Failure::new(path.display(), error),
        })?;
        let payloads = path.join("payloads");
        let made = builder.create(&payloads);
        made.map_err(|error| Failure::new(payloads.display(), error))?;
        Ok(Self(path))
    }

    fn file(&self, name: &str) -> Result<NewFile, Failure> {
        let path = self.0.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        match file {
            Ok(file) => Ok(NewFile { path, file }),
            Err(error) => Err(Failure::new(path.display(), error)),
        }
    }
}

struct NewFile {
    path: PathBuf,
    file: std::fs::File,
}

impl NewFile {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Failure::new(self.path.display(), error))
    }
}
