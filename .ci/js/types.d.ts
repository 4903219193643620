/** Types that only the checks need: what the page passes around, and what the inspection API responds with. */

declare namespace Dom {
  /** What an element may contain. Empty values are left out, lists are flattened. */
  type Child = Node | string | false | 0 | null | undefined | Child[];
  type Attribute = string | number | boolean | null | undefined | ((event: any) => unknown);
  type Attributes = Record<string, Attribute>;
}

declare namespace Ui {
  /** The parameters of a URL; a list repeats its parameter. */
  type Query = Record<string, string | string[] | number | boolean | null | undefined>;
  type Route = Partial<Record<string, string>>;
  type View = "phones" | "requests" | "callbacks";
  /** An event of the stream: its kind and its data. */
  type MockEvent = {
    kind: string;
    cursor?: number;
    account?: string | null;
    number?: string;
    transaction_id?: string;
    status?: string;
    reject_reason?: string | null;
    id?: number;
    state?: string;
    attempts?: number;
  };
  /** A message, reply or consent, as the thread shows it. */
  type ThreadItem =
    (Api.Message & { kind: "messages" }) | (Api.Reply & { kind: "replies" }) | (Api.Consent & { kind: "consents" });
  /** An account in the tree of accounts, and a module or class of tests. */
  type AccountLeaf = { path: string; name: string; account: Api.Account; isRepeated: boolean };
  type AccountGroup = { path: string; name: string; accounts: Api.Account[]; children: (AccountLeaf | AccountGroup)[] };
  /** A row of that tree. `expanded` is null for an account. */
  type AccountRow = {
    path: string;
    name: string;
    level: number;
    parent: string | null;
    position: number;
    siblings: number;
    expanded: boolean | null;
    account?: Api.Account;
    isRepeated?: boolean;
    accounts?: Api.Account[];
  };
  type HttpRequest = { method: string; target: string; headers: Record<string, string>; body?: string | File };
  /** A request as code makes it, with its whole URL. */
  type CodeRequest = Omit<HttpRequest, "target"> & { url: string };
  type ListedTrace = {
    number: number;
    file: string;
    saved_at: string;
    nodeid: string | null;
    worker: string | null;
    duration: number | null;
    failure: string | null;
    failures: number;
    error: string | null;
  };
  type Page = { total: number; evicted: number; counts?: Api.SearchCounts; issues?: Api.SearchIssue[] };
  /** A section of the controls panel. */
  type ControlsSection = { node: HTMLElement; refresh: () => Promise<void>; stop?: () => void };
}

