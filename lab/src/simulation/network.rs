//! The network between the functions and AWS, behind the SDK's HTTP client: it is slow, loses answers,
//! breaks, and says nothing, as the seed or a plan wants it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use fastrand::Rng;
use futures::future::pending;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::dynamodb::DynamoDb;
use super::sqs::Sqs;
use crate::bench::stand_in::parameters;

/// A service's answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// 200, and the body.
    Good(Value),
    /// 400, and the body.
    Bad(Value),
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fate {
    Fine,
    /// So many milliseconds late, before the service has it.
    Late(u64),
    /// So many milliseconds late, after the service has done it.
    LateAfter(u64),
    /// 500, and nothing is done.
    Error,
    /// 500, and it is done.
    ErrorAfter,
    /// Nothing is done, and nothing is said.
    Silence,
    /// It is done, and nothing is said.
    Lost,
    /// The connection is reset before anything is done.
    Reset,
    Throttled,
    /// Every process under way ends before the service has the call.
    Death,
    /// Every process under way ends when the service has done it.
    DeathAfter,
}

/// What can happen to a call on its way.
pub(super) const BROKEN: [Fate; 10] = [
    Fate::Late(300),
    Fate::LateAfter(300),
    Fate::LateAfter(700),
    Fate::LateAfter(2000),
    Fate::Error,
    Fate::ErrorAfter,
    Fate::Silence,
    Fate::Lost,
    Fate::Reset,
    Fate::Throttled,
];

/// A service that is down for a while, in milliseconds of the simulation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) service: &'static str,
    pub(super) from: u64,
    pub(super) until: u64,
}

/// AWS, and everything that is decided by the seed.
#[derive(Debug)]
pub(super) struct Cloud {
    pub(super) dynamodb: DynamoDb,
    pub(super) sqs: Sqs,
    pub(super) random: Rng,
    pub(super) outages: Vec<Outage>,
    /// Calls in a thousand that break.
    pub(super) broken: u32,
    /// What happens to certain calls, by their number in the world, from 0.
    pub(super) plan: BTreeMap<u64, Fate>,
    /// How often each event had its effect outside the transaction.
    pub(super) effects: BTreeMap<String, u32>,
    pub(super) trace: DefaultHasher,
    pub(super) calls: u64,
}

/// The cloud, shared by everybody who calls it.
#[derive(Clone, Debug)]
pub(super) struct Network {
    cloud: Arc<Mutex<Cloud>>,
    began: Instant,
    /// Told when every process under way ends.
    pub(super) death: Arc<Notify>,
}

impl Network {
    pub(super) fn new(cloud: Cloud) -> Self {
        Self {
            cloud: Arc::new(Mutex::new(cloud)),
            began: Instant::now(),
            death: Arc::default(),
        }
    }

    pub(super) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the simulation began.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn carry(self, call: Call) -> Result<HttpResponse, ConnectorError> {
        let (fate, way) = self.fate(&call);
        sleep(Duration::from_millis(way)).await;
        match fate {
            Fate::Late(millis) => sleep(Duration::from_millis(millis)).await,
            Fate::Error => return Ok(response(500, &json!({"__type": "InternalServerError"}))),
            Fate::Throttled => {
                return Ok(response(400, &json!({"__type": "ThrottlingException"})));
            }
            Fate::Reset => {
                return Err(ConnectorError::io("the connection is reset".into()));
            }
            Fate::Silence => pending().await,
            Fate::Death => self.die().await,
            Fate::Fine | Fate::LateAfter(_) | Fate::ErrorAfter | Fate::Lost | Fate::DeathAfter => {}
        }
        let answer = self.answer(&call);
        match fate {
            Fate::LateAfter(millis) => sleep(Duration::from_millis(millis)).await,
            Fate::ErrorAfter => {
                return Ok(response(500, &json!({"__type": "InternalServerError"})));
            }
            Fate::Lost => pending().await,
            Fate::DeathAfter => self.die().await,
            _ => {}
        }
        Ok(match answer {
            Answer::Good(body) => response(200, &body),
            Answer::Bad(body) => response(400, &body),
        })
    }

    async fn die(&self) {
        self.death.notify_waiters();
        pending().await
    }

    /// What happens to the call, and how long it is under way.
    fn fate(&self, call: &Call) -> (Fate, u64) {
        let now = self.now();
        let mut cloud = self.cloud();
        let is_down = |outage: &Outage| {
            outage.service == call.service && (outage.from..outage.until).contains(&now)
        };
        let down = cloud.outages.iter().any(is_down);
        let roll = cloud.random.u32(0..1000);
        let fate = if down {
            [Fate::Error, Fate::Silence, Fate::Reset][cloud.random.usize(0..3)]
        } else if roll < cloud.broken {
            BROKEN[cloud.random.usize(0..BROKEN.len())]
        } else {
            let number = cloud.calls;
            cloud.plan.remove(&number).unwrap_or(Fate::Fine)
        };
        let way = cloud.random.u64(1..10);
        cloud.calls += 1;
        (now, &call.operation, fate, way).hash(&mut cloud.trace);
        (fate, way)
    }

    fn answer(&self, call: &Call) -> Answer {
        let now = self.now();
        let mut cloud = self.cloud();
        match call.service {
            "dynamodb" => {
                #[expect(clippy::cast_precision_loss, reason = "a time of some hours")]
                let seconds = super::BEGINNING as f64 / 1000.0 + now as f64 / 1000.0;
                cloud.dynamodb.answer(&call.operation, &call.body, seconds)
            }
            "sqs" => cloud.sqs.answer(&call.operation, &call.body, now),
            _ => Answer::Good(parameters(&call.body)),
        }
    }
}

fn response(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    HttpResponse::new(status, SdkBody::from(body.to_string()))
}

/// A call of the SDK's.
#[derive(Debug)]
struct Call {
    service: &'static str,
    operation: String,
    body: Value,
}

impl Call {
    fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (api, operation) = target.split_once('.').unwrap_or_default();
        let service = match api {
            "DynamoDB_20120810" => "dynamodb",
            "AmazonSQS" => "sqs",
            "AmazonSSM" => "ssm",
            other => panic!("no function calls {other}"),
        };
        let body = request.body().bytes().unwrap_or_default();
        Self {
            service,
            operation: operation.to_owned(),
            body: serde_json::from_slice(body).expect("JSON"),
        }
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = Call::of(&request);
        HttpConnectorFuture::new(self.clone().carry(call))
    }
}
