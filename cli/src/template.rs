//! `template.yaml`, read for what the local stack needs of it: the data resources, the functions'
//! environments and routes. They are taken from the template itself, so they cannot drift.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::failure::Failure;

mod foreach;

/// Resource types that hold data. The others are functions and what surrounds them, which
/// `cargo lambda watch` stands in for.
const DATA_TYPES: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
];

/// The template, with YAML's short forms (`!Ref`) written as CloudFormation's long ones.
#[derive(Clone, Debug)]
pub struct Template(Value);

/// One of the template's functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name without the stack's.
    pub name: String,
    /// The program that it runs.
    pub binary: String,
    /// The providers whose deliveries it takes.
    pub providers: Vec<String>,
    /// Methods and paths of its routes.
    pub routes: Vec<(String, String)>,
    /// Most messages in a batch, where a queue feeds it.
    pub batch_size: Option<u32>,
    /// True if it runs on a schedule.
    pub scheduled: bool,
    /// The time for which records are gathered, in seconds, where a table's stream feeds it.
    pub stream_window: Option<u64>,
    /// Its time limit, in seconds.
    pub timeout: u64,
    environment: Map<String, Value>,
}

/// The stack of data resources: a CloudFormation template whose outputs also give the functions'
/// environment variables.
#[derive(Clone, Debug)]
pub struct DataStack {
    /// The template's JSON.
    pub body: String,
    /// Which output has which variable.
    pub variables: BTreeMap<String, String>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`Failure`] when it is not there or is not YAML.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self(foreach::unrolled(&document(path)?)))
    }

    /// Reads a template as if its list named these providers.
    ///
    /// # Errors
    /// As [`Template::read`].
    pub fn read_for(path: &Path, providers: &[&str]) -> Result<Self, Failure> {
        let mut document = document(path)?;
        document["Resources"]["Fn::ForEach::Receivers"][1] = json!(providers);
        Ok(Self(foreach::unrolled(&document)))
    }

    /// The functions, in the template's order of names.
    pub fn functions(&self) -> Vec<Function> {
        let resources = self.section("Resources").into_iter().flatten();
        resources
            .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
            .map(|(id, resource)| Function::of(resource, self.routes(id)))
            .collect()
    }

    /// Methods and paths of the routes that lead to a function.
    fn routes(&self, function: &str) -> Vec<(String, String)> {
        let of_type = |kind: &'static str| {
            let resources = self.section("Resources").into_iter().flatten();
            resources.filter(move |(_, resource)| resource["Type"] == kind)
        };
        let integrations: Vec<&str> = of_type("AWS::ApiGatewayV2::Integration")
            .filter(|(_, resource)| {
                names(&resource["Properties"]["IntegrationUri"]).contains(&function)
            })
            .map(|(id, _)| id.as_str())
            .collect();
        let leads_here = |resource: &Value| {
            let target = names(&resource["Properties"]["Target"]);
            target.iter().any(|name| integrations.contains(name))
        };
        of_type("AWS::ApiGatewayV2::Route")
            .filter(|(_, resource)| leads_here(resource))
            .filter_map(|(_, resource)| {
                resource["Properties"]["RouteKey"].as_str()?.split_once(' ')
            })
            .map(|(method, path)| (method.to_owned(), path.to_owned()))
            .collect()
    }

    /// The data resources, with every output that needs only them, and one more for every
    /// variable of every function.
    ///
    /// # Errors
    /// [`Failure`] when two functions want different values for one variable: they share one
    /// environment in the local stack.
    pub fn data_stack(&self) -> Result<DataStack, Failure> {
        let is_data = |resource: &Value| DATA_TYPES.iter().any(|kind| resource["Type"] == *kind);
        let resources: Map<String, Value> = self
            .section("Resources")
            .into_iter()
            .flatten()
            .filter(|(_, resource)| is_data(resource))
            .map(|(name, resource)| (name.clone(), resource.clone()))
            .collect();
        let known: BTreeSet<&str> = resources
            .keys()
            .chain(self.section("Parameters").into_iter().flat_map(Map::keys))
            .map(String::as_str)
            .collect();
        let mut outputs: Map<String, Value> = self
            .section("Outputs")
            .into_iter()
            .flatten()
            .filter(|(_, output)| refers_only_to(&output["Value"], &known))
            .map(|(name, output)| (name.clone(), output.clone()))
            .collect();
        let mut variables = BTreeMap::new();
        for (index, (name, value)) in self.environment()?.into_iter().enumerate() {
            let output = format!("Variable{index}");
            outputs.insert(output.clone(), json!({"Value": value}));
            variables.insert(output, name);
        }
        let body = json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": self.0["Parameters"],
            "Mappings": self.0["Mappings"],
            "Conditions": self.0["Conditions"],
            "Resources": resources,
            "Outputs": outputs,
        });
        Ok(DataStack {
            body: body.to_string(),
            variables,
        })
    }

    fn environment(&self) -> Result<BTreeMap<String, Value>, Failure> {
        let mut environment: BTreeMap<String, Value> = BTreeMap::new();
        for function in self.functions() {
            for (name, value) in function.environment {
                if value.is_string() {
                    continue;
                }
                match environment.get(&name) {
                    Some(other) if *other != value => {
                        return Err(Failure::of(format!(
                            "template.yaml: {name} differs between functions, which the local stack cannot do"
                        )));
                    }
                    _ => environment.insert(name, value),
                };
            }
        }
        Ok(environment)
    }

    /// The properties of a resource; null where there is none of that name.
    pub fn properties(&self, resource: &str) -> &Value {
        &self.0["Resources"][resource]["Properties"]
    }

    /// All of it.
    pub fn document(&self) -> &Value {
        &self.0
    }

    /// The properties that every function has in common.
    pub fn globals(&self) -> &Value {
        &self.0["Globals"]["Function"]
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0[name].as_object()
    }
}

