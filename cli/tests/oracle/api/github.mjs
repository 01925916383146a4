// GitHub's API of webhooks, with the webhooks that were made. A webhook is pinged when it is made and when it is asked for;
// what was sent stands in its list of deliveries.

import { createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";

export async function api(deliver) {
  const state = { calls: [], hooks: [], deliveries: {}, payloads: {}, app: { url: "", content_type: "form", insecure_ssl: "0" } };
  const hookOf = ({ request: { params } }) => state.hooks.find(({ id }) => String(id) === params.hook_id);
  const shown = (config) => ({ ...config, ...(config.secret && { secret: "********" }) });
  const at = () => new Date().toISOString().replace(/\.\d+/, "");

  // As the API has it; the secret is never shown.
  function view(hook, { owner, repo, org }) {
    const url = `https://api.github.com/${org ? `orgs/${org}` : `repos/${owner}/${repo}`}/hooks/${hook.id}`;
    const last = state.deliveries[hook.id]?.[0];
    return {
      type: org ? "Organization" : "Repository",
      id: hook.id,
      name: "web",
      active: hook.active,
      events: hook.events,
      config: shown(hook.config),
      updated_at: hook.updated_at,
      created_at: hook.created_at,
      url,
      ...(!org && { test_url: `${url}/test` }),
      ping_url: `${url}/pings`,
      deliveries_url: `${url}/deliveries`,
      ...(!org && {
        last_response: last
          ? { code: last.status_code, status: last.status, message: last.status }
          : { code: null, status: "unused", message: null },
      }),
    };
  }

  async function ping(hook) {
    const guid = randomUUID();
    const body = JSON.stringify({ zen: "Keep it logically awesome.", hook_id: hook.id, hook: { type: "Repository", id: hook.id } });
    const { secret } = hook.config;
    const signature = secret && `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const headers = {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-event": "ping",
      "x-github-delivery": guid,
      "x-github-hook-id": String(hook.id),
      ...(signature && { "x-hub-signature-256": signature }),
    };
    const status = await deliver(hook.config.url, headers, body);
    const list = (state.deliveries[hook.id] ??= []);
    list.unshift({
      id: 3804004623172239000 + list.length,
      guid,
      delivered_at: at(),
      redelivery: false,
      duration: 0.1,
      status: status === 0 ? "failed to connect" : status < 300 ? "OK" : "Invalid HTTP Response",
      status_code: status,
      event: "ping",
      action: null,
      installation_id: null,
      repository_id: 1,
      throttled_at: null,
    });
  }

  const list = ({ request: { params, query } }) => {
    const [size, page] = [Number(query.per_page ?? 30), Number(query.page ?? 1)];
    const hooks = state.hooks.slice((page - 1) * size, page * size).map((hook) => view(hook, params));
    const next = `<https://api.github.com/repositories/1/hooks?per_page=${size}&page=${page + 1}>; rel="next"`;
    return { status: 200, body: hooks, headers: page * size < state.hooks.length ? { link: next } : {} };
  };
  const create = async ({ request: { params, requestBody } }) => {
    const { config, events = ["push"], active = true } = requestBody;
    if (state.hooks.some((hook) => hook.config.url === config.url)) return refusal(422, "Hook already exists on this repository");
    const hook = { id: 12345678 + state.hooks.length, active, events, config, created_at: at(), updated_at: at() };
    state.hooks.push(hook);
    await ping(hook);
    return { status: 201, body: view(hook, params) };
  };
  const update = (context) => {
    const hook = hookOf(context);
    if (state.readonly) return refusal(403, "Resource not accessible by personal access token");
    if (!hook) return refusal(404, "Not Found");
    const { config, events, active } = context.request.requestBody;
    // All of the configuration is replaced: without a secret there is none.
    Object.assign(hook, { ...(config && { config }), ...(events && { events }), ...(active !== undefined && { active }) });
    return { status: 200, body: view(hook, context.request.params) };
  };
  const remove = (context) => {
    const hook = hookOf(context);
    state.hooks = state.hooks.filter((other) => other !== hook);
    return hook ? { status: 204 } : refusal(404, "Not Found");
  };
  const pings = async (context) => {
    const hook = hookOf(context);
    if (!hook) return refusal(404, "Not Found");
    await ping(hook);
    return { status: 204 };
  };
  const deliveries = (context) => {
    const hook = hookOf(context);
    return hook ? { status: 200, body: state.deliveries[hook.id] ?? [] } : refusal(404, "Not Found");
  };

  const delivery = (context) => {
    const { hook_id, delivery_id } = context.request.params;
    const attempt = state.deliveries[hook_id]?.find(({ id }) => String(id) === delivery_id);
    if (!attempt) return refusal(404, "Not Found");
    const headers = {
      "X-GitHub-Event": attempt.event,
      "X-GitHub-Delivery": attempt.guid,
      "X-GitHub-Hook-ID": hook_id,
    };
    const request = { headers, payload: state.payloads[attempt.guid] ?? null };
    const url = hookOf(context)?.config.url ?? "";
    return { status: 200, body: { ...attempt, url, request, response: { headers: {}, payload: "" } } };
  };

  return {
    state,
    description: JSON.parse(await readFile(new URL("github.json", import.meta.url))),
    authorized: ({ authorization }) => /^(Bearer|token) ./.test(authorization ?? ""),
    refusal,
    operations: {
      "repos/list-webhooks": list,
      "repos/create-webhook": create,
      "repos/update-webhook": update,
      "repos/delete-webhook": remove,
      "repos/ping-webhook": pings,
      "repos/list-webhook-deliveries": deliveries,
      "repos/get-webhook-delivery": delivery,
      "orgs/list-webhooks": list,
      "orgs/create-webhook": create,
      "orgs/update-webhook": update,
      "orgs/delete-webhook": remove,
      "orgs/ping-webhook": pings,
      "orgs/list-webhook-deliveries": deliveries,
      "apps/get-webhook-config-for-app": () => ({ status: 200, body: shown(state.app) }),
      "apps/update-webhook-config-for-app": ({ request: { requestBody } }) => {
        state.app = requestBody;
        return { status: 200, body: shown(state.app) };
      },
    },
  };
}

function refusal(status, message) {
  return {
    status,
    body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
    headers: { "x-accepted-github-permissions": "repository_hooks=write" },
  };
}
