// How each provider's official SDK is asked, by the name of the provider in our table. Where there is none, it is the
// library that the provider's documentation uses or, for Telegram, one that many use.
//
//   verify(request) -> true or false; to throw is how most of them refuse
//   sign(request)   -> the text of the signature's header
//
// A request: {secret, method, url, headers, body, now}, headers by their names in lower case, now in unix seconds. The
// clock of those that read it is set to now by whoever asks. SDKs are loaded when they are first asked.

// For clients that want to be able to call their API, which nobody does.
const KEY = "an-api-key";

const webhook = (headers, prefix = "webhook") => ({
  id: headers[`${prefix}-id`],
  timestamp: headers[`${prefix}-timestamp`],
  signature: headers[`${prefix}-signature`],
});

const standard = {
  async verify({ secret, headers, body }) {
    const { Webhook } = await import("standardwebhooks");
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  },
  async sign({ secret, headers, body }) {
    const { Webhook } = await import("standardwebhooks");
    const { id, timestamp } = webhook(headers);
    return new Webhook(secret).sign(id, new Date(timestamp * 1000), body);
  },
};

// A form has several values of one name as an array.
function form(body) {
  const fields = new URLSearchParams(body);
  return Object.fromEntries([...fields.keys()].map((name) => [name, fields.getAll(name)]));
}

const isJson = (headers) => headers["content-type"]?.startsWith("application/json");

