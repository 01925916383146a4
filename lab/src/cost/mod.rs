//! `lab cost`: dollars for a million events, from units that were counted and a price file.

pub mod args;
pub mod capacity;
pub mod ledger;
pub mod line;
pub mod measure;
pub mod price;

use std::process::ExitCode;

use webhooks::event::Event;
use webhooks::provider::meaning::Meaning;
use webhooks::scheme::development;
use webhooks::secret::Secret;
use webhooks::timestamp::Timestamp;
use webhooks::verify::verify;
use webhooks_cli::emulator::{self, Emulator, any_port};
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;
use webhooks_cli::send::find_provider;
use webhooks_cli::stack::{Stack, development_secret};
use webhooks_cli::template::Template;

use self::args::CostArgs;
use self::capacity::Indexes;
use self::ledger::Life;
use self::line::{Column, Line};
use self::measure::measure;
use self::price::Prices;
use crate::bench::sample::Sample;
use crate::bench::table;

/// The kinds of events in the table.
const SAMPLES: [(&str, Sample); 5] = [
    ("twilio 0.7 kB", Sample::Twilio),
    ("stripe 3 kB", Sample::Stripe),
    ("github 10 kB", Sample::GitHub(10_000)),
    ("github 100 kB", Sample::GitHub(100_000)),
    ("github 1 MB", Sample::GitHub(1_000_000)),
];

/// A traceparent as every event on Lambda has one.
const TRACEPARENT: &str = "00-6955b900000000000000000000000001-53995c3f42cd8ad8-00";

/// Runs `lab cost`.
///
/// # Errors
/// [`Failure`] when the functions are not built, or the emulator is not installed.
pub async fn run(args: &CostArgs) -> Result<ExitCode, Failure> {
    let project = Project::here()?;
    let file = || project.root().join("lab/prices/us-east-1.json");
    let prices = Prices::read(&args.prices.clone().unwrap_or_else(file))?;
    let template = Template::read(&project.root().join("template.yaml"))?;
    let emulator = Emulator::start(&project, any_port()?).await?;
    let config = emulator::config(&emulator.endpoint());
    let (stack, _) = Stack::create(config, &template).await?;
    let indexes = Indexes::of(&template, "Ledger");
    let mut columns = Vec::new();
    for (_, sample) in SAMPLES {
        columns.push(Column {
            sample,
            measured: measure(&project, sample).await?,
            life: life(&project, &stack, &indexes, sample).await?,
        });
    }
    let lines = line::lines(args, &prices, &template, &columns)?;
    println!(
        "US dollars for a million events; prices of {} as of {}; batches of {}, calls of {} ms\n",
        prices.region, prices.checked, args.batch, args.call_ms
    );
    println!("{}", printed(&lines));
    for (index, (name, _)) in SAMPLES.iter().enumerate() {
        println!("{name}: {}", line::dominant(&lines, index));
    }
    Ok(ExitCode::SUCCESS)
}

/// The life of such an event in the ledger, its payload in the bucket where it is large.
async fn life(
    project: &Project,
    stack: &Stack,
    indexes: &Indexes,
    sample: Sample,
) -> Result<Life, Failure> {
    let provider = find_provider(sample.provider())?;
    let delivery = sample.fixture(project)?.delivery;
    let secret = Secret::new(development_secret(sample.provider()));
    let secrets = [secret.map_err(|error| Failure::new("the secret", error))?];
    let now = Timestamp::now();
    let verified = verify(
        provider,
        &delivery,
        development::keys(provider, &secrets),
        now,
    );
    let verified = verified.map_err(|error| Failure::new("the sample", error))?;
    let meaning = provider.identify(&verified);
    let Ok(Meaning::Event(identity)) = meaning else {
        return Err(Failure::of("the sample is no event"));
    };
    let trace = Some(TRACEPARENT.to_owned());
    let event = Event::new(provider, "default", identity, &verified, now, trace);
    ledger::live(stack, indexes, event).await
}

fn printed(lines: &[Line]) -> comfy_table::Table {
    let header: Vec<&str> = std::iter::once("per million events")
        .chain(SAMPLES.iter().map(|(name, _)| *name))
        .collect();
    let mut printed = table::new(&header);
    for line in lines {
        let dollars = line.dollars.iter().map(|dollars| format!("{dollars:.2}"));
        printed.add_row(std::iter::once(line.name.to_owned()).chain(dollars));
    }
    printed
}