declare namespace Api {
  type Clock = { now: string; frozen: boolean; next_due: string | null };
  type TestOutcome = "passed" | "failed" | "error" | "skipped" | "xfailed" | "xpassed";
  type Webhook = { url: string; kind: string; events: string[] | null; paused: boolean };
  type CallbackState = "failed" | "retrying" | "pending" | "delivered" | "dropped";
  type CallbackCounts = Record<CallbackState | "failed_unrepeated", number>;
  type AccountWebhook = Webhook & { account: string; counts: CallbackCounts; recent: boolean[] };
  type Account = {
    id: string;
    key: string;
    label: string;
    test_outcome: TestOutcome | null;
    credit: number | null;
    sender: string;
    gateway: boolean;
    rest_right: boolean;
    unsubscribed: string[];
    bounced: string[];
    kosher: string[];
    webhooks: Webhook[];
    messages: number;
    waiting_for_credit: number;
    memory: number;
    cursor: number;
    clock: Clock;
  };
  type Code = { code: string; index: number; index_utf16: number; length: number; announced: boolean };
  type Segments = {
    encoding: string;
    count: number;
    characters: number;
    units: number;
    boundaries: number[];
    boundaries_utf16: number[];
    forced_by: { character: string; index: number; index_utf16: number } | null;
    link_length: number;
    links: { index: number; length: number }[];
  };
  type Step = { at: string; status: string; reject_reason: string | null; cause: string };
  type Warning = { path: string; note: string };
  type Message = {
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
    reject_reason_in_reads: string | null;
    decided_by: string | null;
    segments: Segments;
    codes: Code[];
    links: string[];
    tracks_clicks: boolean;
    clicks: number;
    clicks_details: { at: string; url: string }[];
    history: Step[];
    request_id: number | null;
    callback_state: CallbackState | null;
    warnings: Warning[];
    created_at: string;
    scheduled_at: string | null;
  };
  type Phone = {
    number: string;
    mobile_number: string;
    account: string;
    cursor: number;
    at: string;
    is_reply: boolean;
    preview: string;
    code: string | null;
    transaction_id: string | null;
    status: string | null;
    reject_reason: string | null;
    callback_state: CallbackState | null;
    messages: number;
    replies: number;
    lists: string[];
  };
  type Why = { kind: string | null; text: string; at: string | null; reply: number | null; path: string | null };
  /** An event in the life of a message. */
  type LifeEvent = {
    kind: string;
    at: string;
    source: string;
    target: string;
    text: string;
    status: string | null;
    reject_reason: string | null;
    http_status: number | null;
    failed: boolean;
    error: string | null;
    body: string | null;
    response_body: string | null;
    duration: number | null;
    request_id: number | null;
    callback_id: number | null;
    attempt: number | null;
    cursor: number | null;
    planned: boolean;
    paused: boolean;
    call: { method: string; path: string; body: object | null } | null;
  };
  type Timeline = {
    transaction_id: string;
    account: string;
    status: string;
    reject_reason: string | null;
    why: Why;
    clock: Clock;
    events: LifeEvent[];
    left_out: number;
  };
  type Reply = {
    cursor: number;
    account: string;
    at: string;
    number: string;
    text: string;
    effect: string;
    reason: string;
  };
  type Consent = { cursor: number; account: string; number: string; at: string; choice: string; cause: string };
  type Content = { headers: [string, string][]; body: string; size: number };
  type Response = Content & { status: number | null };
  type Count = { value: string; count: number };
  type SearchCounts = {
    messages: number;
    replies: number;
    statuses: Count[];
    reject_reasons: Count[];
    tags: Count[];
    senders: Count[];
  };
  type SearchIssue = { part: string; note: string; better: string };
  type SearchResult = { message: Message | null; reply: Reply | null };
  type Preview = { text: string; segments: Segments; codes: Code[]; links: string[] };
  /** What a test send got on the wire. */
  type Wire = {
    end: "response" | "truncated" | "reset" | "timeout";
    status: number | null;
    body: string;
    received: number;
    expected: number | null;
    duration: number;
  };
  type Request = Content & {
    id: number;
    account: string | null;
    at: string;
    method: string;
    target: string;
    response: Response;
    duration: number;
    operation: string | null;
    refusal: string | null;
    note: string;
    lacks_prefix: boolean;
    fault: string | null;
    fault_decided_by: string | null;
    warnings: Warning[];
    messages: string[];
    recipients: string[];
  };
  type Attempt = { at: string; status: number | null; body: string; duration: number; error: string | null };
  type Callback = {
    id: number;
    account: string;
    url: string;
    kind: string;
    event: string;
    transaction_id: string | null;
    mobile_number: string;
    number: string;
    state: string;
    created_at: string;
    due_at: string | null;
    request: { method: string; headers: [string, string][]; body: string };
    attempts: Attempt[];
    replay_of: number | null;
    paused: boolean;
    waits_for: number | null;
  };
  type Rule = { label: string; matches: string; effect: string; matched: number; applied: number; left: number | null };
  type Scenario = { names: string[]; rules: Rule[]; front: Rule[] };
  type Fault = {
    id: number;
    account: string | null;
    fault: string;
    matches: string;
    effect: string;
    matched: number;
    applied: number;
    left: number | null;
    until: string;
    waiting: number[];
  };
  /** What makes the mock behave in another way than by default. */
  type Conditions = {
    frozen: { at: string; account: string | null; accounts: number; all: boolean } | null;
    faults: Fault[];
    scenarios: { names: string[]; account: string | null; applied: number }[];
    failing: {
      account: string;
      url: string;
      failed: number;
      latest: number;
      status: number | null;
      error: string | null;
    }[];
  };
  type TextSpan = { start: number; end: number };
  type Comparison = {
    field: string;
    expected: string;
    actual: string;
    matches: boolean;
    differences: { expected: TextSpan; actual: TextSpan }[];
  };
  type Closest = {
    transaction_id: string;
    matched: number;
    conditions: number;
    comparisons: Comparison[];
    warnings: string[];
  };
  type Cause = { kind: string; text: string; id: string | null };
  type Found = { messages: number; account: string | null; has_requests: boolean };
  type Explanation = {
    summary: string;
    expected: string[];
    found: Found;
    closest: Closest[];
    causes: Cause[];
  };
  type Failure = {
    when: string;
    type: string;
    text: string;
    explanation: Explanation | null;
    comparisons: Comparison[];
    message: string | null;
  };
  type AccountDetails = Account & { test_failures: Failure[] };
  type LogLine = { at: string; level: string; logger: string; text: string; exception: string | null };
  type Trace = {
    file: string;
    folder: string | null;
    saved_at: string;
    mocksms: string;
    test: { nodeid: string; worker: string; started_at: string; duration: number } | null;
    failures: Failure[];
    accounts: string[];
    versions: Record<string, string>;
    options: Record<string, string>;
    mock_options: Record<string, string>;
    report: string;
    logs: LogLine[];
  };
  type MagicNumber = { number: string; outcome: string };
  type Error = { status: number; message: string; issues?: Record<string, string[]> | null };
  /** A row of the response of the emulated API to a send. */
  type SentRow = { mobile_number: string; status: string; reject_reason: string | null; transaction_id: string };

