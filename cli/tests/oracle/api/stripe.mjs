// Stripe's API of webhook endpoints and of events.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

export async function api() {
  // Events are set from outside, newest first.
  const state = { calls: [], endpoints: [], secrets: {}, events: [], version: "2025-09-30.clover" };
  const endpointOf = ({ request: { params } }) => state.endpoints.find(({ id }) => id === params.webhook_endpoint);
  const missing = () => refusal(404, "No such webhook endpoint");

  function page(all, path, { limit = 10, starting_after: after }) {
    const start = after ? all.findIndex(({ id }) => id === after) + 1 : 0;
    const data = all.slice(start, start + Number(limit));
    return { status: 200, body: { object: "list", url: path, has_more: start + data.length < all.length, data } };
  }

  return {
    state,
    description: JSON.parse(await readFile(new URL("stripe.json", import.meta.url))),
    authorized: ({ authorization }) => /^Bearer ./.test(authorization ?? ""),
    refusal,
    // Of the account, where a call names none.
    headers: () => ({ "stripe-version": state.version }),
    operations: {
      GetWebhookEndpoints: ({ request: { query } }) => page(state.endpoints, "/v1/webhook_endpoints", query),
      PostWebhookEndpoints: ({ request: { requestBody } }) => {
        const { url, enabled_events, metadata = {}, description = null, api_version = null, connect } = requestBody;
        if (!enabled_events.length) return refusal(400, "not as described: enabled_events is empty");
        const id = `we_1${randomBytes(12).toString("hex")}`;
        const endpoint = {
          id,
          object: "webhook_endpoint",
          api_version,
          application: connect ? "ca_1" : null,
          created: Math.floor(Date.now() / 1000),
          description,
          enabled_events,
          livemode: false,
          metadata,
          status: "enabled",
          url,
        };
        state.endpoints.unshift(endpoint);
        state.secrets[id] = `whsec_${randomBytes(24).toString("base64url")}`;
        // Here and never again.
        return { status: 200, body: { ...endpoint, secret: state.secrets[id] } };
      },
      GetWebhookEndpointsWebhookEndpoint: (context) => {
        const endpoint = endpointOf(context);
        return endpoint ? { status: 200, body: endpoint } : missing();
      },
      PostWebhookEndpointsWebhookEndpoint: (context) => {
        const endpoint = endpointOf(context);
        if (!endpoint) return missing();
        const { disabled, ...changed } = context.request.requestBody;
        Object.assign(endpoint, changed, disabled !== undefined && { status: disabled ? "disabled" : "enabled" });
        return { status: 200, body: endpoint };
      },
      DeleteWebhookEndpointsWebhookEndpoint: (context) => {
        const endpoint = endpointOf(context);
        if (!endpoint) return missing();
        state.endpoints = state.endpoints.filter((other) => other !== endpoint);
        return { status: 200, body: { id: endpoint.id, object: "webhook_endpoint", deleted: true } };
      },
      // Each event is what it was when it happened; what its object is now is for other paths.
      GetEvents: ({ request: { query } }) => page(state.events, "/v1/events", query),
    },
  };
}

function refusal(status, message) {
  return { status, body: { error: { type: "invalid_request_error", message } } };
}
