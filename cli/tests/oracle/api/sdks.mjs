// The official SDKs against the same API: node sdks.mjs PROVIDER URL. It fails where an SDK and the API do not agree.

import assert from "node:assert/strict";

const [provider, url] = process.argv.slice(2);

const sdks = {
  async github() {
    const { Octokit } = await import("@octokit/rest");
    const { repos, orgs } = new Octokit({ auth: "token-of-the-sdk", baseUrl: url });
    const place = { owner: "o", repo: "sdk" };
    const config = { url: "https://sdk.example/webhooks/github", content_type: "json", secret: "of the SDK" };
    const { data: made } = await repos.createWebhook({ ...place, config, events: ["push"] });
    assert.equal(made.config.secret, "********");
    const hook = { ...place, hook_id: made.id };
    await assert.rejects(repos.createWebhook({ ...place, config }), /already exists/);
    await repos.pingWebhook(hook);
    const { data: deliveries } = await repos.listWebhookDeliveries(hook);
    assert.deepEqual(deliveries.map(({ event }) => event), ["ping", "ping"]);
    const { data: changed } = await repos.updateWebhook({ ...hook, active: false, config: { url: config.url } });
    assert.equal(changed.config.secret, undefined);
    const { data: hooks } = await repos.listWebhooks(place);
    assert.deepEqual(hooks.map(({ id, active }) => [id, active]), [[made.id, false]]);
    await assert.rejects(repos.updateWebhook({ ...hook, config: "no object" }), /not as described/);
    await repos.deleteWebhook(hook);
    const { data: none } = await orgs.listWebhooks({ org: "o" });
    assert.deepEqual(none, []);
  },

  async stripe() {
    const { default: Stripe } = await import("stripe");
    const { hostname, port } = new URL(url);
    const stripe = new Stripe("rk_test_of_the_sdk", { host: hostname, port, protocol: "http", maxNetworkRetries: 0 });
    const made = await stripe.webhookEndpoints.create({
      url: "https://sdk.example/webhooks/stripe",
      enabled_events: ["charge.succeeded"],
      metadata: { made_by: "the SDK" },
    });
    assert.match(made.secret, /^whsec_/);
    const changed = await stripe.webhookEndpoints.update(made.id, { disabled: true, enabled_events: ["*"] });
    assert.deepEqual([changed.status, changed.enabled_events, changed.secret], ["disabled", ["*"], undefined]);
    const ids = [];
    for await (const endpoint of stripe.webhookEndpoints.list({ limit: 1 })) ids.push(endpoint.id);
    assert.deepEqual(ids, [made.id]);
    await assert.rejects(stripe.webhookEndpoints.create({ url: "https://sdk.example/", enabled_events: [] }), /not as described/);
    for await (const event of stripe.events.list({ limit: 1 })) assert.match(event.id, /^evt_/);
    await stripe.webhookEndpoints.del(made.id);
    await assert.rejects(stripe.webhookEndpoints.retrieve(made.id), /No such webhook endpoint/);
  },
};

await sdks[provider]();