  type Reads = {
    account: AccountDetails;
    accounts: { accounts: Account[]; total: number };
    callbacks: Ui.Page & { callbacks: Callback[] };
    clock: Clock;
    conditions: Conditions;
    consents: Ui.Page & { consents: Consent[] };
    faults: { faults: Fault[]; ended: Fault[] };
    health: { cursor: number };
    inbound: Ui.Page & { replies: Reply[] };
    messages: Ui.Page & { messages: Message[] };
    numbers: { numbers: MagicNumber[] };
    phones: Ui.Page & { phones: Phone[] };
    requests: Ui.Page & { requests: Request[] };
    scenario: Scenario;
    search: Ui.Page & { results: SearchResult[]; counts: SearchCounts; issues: SearchIssue[] };
    scenarios: { scenarios: { name: string; about: string }[] };
    trace: Trace;
    webhooks: { webhooks: AccountWebhook[]; total: number; counts: CallbackCounts };
    traces: { folder: string; traces: Ui.ListedTrace[] };
  };
  type ReadResult<Path extends string> = Path extends keyof Reads
    ? Reads[Path]
    : Path extends `messages/${string}/timeline`
      ? Timeline
      : Path extends `messages/${string}`
        ? Message
        : Path extends `requests/${string}`
          ? Request
          : Path extends `callbacks/${string}`
            ? Callback
            : never;
}

/** The parts of the OpenAPI document that the API reference shows. */
declare namespace OpenApi {
  type Schema = {
    $ref?: string;
    name?: string;
    type?: string;
    description?: string;
    anyOf?: Schema[];
    oneOf?: Schema[];
    enum?: (string | number)[];
    const?: unknown;
    default?: unknown;
    examples?: unknown[];
    items?: Schema;
    properties?: Record<string, Schema>;
    required?: string[];
    minimum?: number;
    maximum?: number;
    minLength?: number;
    maxLength?: number;
    minItems?: number;
    maxItems?: number;
  };
  type Parameter = { name: string; in: string; required?: boolean; description?: string; schema: Schema };
  type Media = { schema?: Schema; example?: unknown; examples?: Record<string, { $ref?: string; value?: unknown }> };
  type Content = Record<string, Media>;
  type Response = { description: string; content?: Content };
  type Operation = {
    path: string;
    method: string;
    operationId: string;
    summary?: string;
    description?: string;
    tags: string[];
    servers?: { url: string }[];
    security?: Record<string, string[]>[];
    parameters: Parameter[];
    requestBody?: { content: Content };
    responses: Record<string, Response>;
    isWebhook?: boolean;
  };
  /** A section of the reference. */
  type Group = { name: string; description?: string; operations: Operation[] };
  type DescribedOperation = Omit<Operation, "path" | "method" | "parameters"> & { parameters?: Parameter[] };
  type Document = {
    info: { title: string; version: string; summary?: string };
    tags: { name: string; description?: string }[];
    paths: Record<string, Record<string, DescribedOperation>>;
    webhooks?: Record<string, { post: DescribedOperation }>;
    components?: { schemas: Record<string, Schema>; examples?: Record<string, { value: unknown }> };
  };
  /** What is entered at the top of the page; `account` is the id of one, `key` for that of the key, or `all`. */
  type Credentials = { key: string; token: string; account: string };
}
