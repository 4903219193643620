/** Conditions for messages. All given ones must match. */
export interface Filters {
  /** The number of the recipient, in any spelling; `*` stands for any digits. */
  to?: string;
  status?: string;
  reject_reason?: string;
  tag?: string;
  /** A part of the content as sent. */
  content?: string;
  /** A part of the text as the phone shows it. */
  text?: string;
  /** A regular expression that is found in the content. */
  regex?: string;
  sender?: string;
  /** Whether the text has a one-time code. */
  has_code?: boolean;
  /** Only messages after this cursor. */
  since?: number;
}

export interface Timeout {
  /** How long to wait, in seconds. */
  timeout?: number;
}

/** What `assertSent` expects: at least one message unless a number is given. */
export interface Expected extends Filters {
  exactly?: number;
  at_least?: number;
  at_most?: number;
  in_order?: Filters[];
  nothing_else?: boolean;
}

/** A message: one SMS to one recipient, as the inspection API describes it. */
export interface Message {
  transaction_id: string;
  cursor: number;
  account: string;
  mobile_number: string;
  number: string;
  sender: string;
  content: string;
  text: string;
  tags: string[];
  status: string;
  reject_reason: string | null;
  decided_by: string | null;
  codes: { code: string; announced: boolean }[];
  links: string[];
  clicks: number;
  created_at: string;
  scheduled_at: string | null;
  request_id: number | null;
}

/** A callback: one event, sent to one webhook. */
export interface Callback {
  id: number;
  url: string;
  kind: string;
  event: string;
  transaction_id: string | null;
  mobile_number: string;
  number: string;
  state: string;
  due_at: string | null;
  request: { method: string; headers: [string, string][]; body: string };
  attempts: { at: string; status: number | null; body: string; duration: number; error: string | null }[];
}

export interface CallbackFilters {
  message?: string;
  state?: string;
  event?: string;
  kind?: string;
  url?: string;
  since?: number;
}

/** A fault, such as `{ kind: "status", status: 503, retry_after: "2s" }`. */
export interface Fault {
  kind: string;
  [option: string]: unknown;
}

export interface FaultOptions {
  /** How often it is triggered; without it, until it expires. */
  times?: number;
  every?: number;
  probability?: number;
  /** How long it lasts. */
  ttl?: string | number;
  match?: Record<string, unknown>;
}

export interface Clock {
  now: string;
  frozen: boolean;
  next_due: string | null;
}

export interface Reply {
  cursor: number;
  at: string;
  number: string;
  text: string;
  effect: string;
  reason: string;
}

export interface Webhook {
  url: string;
  kind?: "transactional" | "automation";
  events?: string[];
  paused?: boolean;
}

export declare class MockSMSError extends Error {
  readonly status: number;
  readonly body: unknown;
}

export declare class MockSMS {
  constructor(url: string | undefined, options?: { account?: string; token?: string });
  readonly account: string;
  readonly baseUrl: string;
  outbox(filters?: Filters): Promise<Message[]>;
  waitForMessage(filters?: Filters & Timeout): Promise<Message>;
  waitForCode(filters?: Filters & Timeout): Promise<string>;
  assertSent(expected?: Expected): Promise<Message[]>;
  number(name: string, lane?: number): Promise<string>;
  fault(fault: Fault, options?: FaultOptions): Promise<number>;
  endFaults(): Promise<void>;
  reply(from: string, text: string): Promise<Reply>;
  freeze(at?: string | Date): Promise<Clock>;
  advance(by: string | number): Promise<Clock>;
  resume(): Promise<Clock>;
  callbacks(filters?: CallbackFilters): Promise<Callback[]>;
  webhooks(...webhooks: Webhook[]): Promise<void>;
  reset(): Promise<void>;
}