impl Function {
    fn of(resource: &Value, routes: Vec<(String, String)>) -> Self {
        let properties = &resource["Properties"];
        let events: Vec<&Value> = properties["Events"]
            .as_object()
            .into_iter()
            .flat_map(Map::values)
            .collect();
        let of_type = |kind: &'static str| events.iter().filter(move |event| event["Type"] == kind);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let environment = properties["Environment"]["Variables"].as_object();
        let provider = environment.and_then(|variables| variables.get("PROVIDER")?.as_str());
        let name = text(&properties["FunctionName"]["Fn::Sub"]);
        Self {
            name: name.trim_start_matches("${AWS::StackName}-").to_owned(),
            binary: text(&resource["Metadata"]["BuildProperties"]["Binary"]),
            providers: provider.map(str::to_owned).into_iter().collect(),
            routes,
            batch_size: of_type("SQS")
                .filter_map(|event| u32::try_from(event["Properties"]["BatchSize"].as_u64()?).ok())
                .next(),
            scheduled: of_type("Schedule").next().is_some(),
            stream_window: of_type("DynamoDB")
                .filter_map(|event| event["Properties"]["MaximumBatchingWindowInSeconds"].as_u64())
                .next(),
            timeout: properties["Timeout"].as_u64().unwrap_or(3),
            environment: environment.cloned().unwrap_or_default(),
        }
    }

    /// The environment variables that it shares with no other function.
    pub fn own_environment(&self) -> Vec<(String, String)> {
        let providers = (!self.providers.is_empty()).then(|| self.providers.join(","));
        let pair = |providers| ("PROVIDER".to_owned(), providers);
        providers.map(pair).into_iter().collect()
    }

    /// The function as a process that does the work of two, where both run the same program.
    fn joined(mut self, other: Self) -> Self {
        self.name.clone_from(&self.binary);
        self.providers.extend(other.providers);
        self.routes.extend(other.routes);
        self
    }
}

/// One function for each program: a process of it takes the deliveries of all its providers.
pub fn by_program(functions: Vec<Function>) -> Vec<Function> {
    let mut programs: BTreeMap<String, Function> = BTreeMap::new();
    for function in functions {
        let binary = function.binary.clone();
        let named = Function {
            name: binary.clone(),
            ..function
        };
        let program = match programs.remove(&binary) {
            Some(program) => program.joined(named),
            None => named,
        };
        programs.insert(binary, program);
    }
    programs.into_values().collect()
}

/// The names of what a value refers to.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, argument)| match (key.as_str(), argument) {
                ("Ref", Value::String(name)) => vec![name.as_str()],
                ("Fn::GetAtt", Value::Array(path)) => {
                    path.first().and_then(Value::as_str).into_iter().collect()
                }
                _ => names(argument),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(names).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// True if every reference in a value is to a pseudo parameter or to something `known`.
fn refers_only_to(value: &Value, known: &BTreeSet<&str>) -> bool {
    let fine = |name: &str| name.starts_with("AWS::") || known.contains(name);
    match value {
        Value::Object(object) => {
            object
                .iter()
                .all(|(key, argument)| match (key.as_str(), argument) {
                    ("Ref", Value::String(name)) => fine(name),
                    ("Fn::GetAtt", Value::Array(path)) => {
                        path.first().and_then(Value::as_str).is_some_and(fine)
                    }
                    ("Fn::Sub", Value::String(text)) => substitutions(text).all(fine),
                    ("Fn::Sub", Value::Array(arguments)) => {
                        let text = arguments[0].as_str().unwrap_or_default();
                        let given = |name: &str| arguments[1].get(name).is_some();
                        substitutions(text).all(|name| given(name) || fine(name))
                            && refers_only_to(&arguments[1], known)
                    }
                    _ => refers_only_to(argument, known),
                })
        }
        Value::Array(values) => values.iter().all(|value| refers_only_to(value, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The names in `${Name}` and `${Name.Attribute}`.
fn substitutions(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split('}').next()?;
        Some(name.split('.').next().unwrap_or(name))
    })
}

fn document(path: &Path) -> Result<Value, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::new(path.display(), error))?;
    let yaml =
        serde_yaml_ng::from_str(&text).map_err(|error| Failure::new(path.display(), error))?;
    Ok(long_form(yaml))
}

fn long_form(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let argument = long_form(tagged.value);
            match (name.trim_start_matches('!'), argument) {
                ("Ref", name) => json!({"Ref": name}),
                ("Condition", name) => json!({"Condition": name}),
                ("GetAtt", Value::String(path)) => {
                    json!({"Fn::GetAtt": path.splitn(2, '.').collect::<Vec<_>>()})
                }
                (name, argument) => json!({format!("Fn::{name}"): argument}),
            }
        }
        Yaml::Mapping(mapping) => {
            let text = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => serde_yaml_ng::to_string(&other)
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            };
            mapping
                .into_iter()
                .map(|(key, value)| (text(key), long_form(value)))
                .collect()
        }
        Yaml::Sequence(values) => values.into_iter().map(long_form).collect(),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}