export const sdks = {
  // Payments have a signature in each item.
  adyen: {
    async verify({ secret, headers, body }) {
      const { hmacValidator: Validator } = (await import("@adyen/api-library")).default;
      const validator = new Validator();
      if (headers.hmacsignature) return validator.validateHMACSignature(secret, headers.hmacsignature, body);
      const items = JSON.parse(body).notificationItems.map((item) => item.NotificationRequestItem);
      return items.length > 0 && items.every((item) => validator.validateHMAC(item, secret));
    },
    async sign({ secret, body }) {
      const { hmacValidator: Validator } = (await import("@adyen/api-library")).default;
      return new Validator().calculateHmac(body, secret);
    },
  },

  anthropic: {
    async verify({ secret, headers, body }) {
      const { default: Anthropic } = await import("@anthropic-ai/sdk");
      new Anthropic({ apiKey: KEY }).beta.webhooks.unwrap(body, { headers, key: secret });
      return true;
    },
  },

  box: {
    async verify({ secret, headers, body }) {
      const { WebhooksManager } = await import("box-node-sdk/managers");
      return WebhooksManager.validateMessage(body, headers, secret);
    },
  },

  chargebee: {
    async verify({ secret, headers }) {
      const { basicAuthValidator } = await import("chargebee");
      await basicAuthValidator((user, password) => `${user}:${password}` === secret)(headers);
      return true;
    },
  },

  clerk: {
    async verify({ secret, method, url, headers, body }) {
      const { verifyWebhook } = await import("@clerk/backend/webhooks");
      await verifyWebhook(new Request(url, { method, headers, body }), { signingSecret: secret });
      return true;
    },
  },

  coinbase: {
    async verify({ secret, headers, body }) {
      const { Webhook } = (await import("coinbase-commerce-node")).default;
      return Webhook.verifySigHeader(body, headers["x-cc-webhook-signature"], secret);
    },
    async sign({ secret, body }) {
      const { Webhook } = (await import("coinbase-commerce-node")).default;
      return Webhook.computeSignature(body, secret);
    },
  },

  discord: {
    async verify({ secret, headers, body }) {
      const { verifyKey } = await import("discord-interactions");
      return verifyKey(body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], secret);
    },
  },

  elevenlabs: {
    async verify({ secret, headers, body }) {
      const { ElevenLabsClient } = await import("@elevenlabs/elevenlabs-js");
      await new ElevenLabsClient({ apiKey: KEY }).webhooks.constructEvent(body, headers["elevenlabs-signature"], secret);
      return true;
    },
  },

  github: {
    async verify({ secret, headers, body }) {
      const { verify } = await import("@octokit/webhooks-methods");
      return verify(secret, body, headers["x-hub-signature-256"]);
    },
    async sign({ secret, body }) {
      const { sign } = await import("@octokit/webhooks-methods");
      return sign(secret, body);
    },
  },

  gocardless: {
    async verify({ secret, headers, body }) {
      const { parse } = await import("gocardless-nodejs/webhooks");
      parse(body, secret, headers["webhook-signature"]);
      return true;
    },
  },

  hubspot: {
    async verify({ secret, method, url, headers, body }) {
      const { Signature } = (await import("@hubspot/api-client")).default;
      const timestamp = Number(headers["x-hubspot-request-timestamp"]);
      const signature = headers["x-hubspot-signature-v3"];
      const request = { clientSecret: secret, method, url, requestBody: body, timestamp, signature };
      return Signature.isValid({ signatureVersion: "v3", ...request });
    },
    async sign({ secret, method, url, headers, body }) {
      const { Signature } = (await import("@hubspot/api-client")).default;
      const timestamp = headers["x-hubspot-request-timestamp"];
      return Signature.getSignature(method, "v3", { clientSecret: secret, url, requestBody: body, timestamp });
    },
  },

  linear: {
    async verify({ secret, headers, body }) {
      const { LinearWebhookClient } = await import("@linear/sdk/webhooks");
      return new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"]);
    },
  },

  monday: {
    async verify({ secret, url, headers }) {
      const { default: jwt } = await import("jsonwebtoken");
      jwt.verify(headers.authorization, secret, { audience: url });
      return true;
    },
  },

  mux: {
    async verify({ secret, headers, body }) {
      const { default: Mux } = await import("@mux/mux-node");
      await new Mux({ tokenId: KEY, tokenSecret: KEY }).webhooks.verifySignature(body, headers, secret);
      return true;
    },
  },

  notion: {
    async verify({ secret, headers, body }) {
      const { verifyWebhookSignature } = await import("@notionhq/client");
      return verifyWebhookSignature({ body, signature: headers["x-notion-signature"], verificationToken: secret });
    },
    async sign({ secret, body }) {
      const { signWebhookPayload } = await import("@notionhq/client");
      return signWebhookPayload({ body, verificationToken: secret });
    },
  },

  openai: {
    async verify({ secret, headers, body }) {
      const { default: OpenAI } = await import("openai");
      await new OpenAI({ apiKey: KEY }).webhooks.verifySignature(body, headers, secret);
      return true;
    },
  },

  paddle: {
    async verify({ secret, headers, body }) {
      const { Paddle } = await import("@paddle/paddle-node-sdk");
      return new Paddle(KEY).webhooks.isSignatureValid(body, secret, headers["paddle-signature"]);
    },
  },

  polar: {
    async verify({ secret, headers, body }) {
      const { webhooks } = await import("@polar-sh/sdk/2026-10");
      await webhooks.validateEvent(body, headers, secret);
      return true;
    },
  },

  razorpay: {
    async verify({ secret, headers, body }) {
      const { default: Razorpay } = await import("razorpay");
      return Razorpay.validateWebhookSignature(body, headers["x-razorpay-signature"], secret);
    },
  },

  render: standard,

  replicate: {
    async verify({ secret, headers, body }) {
      const { validateWebhook } = await import("replicate");
      return validateWebhook({ headers, body }, secret);
    },
  },

  resend: {
    async verify({ secret, headers, body }) {
      const { Resend } = await import("resend");
      new Resend(KEY).webhooks.verify({ payload: body, headers: webhook(headers, "svix"), webhookSecret: secret });
      return true;
    },
  },

  sanity: {
    async verify({ secret, headers, body }) {
      const { isValidSignature } = await import("@sanity/webhook");
      return isValidSignature(body, headers["sanity-webhook-signature"], secret);
    },
    async sign({ secret, body, now }) {
      const { encodeSignatureHeader } = await import("@sanity/webhook");
      return encodeSignatureHeader(body, now * 1000, secret);
    },
  },

  sendgrid: {
    async verify({ secret, headers, body }) {
      const { EventWebhook, EventWebhookHeader } = (await import("@sendgrid/eventwebhook")).default;
      const [signature, timestamp] = [EventWebhookHeader.SIGNATURE(), EventWebhookHeader.TIMESTAMP()];
      const webhook = new EventWebhook();
      const key = webhook.convertPublicKeyToECDSA(secret);
      return webhook.verifySignature(key, body, headers[signature.toLowerCase()], headers[timestamp.toLowerCase()]);
    },
  },

  shopify: {
    async verify({ secret, method, url, headers, body }) {
      await import("@shopify/shopify-api/adapters/web-api");
      const { ApiVersion, LogSeverity, shopifyApi } = await import("@shopify/shopify-api");
      const { webhooks } = shopifyApi({
        apiKey: KEY,
        apiSecretKey: secret,
        apiVersion: Object.values(ApiVersion)[0],
        hostName: new URL(url).host,
        isEmbeddedApp: false,
        logger: { level: LogSeverity.Error },
      });
      const { valid } = await webhooks.validate({ rawBody: body, rawRequest: new Request(url, { method, headers, body }) });
      return valid;
    },
  },

  slack: {
    async verify({ secret, headers, body }) {
      const { verifySlackRequest } = (await import("@slack/bolt")).default;
      verifySlackRequest({ signingSecret: secret, headers, body });
      return true;
    },
  },

  square: {
    async verify({ secret, url, headers, body }) {
      const { WebhooksHelper } = (await import("square")).default;
      return WebhooksHelper.isValidWebhookEventSignature(body, headers["x-square-hmacsha256-signature"], secret, url);
    },
  },

  standardwebhooks: standard,

  stripe: {
    async verify({ secret, headers, body }) {
      const { default: Stripe } = await import("stripe");
      const { DEFAULT_TOLERANCE, signature } = Stripe.webhooks;
      return signature.verifyHeader(body, headers["stripe-signature"], secret, DEFAULT_TOLERANCE);
    },
    async sign({ secret, body }) {
      const { default: Stripe } = await import("stripe");
      return Stripe.webhooks.generateTestHeaderString({ payload: body, secret });
    },
  },

  // Its documentation takes this from the secret before it asks the library.
  supabase: {
    verify: ({ secret, ...request }) => standard.verify({ secret: secret.replace("v1,whsec_", ""), ...request }),
    sign: ({ secret, ...request }) => standard.sign({ secret: secret.replace("v1,whsec_", ""), ...request }),
  },

  svix: {
    async verify({ secret, headers, body }) {
      const { Webhook } = await import("svix");
      new Webhook(secret).verify(body, headers);
      return true;
    },
    async sign({ secret, headers, body }) {
      const { Webhook } = await import("svix");
      const { id, timestamp } = webhook(headers, "svix");
      return new Webhook(secret).sign(id, new Date(timestamp * 1000), body);
    },
  },

  telegram: {
    async verify({ secret, headers, body }) {
      const { Bot, webhookCallback } = await import("grammy");
      const bot = new Bot(KEY, { botInfo: { id: 1, is_bot: true, first_name: "a", username: "a_bot" } });
      let valid = true;
      const callback = webhookCallback(bot, "callback", { secretToken: secret });
      const refuse = () => void (valid = false);
      await callback(JSON.parse(body), () => {}, headers["x-telegram-bot-api-secret-token"], refuse);
      return valid;
    },
  },

  telnyx: {
    async verify({ secret, headers, body }) {
      const { default: Telnyx } = await import("telnyx");
      await new Telnyx({ apiKey: KEY }).webhooks.unwrap(body, { headers, key: secret });
      return true;
    },
  },

  twilio: {
    async verify({ secret, url, headers, body }) {
      const { default: twilio } = await import("twilio");
      const signature = headers["x-twilio-signature"];
      return isJson(headers)
        ? twilio.validateRequestWithBody(secret, signature, url, body)
        : twilio.validateRequest(secret, signature, url, form(body));
    },
    async sign({ secret, url, headers, body }) {
      const { default: twilio } = await import("twilio");
      return twilio.getExpectedTwilioSignature(secret, url, isJson(headers) ? {} : form(body));
    },
  },

  webflow: {
    async verify({ secret, headers, body }) {
      const { WebflowClient } = (await import("webflow-api")).default;
      return new WebflowClient({ accessToken: KEY }).webhooks.verifySignature({ headers, body, secret });
    },
  },

  workos: {
    async verify({ secret, headers, body }) {
      const { WorkOS } = await import("@workos-inc/node");
      return new WorkOS(KEY).webhooks.verifyHeader({ payload: body, sigHeader: headers["workos-signature"], secret });
    },
    async sign({ secret, body, now }) {
      const { WorkOS } = await import("@workos-inc/node");
      return `t=${now * 1000}, v1=${await new WorkOS(KEY).webhooks.computeSignature(now * 1000, body, secret)}`;
    },
  },

  zoom: {
    async verify({ secret, headers, body }) {
      const { AwsLambdaReceiver } = await import("@zoom/rivet/meetings");
      const receive = new AwsLambdaReceiver({ webhooksSecretToken: secret }).start();
      const { statusCode } = await receive({ headers, body, isBase64Encoded: false }, {});
      return statusCode === 200;
    },
  },
};
