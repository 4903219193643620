import java.math.BigDecimal;
import java.net.http.HttpClient;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.*;
import org.openapitools.client.api.AccountsApi.APIResetRequest;
import org.openapitools.client.api.EmulatedApiApi.APISearchRequest;
import org.openapitools.client.api.MessagesApi.APILatestCodesRequest;
import org.openapitools.client.api.MessagesApi.APIListMessagesRequest;
import org.openapitools.client.api.MessagesApi.APIWaitForMessagesRequest;
import org.openapitools.client.api.PhonesApi.APIListInboundRequest;
import org.openapitools.client.api.ScenariosApi.APIDeleteScenarioRequest;
import org.openapitools.client.api.ScenariosApi.APIReadScenarioRequest;
import org.openapitools.client.api.ScenariosApi.APIRecordedScenarioRequest;
import org.openapitools.client.model.*;

/** The README's story, then faults, the clock, a scenario, an account and a reset, as a Java program plays it. */
public class Story {
  private static final String SENT = "972-50-0000000";
  private static final String KOSHER = "972-50-0002100";
  private static final String UNSUBSCRIBED = "972-54-1111111";

  private interface Call {
    Object run() throws ApiException;
  }

  public static void main(String[] arguments) throws ApiException {
    ApiClient client = new ApiClient(HttpClient.newBuilder(), ApiClient.createDefaultObjectMapper(), arguments[0]);
    client.setRequestInterceptor(request -> request.header("X-API-Key", "demo"));
    EmulatedApiApi api = new EmulatedApiApi(client);
    MessagesApi messages = new MessagesApi(client);
    ScenariosApi scenarios = new ScenariosApi(client);
    AccountsApi accounts = new AccountsApi(client);

    SendBody body = sendTo(SENT, KOSHER);
    List<SentRow> rows = api.send(body);
    equal(List.of("sent", "rejected"), List.of(rows.get(0).getStatus(), rows.get(1).getStatus()));
    equal("kosher-number", rows.get(1).getRejectReason());
    equal(1, api.search(APISearchRequest.newBuilder().status("rejected").build()).size());
    equal("Your code is 481516", api.info(rows.get(0).getTransactionId(), null).getContent());
    contains("No transactional SMS was found", error(404, () -> api.info("0", null)));

    MessagesPage page =
        messages.waitForMessages(
            APIWaitForMessagesRequest.newBuilder().to(SENT).timeout(BigDecimal.valueOf(5)).build());
    equal(rows.get(0).getTransactionId(), page.getMessages().get(0).getTransactionId());
    CodesView codes = messages.latestCodes(APILatestCodesRequest.newBuilder().to(SENT).build());
    equal("481516", codes.getCodes().get(0).getCode());
    equal(1L, messages.verifyMessages(new VerifyBody().to(SENT).exactly(1), null, null).getTotal());
    VerifyBody wrong = new VerifyBody().to(SENT).exactly(2);
    contains("expected", error(409, () -> messages.verifyMessages(wrong, null, null)));
    TimelineView timeline = messages.timelineOfMessage(rows.get(1).getTransactionId(), null, null);
    equal("kosher-number", timeline.getRejectReason());

    FaultModel outage = new FaultModel().kind(FaultModel.KindEnum.STATUS).status(503).body(List.of("down"));
    scenarios.setFault(new FaultBody().fault(outage).times(1).ttl(new BoundedDuration("5m")), null, null);
    equal("[\"down\"]", error(503, () -> api.send(body)));
    new ClockApi(client).advanceClock(new AdvanceBody().by(new Duration("1h")), null, null);

    DurationRange range = new DurationRange();
    range.addAll(List.of(new BoundedDuration("0s"), new BoundedDuration("1ms")));
    ReplyList replies = new ReplyList();
    replies.addAll(List.of(new ReplyModel().text("Yes").after(new BoundedDuration(BigDecimal.ZERO))));
    FaultModel delay = new FaultModel().kind(FaultModel.KindEnum.DELAY).duration(new FaultModelDuration(range));
    RuleModel slow = new RuleModel().match(new Match().to("972-54-2222222")).fault(delay);
    RuleModel chat = new RuleModel().passThrough(RuleModel.PassThroughEnum.TRUE).reply(new RuleModelReply(replies));
    scenarios.putScenario(null, null, null, null, new Scenario().addRuleItem(slow).addRuleItem(chat));
    equal("sent", api.send(sendTo(SENT)).get(0).getStatus());
    equal(2, scenarios.readScenario(APIReadScenarioRequest.newBuilder().build()).getRules().size());
    Scenario recorded = scenarios.recordedScenario(APIRecordedScenarioRequest.newBuilder().build());
    equal(recorded.getRule().size(), scenarios.putScenario(null, null, null, null, recorded).getRules().size());
    equal("Yes", new PhonesApi(client).listInbound(APIListInboundRequest.newBuilder().build())
        .getReplies().get(0).getText());

    scenarios.deleteScenario(APIDeleteScenarioRequest.newBuilder().build());
    NumbersOrChange optedOut = new NumbersOrChange(new ListChange().addAddItem(UNSUBSCRIBED));
    AccountPatch patch = new AccountPatch().unsubscribed(optedOut).credit(5_000_000_000L);
    AccountDetails account = accounts.changeAccount(patch, null, null);
    equal(5_000_000_000L, account.getCredit());
    equal("unsubscribe", api.send(sendTo(UNSUBSCRIBED)).get(0).getRejectReason());
    NumberList none = new NumberList();
    equal(List.of(), accounts.changeAccount(new AccountPatch().unsubscribed(new NumbersOrChange(none)), null, null)
        .getUnsubscribed());

    accounts.reset(APIResetRequest.newBuilder().build());
    equal(0L, messages.listMessages(APIListMessagesRequest.newBuilder().build()).getTotal());
    System.out.println("The story is over.");
  }

  private static SendBody sendTo(String... numbers) {
    MessageBody message = new MessageBody().content("Your code is 481516");
    for (String number : numbers) message.addToItem(new RecipientBody().mobileNumber(number));
    return new SendBody().message(message);
  }

  /** Returns the body of the error with this status. */
  private static String error(int status, Call call) {
    try {
      throw new AssertionError("no error, but " + call.run());
    } catch (ApiException error) {
      equal(status, error.getCode());
      return error.getResponseBody();
    }
  }

  private static void contains(String expected, String text) {
    if (!text.contains(expected)) throw new AssertionError("no \"" + expected + "\" in " + text);
  }

  private static void equal(Object expected, Object value) {
    if (!expected.equals(value)) throw new AssertionError("expected " + expected + ", got " + value);
  }
}
