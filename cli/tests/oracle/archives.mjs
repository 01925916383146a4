// What the providers' own SDKs list of the events that were sent, when they are pointed at an API: (url) -> the ids that
// the deliveries have, in the order of the list. Every page is read in the way of the SDK.

const secret = "marker-of-a-secret";
const recently = new Date(Date.now() - 6 * 3600 * 1000);

async function collect(items, id) {
  const ids = [];
  for await (const item of items) ids.push(id(item));
  return ids;
}

export const archives = {
  async paddle(url) {
    const { Paddle } = await import("@paddle/paddle-node-sdk");
    // An environment that it does not know is taken for a base URL; its links are followed by their host.
    const paddle = new Paddle(secret, { environment: url });
    const ids = [];
    let after;
    for (;;) {
      const page = paddle.notifications.list({
        notificationSettingId: ["ntfset_01gkpjp8bkm3tm53kdgkx6sms7"],
        from: recently.toISOString(),
        after,
      });
      for (const notification of await page.next()) {
        ids.push(notification.payload.eventId);
        after = notification.id;
      }
      if (!page.hasMore) return ids;
    }
  },

  async polar(url) {
    const { createPolar } = await import("@polar-sh/sdk/2026-10");
    const polar = createPolar({ accessToken: secret, baseUrl: url });
    const query = { endpoint_id: "3d6f1c0a-5b1c-4f7e-9a61-2f6f3b0f8d11", start_timestamp: recently.toISOString() };
    return collect(polar.webhooks.iterListWebhookDeliveries(query), (delivery) => delivery.webhook_event.id);
  },

  async resend(url) {
    const { Resend } = await import("resend");
    const resend = new Resend(secret, { baseUrl: url });
    const webhookId = "4dd369bc-aa82-4ff3-97de-514ae3000ee0";
    const ids = [];
    for (;;) {
      const after = ids.at(-1);
      const { data, error } = await resend.webhooks.events.list({ webhookId, ...(after && { after }) });
      if (error) throw error;
      for (const { id } of data.data) {
        const { data: event } = await resend.webhooks.events.get({ webhookId, eventId: id });
        if (!event.payload.type) throw new Error("no payload");
        ids.push(id);
      }
      if (!data.has_more) return ids;
    }
  },

  async square(url) {
    const { Client, Environment } = await import("square");
    const square = new Client({
      environment: Environment.Custom,
      customUrl: url,
      bearerAuthCredentials: { accessToken: secret },
    });
    const subscription = await square.webhookSubscriptionsApi.retrieveWebhookSubscription(
      "wbhk_b35f6b3145074cf9ad513610786c19d5",
    );
    const eventTypes = subscription.result.subscription.eventTypes;
    const query = { filter: { eventTypes, createdAt: { startAt: recently.toISOString() } }, sort: { order: "DESC" } };
    const ids = [];
    let cursor;
    do {
      const { result } = await square.eventsApi.searchEvents({ limit: 100, query, cursor });
      ids.push(...(result.events ?? []).map((event) => event.eventId));
      cursor = result.cursor;
    } while (cursor);
    return ids;
  },

  async telnyx(url) {
    const { default: Telnyx } = await import("telnyx");
    const telnyx = new Telnyx({ apiKey: secret, baseURL: `${url}/v2`, maxRetries: 0 });
    const filter = { started_at: { gte: recently.toISOString() } };
    return collect(telnyx.webhookDeliveries.list({ filter }), (delivery) => delivery.webhook.id);
  },

  async twilio(url) {
    const { default: twilio } = await import("twilio");
    // It has no option for another host.
    class Elsewhere extends twilio.RequestClient {
      request(options) {
        const { pathname, search } = new URL(options.uri);
        // The link to the next page has a path that is none of Twilio's.
        return super.request({ ...options, uri: url + pathname.replace("/else", "/v1/Alerts") + search });
      }
    }
    const key = "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const client = twilio(key, secret, { accountSid: "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", httpClient: new Elsewhere() });
    const alerts = await client.monitor.v1.alerts.list({ startDate: new Date(Math.floor(recently / 1000) * 1000), pageSize: 50 });
    const ids = [];
    for (const { sid } of alerts) {
      const alert = await client.monitor.v1.alerts(sid).fetch();
      const fields = new URLSearchParams(alert.requestVariables);
      ids.push(`${fields.get("MessageSid")}:${fields.get("MessageStatus") ?? fields.get("SmsStatus")}`);
    }
    return ids;
  },

  async workos(url) {
    const { WorkOS } = await import("@workos-inc/node");
    const { hostname, port } = new URL(url);
    const workos = new WorkOS(secret, { apiHostname: hostname, port: Number(port), https: false });
    const endpoints = await workos.webhooks.listWebhookEndpoints();
    const { events } = (await endpoints.autoPagination()).find(({ id }) => id === "we_0123456789");
    const ids = [];
    for (;;) {
      const place = ids.length ? { after: ids.at(-1) } : { rangeStart: recently.toISOString() };
      const { data } = await workos.events.listEvents({ events, order: "desc", limit: 100, ...place });
      if (!data.length) return ids;
      ids.push(...data.map((event) => event.id));
    }
  },
};
