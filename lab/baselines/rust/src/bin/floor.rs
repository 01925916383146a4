//! The floor of a receiver: one conditional put and one send by the SDK as it comes. It verifies
//! nothing, logs nothing and opens no connection before it needs one.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    let sqs = aws_sdk_sqs::Client::new(&config);
    let table = std::env::var("TABLE_NAME")?;
    let queue = std::env::var("QUEUE_URL")?;
    run(service_fn(|request: Request| {
        let put = dynamodb.put_item().table_name(&table);
        let send = sqs.send_message().queue_url(&queue);
        async move {
            let id = request.headers().get("x-github-delivery");
            let id = id.ok_or("no id")?.to_str()?.to_owned();
            let body = std::str::from_utf8(request.body())?.to_owned();
            put.item("pk", AttributeValue::S(id))
                .item("payload", AttributeValue::S(body.clone()))
                .condition_expression("attribute_not_exists(pk)")
                .send()
                .await?;
            send.message_body(body).send().await?;
            Ok::<_, Error>(Response::builder().status(202).body(Body::Empty)?)
        }
    }))
    .await
}
