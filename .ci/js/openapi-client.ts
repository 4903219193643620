/** The README's story, typed by what openapi-typescript makes of the OpenAPI document. It is checked, not run. */

import type { components, operations } from "./openapi.ts";

type Schemas = components["schemas"];
type Body<Operation extends keyof operations, Status extends PropertyKey> = operations[Operation] extends {
  responses: Record<Status, { content: { "application/json": infer Json } }>;
}
  ? Json
  : never;

async function call<Json>(path: string, body?: unknown): Promise<Json> {
  const headers = { "X-API-Key": "demo", "Content-Type": "application/json" };
  const response = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  return (await response.json()) as Json;
}

export async function story(): Promise<string | undefined> {
  const send: Schemas["SendBody"] = {
    message: { content: "Your code is 481516", to: [{ mobile_number: "972-50-0000000" }] },
  };
  const [row] = await call<Body<"send", 200>>("/rest/v1/transactional/sms/send", send);
  const page = await call<Body<"wait_for_messages", 200>>("/_mock/messages/wait?timeout=5");
  const verify: Schemas["VerifyBody"] = { to: row?.mobile_number, exactly: 2 };
  const failure = await call<Body<"verify_messages", 409>>("/_mock/verify", verify);
  const fault: Schemas["FaultBody"] = { fault: { kind: "status", status: 503 }, times: 1 };
  await call<Body<"set_fault", 200>>("/_mock/faults", fault);
  const refused = await call<Body<"send", 503>>("/rest/v1/transactional/sms/send", send);
  const webhook: Schemas["WebhookModel"] = { url: "http://127.0.0.1:8000/hooks", kind: "automation" };
  return `${page.messages[0]?.status} ${failure.error.explanation?.text} ${refused.Message} ${webhook.kind}`;
}
